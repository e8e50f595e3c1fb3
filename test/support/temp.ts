import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';

/** A folder for the tests of a file, removed afterwards. */
export function tempFolder(): { at(...parts: string[]): string; readonly path: string } {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'voxreel-test-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return {
    at: (...parts) => path.join(folder, ...parts),
    get path() {
      return folder;
    },
  };
}
