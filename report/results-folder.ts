import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { sidecarOf } from '../artifacts/bids-names.js';
import { STUDY_FILES } from '../engine/spec/copy-names.js';

/** A published file and what its sidecar says. */
export interface ResultFile {
  /** Relative to the results folder, with `/`. */
  readonly path: string;
  /** Name of the output: the folder it lies in. */
  readonly output: string;
  readonly bytes: number;
  readonly description?: string;
  readonly units?: string;
  /** Artifact type, for example `figures`. */
  readonly type?: string;
  readonly untrained: boolean;
}

/** All published files below a results folder, by path; sidecars, hidden files, the study and reports themselves are left out. */
export async function readResultsFolder(root: string): Promise<ResultFile[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .filter(
      (name) =>
        name.includes('/') &&
        !name.startsWith(`${STUDY_FILES}/`) &&
        !name.split('/').some((part) => part.startsWith('.')),
    )
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const there = new Set(names);
  const described = new Set(names.filter((name) => !name.endsWith('.json')).map(sidecarOf));
  return Promise.all(
    names
      .filter((name) => !described.has(name))
      .map(async (name): Promise<ResultFile> => {
        const facts = there.has(sidecarOf(name)) ? await readFacts(path.join(root, sidecarOf(name))) : {};
        const text = (key: string) => (typeof facts[key] === 'string' ? (facts[key] as string) : undefined);
        const found = { description: text('Description'), units: text('Units'), type: text('Type') };
        return {
          path: name,
          output: name.slice(0, name.indexOf('/')),
          bytes: (await stat(path.join(root, name))).size,
          untrained: facts.Untrained === true,
          ...(Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)) as object),
        };
      }),
  );
}

async function readFacts(file: string): Promise<Record<string, unknown>> {
  try {
    const facts: unknown = JSON.parse(await readFile(file, 'utf8'));
    return typeof facts === 'object' && facts !== null ? (facts as Record<string, unknown>) : {};
  } catch {
    // A sidecar that a user changed into something else says nothing; the file itself is still listed.
    return {};
  }
}
