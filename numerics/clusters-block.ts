import { type ClusterRule, type Connectivity, labelClusters, makeLattice, makeScratch } from './clusters.js';

/** Maps of one mask, to be cut into clusters by one worker. */
export interface ClusterBlock {
  /** `[row, voxel]` row-major. */
  readonly values: Float32Array | Float64Array;
  /** `[row]` 1 where the map is left out and gives no cluster, whatever it holds. */
  readonly skip: Uint8Array;
  readonly dim: readonly [number, number, number];
  /** `[voxel]` file offsets, increasing. */
  readonly voxels: Int32Array;
  readonly connectivity: Connectivity;
  readonly rule: ClusterRule;
}

/** Numbers of each cluster in `ClusteredBlock.clusters`. */
export const clusterFields = ['row', 'label', 'size', 'peak', 'peakValue', 'i', 'j', 'k'] as const;

export interface ClusteredBlock {
  /** `[row]` voxels kept. */
  readonly counts: Int32Array;
  /** `[kept]` of one row after the other: index in the mask, cluster label, statistic. */
  readonly voxel: Int32Array;
  readonly label: Int32Array;
  readonly value: Float32Array;
  /** `[cluster, field]` by row, then by falling size; `row` counts from the block's first, i, j, k are the centre of mass. */
  readonly clusters: Float64Array;
}

/** Pool task `clusters.block`. */
export function run({ values, skip, dim, voxels, connectivity, rule }: ClusterBlock): ClusteredBlock {
  const lattice = makeLattice(dim, voxels, connectivity);
  const scratch = makeScratch(lattice);
  const width = voxels.length;
  const maps = Array.from(skip, (left, row) => {
    const map = values.subarray(row * width, (row + 1) * width);
    return { map, ...(left ? nothing : labelClusters(map, lattice, rule, scratch)) };
  });

  const total = maps.reduce((sum, { voxel }) => sum + voxel.length, 0);
  const voxel = new Int32Array(total);
  const label = new Int32Array(total);
  const value = new Float32Array(total);
  let next = 0;
  for (const labelled of maps) {
    voxel.set(labelled.voxel, next);
    label.set(labelled.label, next);
    for (const at of labelled.voxel) value[next++] = labelled.map[at]!;
  }
  return {
    counts: Int32Array.from(maps, (labelled) => labelled.voxel.length),
    voxel,
    label,
    value,
    clusters: Float64Array.from(
      maps.flatMap(({ clusters }, row) =>
        clusters.flatMap(({ label, size, peak, peakValue, centre }) => [row, label, size, peak, peakValue, ...centre]),
      ),
    ),
  };
}

const nothing = { voxel: new Int32Array(0), label: new Int32Array(0), clusters: [] };
