import path from 'node:path';
import type { Artifact } from '../../artifacts/artifact.js';
import { readAtlas } from '../../artifacts/atlas.js';
import { requireSameGrid, voxelCount } from '../../artifacts/grid.js';
import { type Mask, readMask } from '../../artifacts/mask.js';
import { niftiFile } from '../../artifacts/meta.js';

/** A region given beforehand, as it lies in the mask of the maps. */
export interface Region {
  readonly index: number;
  readonly name: string;
  /** Indices into the mask of the maps, increasing. */
  readonly voxels: Int32Array;
}

const resample = 'Put it on that grid: step "resample", "kind: atlas" (or mask), with a BOLD image as reference.';

/**
 * The regions of an atlas by rising label; 0 is no region. Labels without a name are called `label 17`, and regions
 * that share a name (both hemispheres, say) are told apart by their label.
 */
export async function regionsOfAtlas(artifact: Artifact, mask: Mask): Promise<Region[]> {
  const { grid, labels, regions } = await readAtlas(artifact);
  requireSameGrid({ grid, name: artifact.origin }, { grid: mask.grid, name: 'the maps' }, resample);
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
    requireSameGrid({ grid: own.grid, name: artifact.origin }, { grid: mask.grid, name: 'the maps' }, resample);
    const unique = short.filter((name) => name === short[n]).length === 1;
    regions.push({
      index: n + 1,
      name: unique ? short[n]! : artifact.origin,
      voxels: own.voxels.map((offset) => place[offset]!).filter((voxel) => voxel >= 0),
    });
  }
  return regions;
}
