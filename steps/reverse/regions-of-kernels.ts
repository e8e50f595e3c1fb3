import type { Artifact } from '../../artifacts/artifact.js';
import type { Grid } from '../../artifacts/grid.js';
import { readSelection, type SelectedKernel } from '../../artifacts/selection.js';
import { numericColumn } from '../../artifacts/table.js';

/** A region with at least one selected kernel and one voxel. */
export interface RegionOfKernels {
  readonly index: number;
  readonly name: string;
  /** File offsets, increasing. */
  readonly voxels: Int32Array;
  readonly kernels: readonly SelectedKernel[];
}

/** Regions of a selection in the order of regions.tsv, those without kernels or without voxels left out. */
export async function readRegionsOfKernels(selection: Artifact): Promise<{ grid: Grid; regions: RegionOfKernels[] }> {
  const { kernels, regions, grid, labels, table } = await readSelection(selection);
  const owner = numericColumn(table, 'region_index', selection.origin);
  const voxels = new Map<number, number[]>(regions.map(({ index }) => [index, []]));
  labels.forEach((label, offset) => {
    if (label !== 0) voxels.get(label)?.push(offset);
  });
  const all = regions.map(({ index, name }) => ({
    index,
    name,
    voxels: Int32Array.from(voxels.get(index)!),
    kernels: kernels.filter((_, row) => owner[row] === index),
  }));
  return { grid, regions: all.filter((region) => region.voxels.length > 0 && region.kernels.length > 0) };
}
