import type { Candidate } from './rule.js';

/**
 * Which region each voxel of the mask belongs to for the reverse analysis: position of the region plus 1, 0 for none.
 * `union`: above threshold in any selected kernel of the region; `overlap`: in all of them; `atlas`: the whole region.
 * A voxel of two regions goes to the first.
 */
export function regionLabels(
  selected: readonly Candidate[],
  regions: readonly { readonly voxels: Int32Array }[],
  from: 'union' | 'overlap' | 'atlas',
  maskVoxels: number,
): Int32Array {
  const labels = new Int32Array(maskVoxels);
  for (const [r, region] of regions.entries()) {
    const own = selected.filter((candidate) => candidate.region === r);
    if (own.length === 0) continue;
    const votes = new Int32Array(maskVoxels);
    for (const { activation } of own) for (const v of activation.voxels) votes[v]! += 1;
    const least = from === 'overlap' ? own.length : 1;
    for (let v = 0; v < maskVoxels; v++)
      if (from !== 'atlas' && votes[v]! >= least && labels[v] === 0) labels[v] = r + 1;
    if (from === 'atlas') for (const v of region.voxels) if (labels[v] === 0) labels[v] = r + 1;
  }
  return labels;
}
