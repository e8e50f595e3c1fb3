import type { RowMemory } from '../rows.js';
import { ar1Estimator } from './ar1.js';
import { ar1NilearnEstimator } from './ar1-nilearn.js';
import type { Estimator, FitModel, Noise } from './model.js';
import { olsEstimator } from './ols.js';
import { severalColumnsEstimator } from './several-columns.js';
import { spmEstimator } from './spm-estimator.js';

const estimators: Record<Noise, (model: FitModel, memory?: RowMemory) => Promise<Estimator>> = {
  ols: olsEstimator,
  ar1: ar1Estimator,
  'ar1-nilearn': ar1NilearnEstimator,
  spm: spmEstimator,
};

/**
 * Prepares what all blocks of a subject share; costs about as much as fitting some ten voxels. Estimates that are handed
 * over in arrays of `memory` are used faster by what lies there too (see rows.ts).
 */
export function estimatorFor(model: FitModel, memory?: RowMemory): Promise<Estimator> {
  if (model.columns && model.noise === 'ols') return severalColumnsEstimator(model, model.columns);
  return estimators[model.noise](model, memory);
}
