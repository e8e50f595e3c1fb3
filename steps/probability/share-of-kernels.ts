import type { Artifact } from '../../artifacts/artifact.js';
import type { Kernel } from '../../artifacts/kernels.js';
import { thresholdedRows } from '../../artifacts/thresholded-rows.js';

/**
 * For each layer `[voxel]` the share of all its kernels that have the voxel above threshold. Counts are whole numbers
 * divided once, so the result is the mean of the binary maps to the last digit.
 */
export async function shareOfKernels(
  thresholded: Artifact,
  kernels: readonly Kernel[],
  layers: readonly string[],
  voxels: number,
  sign: 'any' | 'positive' | 'negative',
  signal: AbortSignal,
): Promise<Map<string, Float64Array>> {
  const counts = new Map(layers.map((layer) => [layer, new Float64Array(voxels)]));
  for await (const { row, voxel, label } of thresholdedRows(thresholded)) {
    signal.throwIfAborted();
    const count = counts.get(kernels[row]!.layer);
    if (!count) continue;
    for (let n = 0; n < voxel.length; n++) {
      if (sign === 'any' || label[n]! > 0 === (sign === 'positive')) count[voxel[n]!]! += 1;
    }
  }
  for (const [layer, count] of counts) {
    const total = kernels.filter((kernel) => kernel.layer === layer).length;
    for (let v = 0; v < voxels; v++) count[v]! /= total;
  }
  return counts;
}
