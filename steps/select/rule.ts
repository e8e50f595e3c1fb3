import type { Kernel } from '../../artifacts/kernels.js';
import type { Activation } from './activation.js';
import type { SelectParams } from './index.js';

/** A kernel that passed the rule, with its region. */
export interface Candidate {
  readonly kernel: Kernel;
  readonly activation: Activation;
  /** Position among the regions. */
  readonly region: number;
}

/** Why the rule leaves a kernel out, or null when it passes. */
export function reasonAgainst(kernel: Kernel, activation: Activation, params: SelectParams): string | null {
  const { total, activated, selectivity } = activation;
  if (kernel.status !== undefined && kernel.status !== 'fitted') return `left out of the fit: ${kernel.status}`;
  if (total === 0) return 'no voxel above threshold';
  if (activated.length === 0) return `no region with at least ${params.min_voxels} voxels above threshold`;
  if (activated.length > params.max_regions) return `activates ${activated.length} regions: ${firstOf(activated)}`;
  if (selectivity < params.min_selectivity) {
    return `selectivity ${selectivity.toFixed(3)} is below ${params.min_selectivity}`;
  }
  return null;
}

/** Names for a message: at most five. */
export function firstOf(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(', ')}, …` : names.join(', ');
}

/**
 * The most selective kernels of each layer in each region (`perRegion` of them, 0 for all), in the order of the
 * kernels, and those that had to stand back.
 */
export function mostSelective(
  candidates: readonly Candidate[],
  perRegion: number,
): { kept: readonly Candidate[]; others: readonly Candidate[] } {
  const order = new Map(candidates.map((candidate, n) => [candidate, n]));
  const groups = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    const key = `${candidate.region} ${candidate.kernel.layer}`;
    const group = groups.get(key);
    if (group) group.push(candidate);
    else groups.set(key, [candidate]);
  }
  const kept = new Set<Candidate>();
  for (const group of groups.values()) {
    const ranked = group.toSorted(
      (a, b) =>
        b.activation.selectivity - a.activation.selectivity ||
        b.activation.voxels.length - a.activation.voxels.length ||
        order.get(a)! - order.get(b)!,
    );
    for (const candidate of perRegion > 0 ? ranked.slice(0, perRegion) : ranked) kept.add(candidate);
  }
  return {
    kept: candidates.filter((candidate) => kept.has(candidate)),
    others: candidates.filter((candidate) => !kept.has(candidate)),
  };
}
