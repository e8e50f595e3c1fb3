/** How a voxel's and kernel's rho is taken from the residuals of the OLS fit, as one of a set of values. */
export interface RhoRule {
  /** The values [bin]. */
  readonly rho: Float64Array;
  /**
   * Writes the bin of `kernel` at every voxel to `out` [voxel]. From the residuals `r` of the pair, `squares` is
   * `sum r_t^2` and `neighbours` is `2 sum r_t r_(t+1)` [voxel]; NaN gets some bin.
   */
  bins(kernel: number, neighbours: Float64Array, squares: Float64Array, out: Int32Array): void;
  /** The bin of a rho that is known already; NaN gets some bin. */
  binOf(rho: number): number;
}

/** The values of rho that the voxels of a pass meet: a row is a voxel and a bin. */
export interface RhoRows {
  readonly count: number;
  /** [row] */
  readonly voxel: Int32Array;
  /** [row] */
  readonly bin: Int32Array;
  /** Number of kernels of the voxel that have this rho [row]. */
  readonly pairs: Int32Array;
}

/** Norm `a'a` and lag sum `a'Sa` of series. */
interface Side {
  readonly norm: Float64Array;
  readonly lag: Float64Array;
}

/**
 * Finds the bin of every pair and writes the row of every pair to `rowOf` [kernel, voxel]. The sums over the residuals
 * follow from `plain` (x'y) and `lagged` (x'Sy) [kernel, voxel] and the norms and lag sums of the two sides.
 */
export function rhoRows(
  rule: RhoRule,
  { plain, lagged }: { plain: Float64Array; lagged: Float64Array },
  { kernelSide, firstKernel }: { kernelSide: Side; firstKernel: number },
  voxelSide: Side,
  rowOf: Int32Array,
): RhoRows {
  const kernels = kernelSide.norm.length;
  const voxels = voxelSide.norm.length;
  const { norm: voxelNorm, lag: voxelLag } = voxelSide;
  const bins = rule.rho.length;
  const rowAt = new Int32Array(voxels * bins).fill(-1);
  const most = Math.min(voxels * bins, voxels * kernels);
  const voxel = new Int32Array(most);
  const bin = new Int32Array(most);
  const pairs = new Int32Array(most);
  const [neighbours, squares] = [new Float64Array(voxels), new Float64Array(voxels)];
  const own = new Int32Array(voxels);
  let count = 0;
  for (let k = 0; k < kernels; k++) {
    const inverse = 1 / kernelSide.norm[k]!;
    const kernelLag = kernelSide.lag[k]!;
    for (let v = 0; v < voxels; v++) {
      const product = plain[k * voxels + v]!;
      const slope = product * inverse;
      neighbours[v] = voxelLag[v]! - slope * (2 * lagged[k * voxels + v]! - slope * kernelLag);
      squares[v] = voxelNorm[v]! - slope * product;
    }
    rule.bins(firstKernel + k, neighbours, squares, own);
    for (let v = 0; v < voxels; v++) {
      const at = v * bins + own[v]!;
      let row = rowAt[at]!;
      if (row < 0) {
        row = count++;
        rowAt[at] = row;
        voxel[row] = v;
        bin[row] = own[v]!;
      }
      pairs[row]!++;
      rowOf[k * voxels + v] = row;
    }
  }
  return { count, voxel: voxel.subarray(0, count), bin: bin.subarray(0, count), pairs: pairs.subarray(0, count) };
}

/** The rows of voxels whose rho is known: one each, the same for all kernels. */
export function knownRows(rule: RhoRule, rho: Float64Array, kernels: number, rowOf: Int32Array): RhoRows {
  const voxels = rho.length;
  for (let k = 0; k < kernels; k++) for (let v = 0; v < voxels; v++) rowOf[k * voxels + v] = v;
  return {
    count: voxels,
    voxel: Int32Array.from(rho, (_, v) => v),
    bin: Int32Array.from(rho, rule.binOf),
    pairs: new Int32Array(voxels).fill(kernels),
  };
}
