import { ijkOf, mmOf, toMm, voxelVolume } from '../../artifacts/grid.js';
import type { Kernel } from '../../artifacts/kernels.js';
import type { Mask } from '../../artifacts/mask.js';
import { clusterFields } from '../../numerics/clusters-block.js';

/** Columns of clusters.tsv: kernel, signed label, sign, size, peak (value, voxel index, mm), centre of mass (mm). */
export const clusterColumns = [
  'name',
  'layer',
  'kernel',
  'cluster',
  'sign',
  'voxels',
  'volume_mm3',
  'peak',
  'i',
  'j',
  'k',
  'x',
  'y',
  'z',
  'centre_x',
  'centre_y',
  'centre_z',
] as const;

/** Rows of the table from the clusters of a block of maps that begins at `firstRow`. */
export function* clusterRows(
  clusters: Float64Array,
  firstRow: number,
  kernels: readonly Kernel[],
  mask: Mask,
): Generator<(string | number)[]> {
  const volume = Math.abs(voxelVolume(mask.grid));
  const width = clusterFields.length;
  for (let at = 0; at < clusters.length; at += width) {
    const [row, label, size, peak, peakValue, ci, cj, ck] = clusters.subarray(at, at + width);
    const { name, layer, kernel } = kernels[firstRow + row!]!;
    const offset = mask.voxels[peak!]!;
    yield [
      name,
      layer,
      kernel,
      label!,
      Math.sign(label!),
      size!,
      size! * volume,
      peakValue!,
      ...ijkOf(mask.grid, offset),
      ...mmOf(mask.grid, offset),
      ...toMm(mask.grid, [ci!, cj!, ck!]),
    ];
  }
}
