import type { Computed } from './compute.js';

/**
 * Results that two computations of one study did not give alike, bit for bit. What follows from another one's difference is
 * left out: only results whose own inputs were the same both times.
 */
export function unstableResults(first: Computed, second: Computed): string[] {
  const again = new Map(second.results.map((value) => [value.id, value]));
  return first.results
    .filter(({ id, artifact, record }) => {
      const other = again.get(id);
      return other?.record?.key === record?.key && other?.artifact.digest !== artifact.digest;
    })
    .map(({ id }) => id);
}
