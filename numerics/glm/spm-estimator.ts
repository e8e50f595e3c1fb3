import type { RowMemory } from '../rows.js';
import type { Estimator, FitModel } from './model.js';
import { olsEstimator } from './ols.js';
import { severalColumnsEstimator } from './several-columns.js';

/** OLS of whitened series, with the residual variances and standard errors of the noise that the whitening leaves (see `spmErrors`). */
export async function spmEstimator(model: FitModel, memory?: RowMemory): Promise<Estimator> {
  const { whitening, df, columns } = model;
  const ols = columns ? await severalColumnsEstimator(model, columns) : await olsEstimator(model, memory);
  if (!whitening) throw new Error('a model with noise spm that was not whitened');
  return (block, use) =>
    ols(block, (row) => {
      const [trace, spread] = [whitening[2 * row.kernel]!, whitening[2 * row.kernel + 1]!];
      const ofVariance = df / trace;
      const ofError = Math.sqrt(ofVariance * spread);
      for (let v = 0; v < row.se.length; v++) row.se[v]! *= ofError;
      if (row.variance) for (let v = 0; v < row.variance.length; v++) row.variance[v]! *= ofVariance;
      use(row);
    });
}
