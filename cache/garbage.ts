import { statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { blobFile } from './blobs.js';
import { noteCollected } from './collected.js';
import { type StoredResult, storedResults } from './contents.js';
import { namesIn } from './names-in.js';
import { rootedKeys } from './roots.js';
import { openRunLog } from './run-log.js';
import type { Store } from './store.js';

/** What was used or written within a day is in use: by a run that goes on, by one that was just looked at. */
export const RECENT_MS = 24 * 3600_000;

export interface GarbageOptions {
  /** Removes results that were used longest ago until blobs take no more than this. */
  readonly maxBytes?: number;
  /** Removes results that no run has used for this long. */
  readonly olderThanMs?: number;
  /** Only says what would go. Default false. */
  readonly dryRun?: boolean;
  readonly now?: Date;
}

export interface Garbage {
  /** Longest unused first. */
  readonly removed: readonly StoredResult[];
  readonly kept: number;
  /** Of blobs. */
  readonly freedBytes: number;
  readonly keptBytes: number;
  /** Bytes of results that stay because a lock file or a recent run needs them. */
  readonly neededBytes: number;
}

/**
 * Removes results by age or until the store is small enough; also blobs that belong to no result, and what was set aside
 * as damaged. Never what a lock file names, and nothing that was used or written within a day: so it may run beside other
 * runs. A record goes before its blobs, so a crash leaves blobs that the next collection finds.
 */
export async function collectGarbage(store: Store, options: GarbageOptions): Promise<Garbage> {
  const { maxBytes, olderThanMs, dryRun = false, now = new Date() } = options;
  const results = storedResults(store).sort((a, b) => a.used - b.used);
  const rooted = rootedKeys(store);
  const recent = now.getTime() - RECENT_MS;
  const isNeeded = ({ key, used }: StoredResult) => rooted.has(key) || used > recent;

  const users = new Map<string, number>();
  const sizes = new Map<string, number>();
  for (const { blobs } of results) {
    for (const { digest, size } of blobs) {
      users.set(digest, (users.get(digest) ?? 0) + 1);
      sizes.set(digest, size);
    }
  }
  const sum = (digests: Iterable<string>) => [...digests].reduce((total, digest) => total + sizes.get(digest)!, 0);
  let bytes = sum(sizes.keys());
  const before = bytes;
  const removed = new Set<StoredResult>();
  const gone: string[] = [];
  for (const result of results) {
    const isOld = olderThanMs !== undefined && result.used < now.getTime() - olderThanMs;
    const isTooMuch = maxBytes !== undefined && bytes > maxBytes;
    if (isNeeded(result) || !(isOld || isTooMuch)) continue;
    removed.add(result);
    for (const { digest, size } of result.blobs) {
      const left = users.get(digest)! - 1;
      users.set(digest, left);
      if (left > 0) continue;
      gone.push(digest);
      bytes -= size;
    }
  }
  const needed = new Set(results.filter(isNeeded).flatMap(({ blobs }) => blobs.map(({ digest }) => digest)));
  if (!dryRun) {
    for (const { file } of removed) await rm(file, { force: true });
    await noteCollected(
      store,
      [...removed].map(({ key }) => key),
      now,
    );
    for (const digest of gone) await removeUnused(blobFile(path.join(store.dir, 'blobs'), digest), recent);
    await removeLeftovers(store, users, recent);
    if (olderThanMs !== undefined) await openRunLog(store).forget(new Date(now.getTime() - olderThanMs));
  }
  return {
    removed: [...removed],
    kept: results.length - removed.size,
    freedBytes: before - bytes,
    keptBytes: bytes,
    neededBytes: sum(needed),
  };
}

/** Blobs of no result (a run was killed before it wrote the record), and what `verify` set aside. */
async function removeLeftovers(store: Store, users: ReadonlyMap<string, number>, recent: number): Promise<void> {
  const blobs = path.join(store.dir, 'blobs');
  for (const folder of namesIn(blobs)) {
    for (const digest of namesIn(path.join(blobs, folder))) {
      if (!users.has(digest)) await removeUnused(path.join(blobs, folder, digest), recent);
    }
  }
  const quarantine = path.join(store.dir, 'quarantine');
  for (const name of namesIn(quarantine)) await removeUnused(path.join(quarantine, name), recent);
}

/** Unless a run has just put it there, or counts on it for a record that it is about to write. */
async function removeUnused(file: string, recent: number): Promise<void> {
  const facts = statSync(file, { throwIfNoEntry: false });
  if (facts && facts.ctimeMs <= recent) await rm(file, { force: true });
}
