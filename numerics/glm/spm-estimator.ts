import type { Estimator, FitModel } from './model.js';
import { olsEstimator } from './ols.js';

/** OLS of whitened series, with the standard errors of the noise that the whitening leaves (see `spmErrors`). */
export async function spmEstimator(model: FitModel): Promise<Estimator> {
  const ols = await olsEstimator(model);
  const { errorScale } = model;
  if (!errorScale) return ols;
  return (block, use) =>
    ols(block, (row) => {
      const scale = errorScale[row.kernel]!;
      for (let v = 0; v < row.se.length; v++) row.se[v]! *= scale;
      use(row);
    });
}
