import type { Artifact } from '../artifacts/artifact.js';
import type { Store } from '../cache/store.js';
import { lookUp } from '../engine/lookup.js';
import type { LockedValue } from './lock-file.js';

/**
 * A locked result as an artifact, where the cache still has something under the key of the lock. Whether that is what was
 * locked, its fingerprints tell: the same key may have been computed again, elsewhere or by a step that changed.
 */
export async function keptArtifact(
  store: Store,
  id: string,
  { key }: LockedValue,
  signal?: AbortSignal,
): Promise<Artifact | undefined> {
  const record = key === undefined ? undefined : await lookUp(store, key, { signal });
  if (typeof record !== 'object') return undefined;
  const output = record.outputs[id.slice(id.lastIndexOf('.') + 1)];
  if (!output) return undefined;
  const files = Object.entries(output.files).map(([role, { digest }]) => [role, store.blob(digest)]);
  return { ...output, files: Object.fromEntries(files), origin: `the locked ${id}` };
}
