import type { LagOneSeries } from './lag-one.js';

/** rho is truncated to hundredths, as nilearn does with `bins=100`. */
const binsPerUnit = 100;
/** |rho| stays below `cos(pi / (T + 1)) T / (T - 1)`, which is at most 1.083 (T = 5). */
const largestBin = 109;
const bins = 2 * largestBin + 1;

/** rho of every bin. Divided, not multiplied by 0.01, so that 29/100 is the double that nilearn's label is. */
export function rhoBins(): Float64Array {
  return Float64Array.from({ length: bins }, (_, i) => (i - largestBin) / binsPerUnit);
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

/**
 * Estimates rho of every pair as nilearn 0.10 does, from the residuals `r` of the OLS fit,
 *   `rho = (sum r_t r_(t+1) / (T-1)) / (sum r_t^2 / T)`, truncated toward zero to a multiple of 1/100,
 * and writes the row of every pair to `rowOf` [kernel, voxel]. Both sums follow from `plain` (x'y) and `lagged` (x'Sy)
 * [kernel, voxel] and the norms and lag sums of the two sides.
 */
export function rhoRows(
  { plain, lagged }: { plain: Float64Array; lagged: Float64Array },
  kernelSide: { norm: Float64Array; lag: Float64Array },
  voxelSide: Pick<LagOneSeries, 'norm' | 'lag'>,
  time: number,
  rowOf: Int32Array,
): RhoRows {
  const kernels = kernelSide.norm.length;
  const voxels = voxelSide.norm.length;
  const { norm: voxelNorm, lag: voxelLag } = voxelSide;
  const rowAt = new Int32Array(voxels * bins).fill(-1);
  const most = Math.min(voxels * bins, voxels * kernels);
  const voxel = new Int32Array(most);
  const bin = new Int32Array(most);
  const pairs = new Int32Array(most);
  const toBins = (binsPerUnit * time) / (time - 1) / 2;
  let count = 0;
  for (let k = 0; k < kernels; k++) {
    const inverse = 1 / kernelSide.norm[k]!;
    const kernelLag = kernelSide.lag[k]!;
    for (let v = 0; v < voxels; v++) {
      const pair = k * voxels + v;
      const product = plain[pair]!;
      const slope = product * inverse;
      const neighbours = voxelLag[v]! - slope * (2 * lagged[pair]! - slope * kernelLag);
      // `| 0` truncates toward zero, and takes the NaN of an unusable pair to 0.
      let place = ((toBins * neighbours) / (voxelNorm[v]! - slope * product)) | 0;
      // Only the rounding that an exact fit leaves can be outside.
      if (place > largestBin || place < -largestBin) place = 0;
      place += largestBin;
      let row = rowAt[v * bins + place]!;
      if (row < 0) {
        row = count++;
        rowAt[v * bins + place] = row;
        voxel[row] = v;
        bin[row] = place;
      }
      pairs[row]!++;
      rowOf[pair] = row;
    }
  }
  return { count, voxel: voxel.subarray(0, count), bin: bin.subarray(0, count), pairs: pairs.subarray(0, count) };
}
