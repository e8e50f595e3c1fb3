import { collectGarbage } from '../../cache/garbage.js';
import { openStore } from '../../cache/store.js';
import { existingCache } from '../existing-cache.js';
import { exitCode } from '../exit-code.js';
import { print } from '../streams.js';
import { bytes, count } from '../terminal/text.js';

export interface GcOptions {
  readonly cache?: string;
  /** Bytes. */
  readonly maxSize?: number;
  /** Milliseconds. */
  readonly olderThan?: number;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** Removes results that were not used for long, or until the cache is small enough. */
export async function cacheGcCommand({ cache, maxSize, olderThan, dryRun = false, json }: GcOptions): Promise<number> {
  const store = await openStore(await existingCache(cache));
  const done = await collectGarbage(store, {
    dryRun,
    ...(maxSize === undefined ? {} : { maxBytes: maxSize }),
    ...(olderThan === undefined ? {} : { olderThanMs: olderThan }),
  });
  if (json) {
    print(JSON.stringify({ ...done, removed: done.removed.map(({ key, users }) => ({ key, users })), dryRun }));
    return exitCode.ok;
  }
  const verb = dryRun ? 'would be removed' : 'removed';
  print(
    `${count(done.removed.length, 'result')} ${verb}, ${bytes(done.freedBytes)}; ${done.kept} kept, ${bytes(done.keptBytes)}.`,
  );
  if (maxSize !== undefined && done.keptBytes > maxSize) {
    print(
      `That is more than ${bytes(maxSize)}: ${bytes(done.neededBytes)} are named by lock files or were used today.`,
    );
  }
  if (maxSize === undefined && olderThan === undefined) {
    print('Only files that belong to no result were looked for; --max-size or --older-than removes results.');
  }
  return exitCode.ok;
}
