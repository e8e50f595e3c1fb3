import { rename } from 'node:fs/promises';
import path from 'node:path';
import { type StoredResult, storedResults } from './contents.js';
import { hashFile } from './digest.js';
import { makeFolder } from './make-folder.js';
import { namesIn } from './names-in.js';
import type { Store } from './store.js';

/** Files that are read at once. */
const READERS = 4;

export interface Verified {
  readonly results: number;
  readonly blobs: number;
  readonly bytes: number;
  /** Results that cannot be used any more, with what is wrong with them. They are made again when they are needed. */
  readonly damaged: readonly { readonly result: StoredResult; readonly fault: string }[];
}

/** Reads every blob of a store and compares its digest; what is wrong is set aside. */
export async function verifyStore(
  store: Store,
  onProgress: (done: number, total: number) => void,
  signal?: AbortSignal,
): Promise<Verified> {
  const blobs = path.join(store.dir, 'blobs');
  const queue = namesIn(blobs).flatMap((folder) => namesIn(path.join(blobs, folder)));
  const total = queue.length;
  const sound = new Set<string>();
  const faults = new Map<string, string>();
  let bytes = 0;
  const reader = async () => {
    for (let digest = queue.pop(); digest !== undefined; digest = queue.pop()) {
      signal?.throwIfAborted();
      const found = await hashFile(store.blob(digest), { signal }).catch((error: NodeJS.ErrnoException) => error.code);
      if (typeof found === 'object' && found.digest === digest) {
        sound.add(digest);
        bytes += found.size;
      } else {
        faults.set(
          digest,
          typeof found === 'object' ? 'its content has another digest' : `it cannot be read (${found})`,
        );
        await setAside(store, digest);
      }
      onProgress(sound.size + faults.size, total);
    }
  };
  await Promise.all(Array.from({ length: READERS }, reader));

  const results = storedResults(store);
  const damaged = results.flatMap((result) => {
    const bad = result.blobs.find(({ digest }) => !sound.has(digest));
    const fault = result.fault ?? (bad && `${bad.digest.slice(0, 12)}…: ${faults.get(bad.digest) ?? 'it is gone'}`);
    return fault === undefined ? [] : [{ result, fault }];
  });
  return { results: results.length, blobs: total, bytes, damaged };
}

async function setAside(store: Store, digest: string): Promise<void> {
  const folder = path.join(store.dir, 'quarantine');
  await makeFolder(folder);
  await rename(store.blob(digest), path.join(folder, `${digest}-${Date.now()}`));
}
