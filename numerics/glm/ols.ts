import { timesTransposed } from '../products.js';
import { type Estimator, type FitModel, smallestResidual } from './model.js';

/**
 * Ordinary least squares of every kernel at every voxel, by one matrix product (Frisch-Waugh-Lovell): with `x` and `y`
 * free of the nuisance, `effect = x'y / x'x`, `RSS = y'y - effect x'y`, `se = sqrt(RSS / df / x'x)`.
 */
export async function olsEstimator(model: FitModel): Promise<Estimator> {
  const { time, df } = model;
  const inverseNorm = new Float64Array(model.kernels);
  for (let k = 0; k < model.kernels; k++) {
    const norm = sumOfSquares(model.regressors, k * time, time);
    inverseNorm[k] = norm > 0 ? 1 / norm : Number.NaN;
  }
  let products = new Float64Array(0);

  return async ({ bold, voxels, firstKernel, kernels }, { effect, se }) => {
    if (products.length < voxels * kernels) products = new Float64Array(voxels * kernels);
    const regressors = model.regressors.subarray(firstKernel * time, (firstKernel + kernels) * time);
    const inverse = inverseNorm.subarray(firstKernel, firstKernel + kernels);
    const size = { m: voxels, n: kernels, k: time };
    await timesTransposed(bold.subarray(0, voxels * time), regressors, size, products.subarray(0, voxels * kernels));
    for (let v = 0; v < voxels; v++) {
      const norm = sumOfSquares(bold, v * time, time);
      const total = norm > 0 ? norm : Number.NaN;
      const start = v * kernels;
      if (se) withError(products, inverse, effect, se, start, total, df);
      else for (let k = 0; k < kernels; k++) effect[start + k] = total > 0 ? products[start + k]! * inverse[k]! : total;
    }
  };
}

/** One voxel. A function of its own, because the compiler optimises a small hot loop better than a branchy one. */
function withError(
  products: Float64Array,
  inverse: Float64Array,
  effect: Float64Array,
  se: Float64Array,
  start: number,
  total: number,
  df: number,
): void {
  const floor = total * smallestResidual;
  const perDf = df > 0 ? 1 / df : Number.NaN;
  for (let k = 0; k < inverse.length; k++) {
    const product = products[start + k]!;
    const slope = product * inverse[k]!;
    const residual = total - slope * product;
    effect[start + k] = total > 0 ? slope : total;
    se[start + k] = Math.sqrt((residual > floor ? residual : floor) * perDf * inverse[k]!);
  }
}

export function sumOfSquares(values: Float64Array, start: number, count: number): number {
  let sum = 0;
  for (let i = start; i < start + count; i++) sum += values[i]! * values[i]!;
  return sum;
}
