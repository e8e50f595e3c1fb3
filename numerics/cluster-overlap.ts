/** What passed a threshold in one map. */
export interface Passed {
  /** Indices of the voxels, increasing. */
  readonly voxel: ArrayLike<number>;
  /** Signed number of each one's cluster. */
  readonly label: ArrayLike<number>;
}

/** How what passed in two maps overlaps. Voxels of opposite sign do not. */
export interface ClusterOverlap {
  readonly voxelsA: number;
  readonly voxelsB: number;
  readonly voxelsBoth: number;
  /** 2 both / (a + b) (Dice 1945, Ecology 26:297-302); NaN where nothing passed in either. */
  readonly dice: number;
  readonly clustersA: number;
  readonly clustersB: number;
  /** Clusters that share a voxel with a cluster of the other map. */
  readonly metA: number;
  readonly metB: number;
}

export function clusterOverlap(a: Passed, b: Passed): ClusterOverlap {
  const [metA, metB] = [new Set<number>(), new Set<number>()];
  let voxelsBoth = 0;
  for (let i = 0, j = 0; i < a.voxel.length && j < b.voxel.length; ) {
    const [x, y] = [a.voxel[i]!, b.voxel[j]!];
    if (x === y && a.label[i]! > 0 === b.label[j]! > 0) {
      voxelsBoth += 1;
      metA.add(a.label[i]!);
      metB.add(b.label[j]!);
    }
    if (x <= y) i += 1;
    if (y <= x) j += 1;
  }
  const [voxelsA, voxelsB] = [a.voxel.length, b.voxel.length];
  return {
    voxelsA,
    voxelsB,
    voxelsBoth,
    dice: voxelsA + voxelsB === 0 ? Number.NaN : (2 * voxelsBoth) / (voxelsA + voxelsB),
    clustersA: new Set(Array.from(a.label)).size,
    clustersB: new Set(Array.from(b.label)).size,
    metA: metA.size,
    metB: metB.size,
  };
}
