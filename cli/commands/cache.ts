import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { existingCache } from '../existing-cache.js';
import { exitCode } from '../exit-code.js';
import { print } from '../streams.js';
import { bytes, columns } from '../terminal/text.js';

/** What a cache folder holds. Reads names and sizes only, changes nothing. */
export async function cacheStatusCommand({ cache }: { cache?: string }): Promise<number> {
  const dir = await existingCache(cache);
  const records = await measure(path.join(dir, 'records'));
  const blobs = await measure(path.join(dir, 'blobs'));
  const damaged = await measure(path.join(dir, 'quarantine'));
  const work = await measure(path.join(dir, 'tmp'));
  print(
    dir,
    ...columns(
      [
        ['results', String(records.files), bytes(records.size)],
        ['files', String(blobs.files), bytes(blobs.size)],
        ['damaged, set aside', String(damaged.files), bytes(damaged.size)],
        ['work of runs going on or killed', String(work.files), bytes(work.size)],
      ],
      [1, 2],
    ),
  );
  return exitCode.ok;
}

/** Number and total size of the files below a folder; none when it is not there. */
async function measure(dir: string): Promise<{ files: number; size: number }> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map((entry) =>
      stat(path.join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return { files: files.length, size: sizes.reduce((sum, size) => sum + size, 0) };
}
