import type { Artifact } from '../../artifacts/artifact.js';
import type { Mask } from '../../artifacts/mask.js';
import { regionsOfAtlas } from '../select/regions.js';

/** Names of regions at the voxels of a mask. */
export interface RegionNames {
  /** The region of a voxel; null for none. */
  at(voxel: number): string | null;
  /** The regions of some voxels by falling share: `V1 62 %; V2 31 %; none 7 %`. */
  shares(voxels: Iterable<number>): string;
}

/** Throws UserError for an atlas on another grid. */
export async function regionNames(atlas: Artifact, mask: Mask): Promise<RegionNames> {
  const regions = await regionsOfAtlas(atlas, mask);
  const region = new Int32Array(mask.voxels.length).fill(-1);
  regions.forEach(({ voxels }, index) => {
    for (const voxel of voxels) region[voxel] = index;
  });
  return {
    at: (voxel) => regions[region[voxel]!]?.name ?? null,
    shares(voxels) {
      const counts = new Map<number, number>();
      let total = 0;
      for (const voxel of voxels) {
        counts.set(region[voxel]!, (counts.get(region[voxel]!) ?? 0) + 1);
        total += 1;
      }
      const falling = [...counts].sort(([a, n], [b, m]) => m - n || a - b);
      return falling
        .map(([index, count]) => `${regions[index]?.name ?? 'none'} ${Math.round((100 * count) / total)} %`)
        .join('; ');
    },
  };
}
