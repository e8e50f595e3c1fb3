import path from 'node:path';
import type { Artifact } from '../../artifacts/artifact.js';
import { readAtlas } from '../../artifacts/atlas.js';
import { describeGrid, type Grid, sameGrid, voxelCount } from '../../artifacts/grid.js';
import { type Mask, readMask } from '../../artifacts/mask.js';
import { niftiFile } from '../../artifacts/meta.js';
import { UserError } from '../../artifacts/user-error.js';

/** A region given beforehand, as it lies in the mask of the maps. */
export interface Region {
  readonly index: number;
  readonly name: string;
  /** Indices into the mask of the maps, increasing. */
  readonly voxels: Int32Array;
}

/**
 * The regions of an atlas by rising label; 0 is no region. Labels without a name are called `label 17`, and regions
 * that share a name (both hemispheres, say) are told apart by their label.
 */
export async function regionsOfAtlas(artifact: Artifact, mask: Mask): Promise<Region[]> {
  const { grid, labels, regions } = await readAtlas(artifact);
  checkGrid(grid, mask.grid, artifact.origin);
  const byLabel = new Map<number, number[]>(regions.map(({ index }) => [index, []]));
  mask.voxels.forEach((offset, voxel) => {
    const label = labels[offset]!;
    const voxels = byLabel.get(label);
    if (voxels) voxels.push(voxel);
    else if (label !== 0) byLabel.set(label, [voxel]);
  });
  const shared = (name: string) => regions.filter((region) => region.name === name).length > 1;
  const names = new Map(regions.map(({ index, name }) => [index, shared(name) ? `${name} (${index})` : name]));
  return [...byLabel]
    .sort(([a], [b]) => a - b)
    .map(([index, voxels]) => ({
      index,
      name: names.get(index) ?? `label ${index}`,
      voxels: Int32Array.from(voxels),
    }));
}

/** One region per mask, in their order, named by file, or by the full path where two files have one name. */
export async function regionsOfMasks(masks: readonly Artifact[], mask: Mask): Promise<Region[]> {
  const short = masks.map(({ origin }) => path.basename(origin).replace(/\.nii(\.gz)?$/, ''));
  const place = new Int32Array(voxelCount(mask.grid)).fill(-1);
  mask.voxels.forEach((offset, voxel) => {
    place[offset] = voxel;
  });
  const regions: Region[] = [];
  for (const [n, artifact] of masks.entries()) {
    const own = await readMask(niftiFile(artifact, 'mask'));
    checkGrid(own.grid, mask.grid, artifact.origin);
    const unique = short.filter((name) => name === short[n]).length === 1;
    regions.push({
      index: n + 1,
      name: unique ? short[n]! : artifact.origin,
      voxels: own.voxels.map((offset) => place[offset]!).filter((voxel) => voxel >= 0),
    });
  }
  return regions;
}

function checkGrid(found: Grid, expected: Grid, origin: string): void {
  if (sameGrid(found, expected)) return;
  throw new UserError({
    message: `the regions are on another grid than the maps: ${describeGrid(found)}`,
    place: { file: origin },
    expected: describeGrid(expected),
    hint: 'Resample the image to the grid of the BOLD images with nearest-neighbour interpolation.',
  });
}
