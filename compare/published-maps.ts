import { voxelCount } from '../artifacts/grid.js';
import type { Mask } from '../artifacts/mask.js';
import { maskVoxels } from '../artifacts/mask.js';
import { readVoxelSeries, visitImage, volumesOf } from '../artifacts/nifti-data.js';
import { readImageHeader } from '../artifacts/nifti-header.js';
import type { MapSet, ValueMaps } from './map-set.js';

/** The published images of the maps of one statistic. */
export interface ImagesOfMaps {
  readonly statistic: string;
  readonly untrained: boolean;
  /** What each map is. */
  readonly names: readonly string[];
  /** One 4D image with a volume for each map, or a 3D image for each. */
  readonly files: readonly string[];
}

/**
 * The maps of a 4D image. It has no mask beside it: voxels that are 0 in all maps are outside, as voxreel writes them.
 */
export async function publishedValues({ files: [file], ...facts }: ImagesOfMaps): Promise<ValueMaps> {
  const mask = await maskOf([file!]);
  const read = rowsInOrder(file!, mask.voxels);
  return { kind: 'values', ...facts, mask, read };
}

/**
 * Maps with an image each, of shares: a voxel of the brain may be 0 in all of them, so that its mask is where any is not
 * 0, and what is outside counts as 0.
 */
export async function publishedShares({ files, ...facts }: ImagesOfMaps): Promise<ValueMaps> {
  const mask = await maskOf(files);
  const read = (row: number) => readVoxelSeries(files[row]!, mask.voxels);
  return { kind: 'values', ...facts, mask, zeroOutside: true, read };
}

/** What passed a threshold, of a 4D image of cluster numbers. All voxels of the grid are in the mask. */
export async function publishedPassed({ files: [file], ...facts }: ImagesOfMaps): Promise<MapSet> {
  const { grid } = await readImageHeader(file!);
  const voxels = Int32Array.from({ length: voxelCount(grid) }, (_, index) => index);
  const volume = rowsInOrder(file!, voxels);
  const read = async (row: number) => {
    const labels = await volume(row);
    const voxel = maskVoxels(labels);
    return { voxel, label: Int32Array.from(voxel, (index) => labels[index]!) };
  };
  return { kind: 'passed', ...facts, mask: { grid, voxels }, read };
}

async function maskOf(files: readonly string[]): Promise<Mask> {
  const { grid } = await readImageHeader(files[0]!);
  const inside = new Uint8Array(voxelCount(grid));
  for (const file of files) {
    await visitImage(file, (values) => {
      // NaN too: the value of a voxel that was analysed and has none.
      for (let index = 0; index < inside.length; index++) if (values[index] !== 0) inside[index] = 1;
    });
  }
  return { grid, voxels: maskVoxels(inside) };
}

/**
 * Reads single volumes of an image. An image of thousands is inflated from its beginning, so that those who take one
 * after the other are given them as they come; a single one is read by itself and leaves no file open.
 */
function rowsInOrder(file: string, voxels: Int32Array): (row: number) => Promise<Float64Array> {
  let last = -1;
  let open: { readonly volumes: AsyncGenerator<Float64Array>; next: number } | undefined;
  return async (row) => {
    const follows = last >= 0 && row === last + 1;
    last = row;
    if (open && row < open.next) {
      await open.volumes.return(undefined);
      open = undefined;
    }
    if (!open && !follows) return readVoxelSeries(file, voxels, { first: row, count: 1 });
    open ??= { volumes: volumesOf(file), next: 0 };
    for (;;) {
      const { value } = await open.volumes.next();
      open.next += 1;
      if (open.next > row) return Float64Array.from(voxels, (voxel) => (value as Float64Array)[voxel]!);
    }
  };
}
