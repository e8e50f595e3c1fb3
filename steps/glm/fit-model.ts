import type { StoredFit } from '../../artifacts/fit.js';
import { columnsPerKernel } from '../../artifacts/kernels.js';
import { UserError } from '../../artifacts/user-error.js';
import type { FitModel, Noise } from '../../numerics/glm/model.js';
import { toShared } from '../../numerics/shared-memory.js';

/**
 * What the pool needs of a fit, its large arrays in shared memory. Throws UserError for kernels with several columns,
 * which would have to be in one model.
 */
export function modelOf(fit: StoredFit): FitModel {
  if (columnsPerKernel(fit.kernels) > 1) {
    const names = fit.kernels.slice(0, 2).map(({ name }) => name);
    throw new UserError({
      message: `the kernels of the fit have several columns (${names.join(', ')}, …); models of one kernel each take one`,
      expected: 'a fit of regressors with "basis: canonical" in the step "hrf"',
      hint: 'The step "joint" puts all columns into one model and tests them together.',
    });
  }
  return {
    noise: fit.noise as Noise,
    df: fit.df,
    time: fit.volumes,
    kernels: fit.kernels.length,
    rank: fit.rank,
    regressors: toShared(fit.regressors),
    nuisance: toShared(fit.nuisance),
    ...(fit.whitening && { whitening: fit.whitening }),
    ...(fit.rho && { rhoKnown: true }),
  };
}
