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

  return async (block, { effect, se }) => {
    const { kernels, firstKernel } = block;
    if (scratch.length < kernels * voxelsPerPass) scratch = new Float64Array(kernels * voxelsPerPass);
    const regressors = model.regressors.subarray(firstKernel * time, (firstKernel + kernels) * time);
    for (let first = 0; first < block.voxels; first += voxelsPerPass) {
      const voxels = Math.min(voxelsPerPass, block.voxels - first);
      const bold = block.bold.subarray(first * time, (first + voxels) * time);
      const products = scratch.subarray(0, kernels * voxels);
      await timesTransposed(regressors, bold, { m: kernels, n: voxels, k: time }, products);
      const norms = sumsOfSquares(bold, voxels, time).map((norm) => (norm > 0 ? norm : Number.NaN));
      for (let k = 0; k < kernels; k++) {
        const row = products.subarray(k * voxels, (k + 1) * voxels);
        const at = k * block.voxels + first;
        const inverse = inverseNorms[firstKernel + k]!;
        placeEffects(row, norms, inverse, effect, at);
        if (se) placeErrors(row, norms, inverse, df, se, at);
      }
    }
  };
}

/** Of one kernel; `products` and `norms` [voxel]. A norm that is NaN makes the effect NaN. */
function placeEffects(
  products: Float64Array,
  norms: Float64Array,
  inverse: number,
  effect: Float64Array,
  at: number,
): void {
  for (let v = 0; v < products.length; v++) effect[at + v] = norms[v]! > 0 ? products[v]! * inverse : Number.NaN;
}

function placeErrors(
  products: Float64Array,
  norms: Float64Array,
  inverse: number,
  df: number,
  se: Float64Array,
  at: number,
): void {
  const scale = df > 0 ? inverse / df : Number.NaN;
  for (let v = 0; v < products.length; v++) {
    const product = products[v]!;
    const norm = norms[v]!;
    const residual = norm - product * product * inverse;
    const floor = norm * smallestResidual;
    se[at + v] = Math.sqrt((residual > floor ? residual : floor) * scale);
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
