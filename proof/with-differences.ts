import type { Store } from '../cache/store.js';
import type { Computed } from './compute.js';
import { differencesOf } from './difference.js';
import { keptArtifact } from './kept.js';
import type { Lock } from './lock-file.js';
import type { Difference, OutputVerdict, Verification } from './verification.js';

/**
 * Adds to every output that is not identical where and how far its numbers are from the locked ones.
 * @param kept the cache that may still hold what was locked; undefined where there is none
 */
export async function withDifferences(
  verification: Verification,
  lock: Lock,
  computed: Computed,
  kept: Store | undefined,
  signal?: AbortSignal,
): Promise<Verification> {
  if (!verification.values) return verification;
  const outputs: OutputVerdict[] = [];
  for (const output of verification.values.outputs) {
    const difference = await differenceOf(output, lock, computed, kept, signal);
    outputs.push({ ...output, ...(difference ? { difference } : {}) });
  }
  return { ...verification, values: { ...verification.values, outputs } };
}

/** undefined where there is nothing to compare: identical, or on one side only. */
async function differenceOf(
  { id, status, contents }: OutputVerdict,
  lock: Lock,
  computed: Computed,
  kept: Store | undefined,
  signal: AbortSignal | undefined,
): Promise<Difference | undefined> {
  if (status !== 'within' && status !== 'different') return undefined;
  const locked = lock.results[id]!;
  const names = contents
    .filter((one) => one.status !== 'identical' && locked.contents[one.name]?.kind !== 'follows')
    .map(({ name }) => name);
  const found = computed.results.find((one) => one.id === id)!.artifact;
  const artifact = kept && (await keptArtifact(kept, id, locked, signal));
  const differences = artifact && (await differencesOf(locked, artifact, found, names, signal));
  return differences ? { from: 'data', contents: differences } : { from: 'fingerprint' };
}
