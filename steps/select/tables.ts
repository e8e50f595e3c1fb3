import { ijkOf, toMm } from '../../artifacts/grid.js';
import type { Kernel } from '../../artifacts/kernels.js';
import type { Mask } from '../../artifacts/mask.js';
import type { Activation } from './activation.js';
import type { Region } from './regions.js';
import type { Candidate } from './rule.js';

type Row = (string | number | null)[];

/** Selected kernels. `voxels` are those above threshold in the region, `voxels_above` all above threshold. */
export const selectionColumns = [
  'name',
  'layer',
  'kernel',
  'region',
  'region_index',
  'selectivity',
  'voxels',
  'voxels_above',
  'regions_activated',
];

export function selectionRow({ kernel, activation, region }: Candidate, regions: readonly Region[]): Row {
  return [
    kernel.name,
    kernel.layer,
    kernel.kernel,
    regions[region]!.name,
    regions[region]!.index,
    activation.selectivity,
    activation.voxels.length,
    activation.total,
    activation.activated.length,
  ];
}

/** The other kernels; `region` is the main region, n/a where there is none. */
export const leftOutColumns = [
  'name',
  'layer',
  'kernel',
  'region',
  'selectivity',
  'voxels',
  'voxels_above',
  'regions_activated',
  'reason',
];

export function leftOutRow(
  kernel: Kernel,
  activation: Activation,
  reason: string,
  regions: readonly Region[] | null,
): Row {
  return [
    kernel.name,
    kernel.layer,
    kernel.kernel,
    activation.main === null ? null : regions![activation.main]!.name,
    activation.selectivity,
    activation.voxels.length,
    activation.total,
    activation.activated.length,
    reason,
  ];
}

/**
 * All regions. `voxels` lie in the region and in the mask of the maps, `voxels_used` carry its index in regions.nii.gz;
 * x, y, z is the centre of the latter in mm.
 */
export const regionColumns = ['index', 'name', 'voxels', 'kernels', 'voxels_used', 'x', 'y', 'z'];

export function* regionRows(
  regions: readonly Region[],
  selected: readonly Candidate[],
  labels: Int32Array,
  mask: Mask,
): Generator<Row> {
  const used = new Int32Array(regions.length);
  const sums = regions.map(() => [0, 0, 0]);
  for (const [v, label] of labels.entries()) {
    if (label === 0) continue;
    used[label - 1]! += 1;
    for (const [axis, place] of ijkOf(mask.grid, mask.voxels[v]!).entries()) sums[label - 1]![axis]! += place;
  }
  const kernels = new Int32Array(regions.length);
  for (const { region } of selected) kernels[region]! += 1;
  for (const [r, { index, name, voxels }] of regions.entries()) {
    const [x, y, z] = sums[r]!.map((sum) => sum / used[r]!);
    yield [index, name, voxels.length, kernels[r]!, used[r]!, ...toMm(mask.grid, [x!, y!, z!])];
  }
}
