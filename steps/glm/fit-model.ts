import type { StoredFit } from '../../artifacts/fit.js';
import { UserError } from '../../artifacts/user-error.js';
import type { FitModel, Noise } from '../../numerics/glm/model.js';
import { toShared } from '../../numerics/shared-memory.js';

/**
 * What the pool needs of a fit, its large arrays in shared memory. Throws UserError for kernels with several columns,
 * which would have to be in one model.
 */
export function modelOf(fit: StoredFit): FitModel {
  const further = fit.kernels.find(({ basis }) => basis !== undefined && basis !== 'canonical');
  if (further) {
    throw new UserError({
      message: `a kernel of the fit has several columns (${further.name}); models of one kernel each take one`,
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
  };
}
