import { rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { writeAtomic } from '../cache/atomic-file.js';
import { sha256 } from '../cache/digest.js';
import { makeFolder } from '../cache/make-folder.js';
import { ownedName } from '../cache/work-folders.js';
import { isComplete, type Manifest, UNFINISHED, type WrittenFile } from './results-manifest.js';

/** What is to be written about a results folder, and what it depends on. */
export interface DescribeResults {
  /** Everything besides the results that the texts are made from, as one digest. */
  readonly of: string;
  /** Only a part of the study was run: what was written about the same results before says more. */
  readonly partial: boolean;
  /** The texts by file name, in the order in which they are to be written. Asked for when something changed. */
  texts(manifest: Manifest): Promise<ReadonlyMap<string, string>>;
}

/** Whether what describes the results that are there is up to date. Without results there is nothing to describe. */
export function isDescribed(root: string, manifest: Manifest, { partial, of }: DescribeResults): boolean {
  const known = manifest.description;
  if (manifest.outputs.size === 0) return true;
  if (known?.ofResults !== digestOf(manifest)) return false;
  return (partial || known.of === of) && isComplete(root, known);
}

function digestOf({ outputs }: Manifest): string {
  return sha256(JSON.stringify([...outputs].map(([output, entries]) => [output, [...entries]])));
}

/** Writes what describes the results folder as a whole, unless it is up to date. */
export async function describeResults(root: string, manifest: Manifest, describe: DescribeResults): Promise<void> {
  if (isDescribed(root, manifest, describe)) return;
  const known = manifest.description;
  const texts = await describe.texts(manifest);
  // A folder of its own: another run that publishes here removes UNFINISHED when it finds it empty.
  const temporary = path.join(root, UNFINISHED, ownedName());
  await makeFolder(temporary);
  try {
    const files: WrittenFile[] = [];
    for (const [file, text] of texts) {
      await makeFolder(path.dirname(path.join(root, file)));
      await writeAtomic(path.join(root, file), text, path.join(temporary, path.basename(file)));
      files.push([file, Buffer.byteLength(text), sha256(text)]);
    }
    for (const [file] of known?.files ?? []) if (!texts.has(file)) await removeWithFolders(root, file);
    manifest.description = { of: describe.of, ofResults: digestOf(manifest), files };
    await manifest.save();
  } finally {
    await rm(temporary, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
  }
}

/** Removes a file and the folders below `root` that are empty without it. */
async function removeWithFolders(root: string, file: string): Promise<void> {
  await rm(path.join(root, file), { force: true });
  for (let dir = path.dirname(file); dir !== '.'; dir = path.dirname(dir))
    await rmdir(path.join(root, dir)).catch(() => undefined);
}
