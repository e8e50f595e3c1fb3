import type { Scrubbing } from './confound-choices.js';

/** A measure of motion [volume] and the largest value that is kept. NaN is kept: the first volume has no value. */
export interface Threshold {
  readonly values: Float64Array;
  readonly largest: number;
}

/**
 * The volumes to take out, from 0, increasing: those above any threshold, with neighbours; then stretches of kept
 * volumes that are too short (Power et al. 2012, NeuroImage 59:2142-2154). Volumes before `first` are not in the model:
 * they are not returned and belong to no stretch, but their neighbours count.
 */
export function scrubbedVolumes(
  thresholds: readonly Threshold[],
  { before = 0, after = 0, min_segment: shortest = 0 }: Scrubbing,
  first: number,
): number[] {
  const total = thresholds[0]!.values.length;
  const out = new Uint8Array(total);
  for (let volume = 0; volume < total; volume++) {
    if (!thresholds.some(({ values, largest }) => values[volume]! > largest)) continue;
    out.fill(1, Math.max(0, volume - before), Math.min(total, volume + after + 1));
  }
  const found = () => [...out.keys()].filter((volume) => volume >= first && out[volume] === 1);
  const marked = found();
  if (marked.length === 0) return [];
  const edges = [first - 1, ...marked, total];
  for (let i = 1; i < edges.length; i++) {
    const [from, to] = [edges[i - 1]! + 1, edges[i]!];
    if (to - from < shortest) out.fill(1, from, to);
  }
  return found();
}
