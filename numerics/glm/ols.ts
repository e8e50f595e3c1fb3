import { plainRows, type RowMemory } from '../rows.js';
import { byProducts, sumsOfSquares } from './by-products.js';
import type { Estimator, FitModel } from './model.js';

/**
 * Ordinary least squares of every kernel at every voxel, by one matrix product (Frisch-Waugh-Lovell): with `x` and `y`
 * free of the nuisance, `effect = x'y / x'x`, `RSS = y'y - effect x'y`, `se = sqrt(RSS / df / x'x)`.
 */
export async function olsEstimator(model: FitModel, memory: RowMemory = plainRows): Promise<Estimator> {
  const { time, df, kernels, regressors } = model;
  const inverseNorms = sumsOfSquares(regressors, kernels, time).map((norm) => (norm > 0 ? 1 / norm : Number.NaN));
  return byProducts(
    model,
    memory,
    async ({ bold, voxels }) => ({ series: bold, norms: sumsOfSquares(bold, voxels, time) }),
    (kernel, _, products, at, norms, effect, se) => {
      const inverse = inverseNorms[kernel]!;
      memory.estimate(products, at, norms, inverse, df > 0 ? inverse / df : Number.NaN, effect, se);
    },
    (kernel) => inverseNorms[kernel]!,
  );
}
