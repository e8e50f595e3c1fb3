import { timesTransposed } from '../products.js';
import { rowBytes } from '../row-code.js';
import { plainRows, type RowMemory } from '../rows.js';
import type { Estimator, FitModel } from './model.js';

/** A product at a time: 128 kernels x 512 voxels of 8 bytes stay in the cache until they are used, with what is made of them. */
const [kernelsPerProduct, voxelsPerProduct] = [128, 512];

/** What the estimator takes of a `RowMemory`. */
export const olsRowBytes = rowBytes(kernelsPerProduct * voxelsPerProduct, 8) + 3 * rowBytes(voxelsPerProduct, 8);

/**
 * Ordinary least squares of every kernel at every voxel, by one matrix product (Frisch-Waugh-Lovell): with `x` and `y`
 * free of the nuisance, `effect = x'y / x'x`, `RSS = y'y - effect x'y`, `se = sqrt(RSS / df / x'x)`.
 */
export async function olsEstimator(model: FitModel, memory: RowMemory = plainRows): Promise<Estimator> {
  const { time, df } = model;
  const inverseNorms = sumsOfSquares(model.regressors, model.kernels, time).map((norm) =>
    norm > 0 ? 1 / norm : Number.NaN,
  );
  const scratch = memory.float64(kernelsPerProduct * voxelsPerProduct);
  const [normRow, effectRow, errorRow] = [0, 1, 2].map(() => memory.float64(voxelsPerProduct));
  let known: { readonly bold: Float64Array; readonly norms: Float64Array } | undefined;

  return async (block, use) => {
    // A block comes once for every range of kernels.
    if (known?.bold !== block.bold) {
      known = { bold: block.bold, norms: sumsOfSquares(block.bold, block.voxels, time) };
    }
    const { norms } = known;
    const end = block.firstKernel + block.kernels;
    for (let firstKernel = block.firstKernel; firstKernel < end; firstKernel += kernelsPerProduct) {
      const kernels = Math.min(kernelsPerProduct, end - firstKernel);
      const regressors = model.regressors.subarray(firstKernel * time, (firstKernel + kernels) * time);
      for (let firstVoxel = 0; firstVoxel < block.voxels; firstVoxel += voxelsPerProduct) {
        const voxels = Math.min(voxelsPerProduct, block.voxels - firstVoxel);
        const bold = block.bold.subarray(firstVoxel * time, (firstVoxel + voxels) * time);
        const products = scratch.subarray(0, kernels * voxels);
        await timesTransposed(regressors, bold, { m: kernels, n: voxels, k: time }, products);
        normRow!.set(norms.subarray(firstVoxel, firstVoxel + voxels));
        const effect = effectRow!.subarray(0, voxels);
        const se = errorRow!.subarray(0, block.errors ? voxels : 0);
        for (let k = 0; k < kernels; k++) {
          const inverse = inverseNorms[firstKernel + k]!;
          const scale = df > 0 ? inverse / df : Number.NaN;
          memory.estimate(products, k * voxels, normRow!, inverse, scale, effect, se);
          const variance = block.variances && se.map((error) => (error * error) / inverse);
          const row = { kernel: firstKernel + k, firstVoxel, effect, se, memory };
          use(variance ? { ...row, variance } : row);
        }
      }
    }
  };
}

/** Of every row of [row, time]. */
function sumsOfSquares(values: Float64Array, rows: number, time: number): Float64Array {
  const sums = new Float64Array(rows);
  for (let r = 0; r < rows; r++) {
    let sum = 0;
    for (let i = r * time; i < (r + 1) * time; i++) sum += values[i]! * values[i]!;
    sums[r] = sum;
  }
  return sums;
}
