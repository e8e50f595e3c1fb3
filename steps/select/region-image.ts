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
  const votes = new Int32Array(maskVoxels);
  for (const [r, region] of regions.entries()) {
    const own = selected.filter((candidate) => candidate.region === r);
    if (own.length === 0) continue;
    for (const { activation } of own) for (const v of activation.voxels) votes[v]! += 1;
    const least = { union: 1, overlap: own.length, atlas: 0 }[from];
    const claimed = from === 'atlas' ? [region.voxels] : own.map(({ activation }) => activation.voxels);
    for (const voxels of claimed) {
      for (const v of voxels) if (labels[v] === 0 && votes[v]! >= least) labels[v] = r + 1;
    }
    for (const { activation } of own) for (const v of activation.voxels) votes[v] = 0;
  }
  return labels;
}
