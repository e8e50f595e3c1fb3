import path from 'node:path';
import { existingCache } from '../existing-cache.js';
import { exitCode } from '../exit-code.js';
import { measureFolder } from '../measure-folder.js';
import { print } from '../streams.js';
import { bytes, columns } from '../terminal/text.js';

/** What a cache folder holds. Reads names and sizes only, changes nothing. */
export async function cacheStatusCommand({ cache }: { cache?: string }): Promise<number> {
  const dir = await existingCache(cache);
  const records = await measureFolder(path.join(dir, 'records'));
  const blobs = await measureFolder(path.join(dir, 'blobs'));
  const damaged = await measureFolder(path.join(dir, 'quarantine'));
  const work = await measureFolder(path.join(dir, 'tmp'));
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
