import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';

const made: string[] = [];
afterAll(() => Promise.all(made.splice(0).map((folder) => rm(folder, { recursive: true, force: true }))));

/** A new folder, removed after the tests of the file. */
export async function newFolder(name = 'test'): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), `voxreel-${name}-`));
  made.push(folder);
  return folder;
}

/** A folder for the tests of a file, there from the first test on. */
export function tempFolder(): { at(...parts: string[]): string; readonly path: string } {
  let folder = '';
  beforeAll(async () => {
    folder = await newFolder();
  });
  return {
    at: (...parts) => path.join(folder, ...parts),
    get path() {
      return folder;
    },
  };
}
