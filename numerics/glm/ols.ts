import { timesTransposed } from '../products.js';
import { type Estimator, type FitModel, smallestResidual } from './model.js';

/** Voxels per product: 512 kernels x 256 voxels of 8 bytes stay in the cache until they are used. */
const voxelsPerPass = 256;

/**
 * Ordinary least squares of every kernel at every voxel, by one matrix product (Frisch-Waugh-Lovell): with `x` and `y`
 * free of the nuisance, `effect = x'y / x'x`, `RSS = y'y - effect x'y`, `se = sqrt(RSS / df / x'x)`.
 */
export async function olsEstimator(model: FitModel): Promise<Estimator> {
  const { time, df } = model;
  const inverseNorms = sumsOfSquares(model.regressors, model.kernels, time).map((norm) =>
    norm > 0 ? 1 / norm : Number.NaN,
  );
  let scratch = new Float64Array(0);
  const [effects, errors] = [new Float64Array(voxelsPerPass), new Float64Array(voxelsPerPass)];

  return async (block, use) => {
    const { kernels, firstKernel } = block;
    if (scratch.length < kernels * voxelsPerPass) scratch = new Float64Array(kernels * voxelsPerPass);
    const regressors = model.regressors.subarray(firstKernel * time, (firstKernel + kernels) * time);
    for (let firstVoxel = 0; firstVoxel < block.voxels; firstVoxel += voxelsPerPass) {
      const voxels = Math.min(voxelsPerPass, block.voxels - firstVoxel);
      const bold = block.bold.subarray(firstVoxel * time, (firstVoxel + voxels) * time);
      const products = scratch.subarray(0, kernels * voxels);
      await timesTransposed(regressors, bold, { m: kernels, n: voxels, k: time }, products);
      const norms = sumsOfSquares(bold, voxels, time).map((norm) => (norm > 0 ? norm : Number.NaN));
      const effect = effects.subarray(0, voxels);
      const se = errors.subarray(0, block.errors ? voxels : 0);
      for (let k = 0; k < kernels; k++) {
        const inverse = inverseNorms[firstKernel + k]!;
        estimateRow(products, k * voxels, norms, inverse, df, effect, se);
        const variance = block.variances && se.map((error) => (error * error) / inverse);
        use({ kernel: firstKernel + k, firstVoxel, effect, se, ...(variance && { variance }) });
      }
    }
  };
}

/** One kernel; `norms`, `effect` and `se` are [voxel]. A norm that is NaN makes all of a voxel NaN. */
function estimateRow(
  products: Float64Array,
  at: number,
  norms: Float64Array,
  inverse: number,
  df: number,
  effect: Float64Array,
  se: Float64Array,
): void {
  for (let v = 0; v < effect.length; v++) effect[v] = norms[v]! > 0 ? products[at + v]! * inverse : Number.NaN;
  const scale = df > 0 ? inverse / df : Number.NaN;
  for (let v = 0; v < se.length; v++) {
    const norm = norms[v]!;
    const residual = norm - effect[v]! * products[at + v]!;
    const floor = norm * smallestResidual;
    se[v] = Math.sqrt((residual > floor ? residual : floor) * scale);
  }
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
