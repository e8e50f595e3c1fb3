import type { StoredFit } from '../../artifacts/fit.js';
import type { FitModel, Noise } from '../../numerics/glm/model.js';
import { toShared } from '../../numerics/shared-memory.js';

/** What the pool needs of a fit, its large arrays in shared memory. */
export function modelOf(fit: StoredFit): FitModel {
  return {
    noise: fit.noise as Noise,
    df: fit.df,
    time: fit.volumes,
    kernels: fit.kernels.length,
    rank: fit.rank,
    regressors: toShared(fit.regressors),
    nuisance: toShared(fit.nuisance),
  };
}
