import type { RowMemory } from '../rows.js';

/**
 * How the noise of a voxel is modelled.
 * - `ols`: white.
 * - `ar1`: first-order autoregressive per voxel and kernel, rho corrected for what the model takes from it.
 * - `ar1-nilearn`: first-order autoregressive per voxel and kernel, with the estimate of nilearn 0.10.
 * - `spm`: one whitening for all voxels and kernels, done before (series, regressors and nuisance are whitened).
 */
export type Noise = 'ols' | 'ar1' | 'ar1-nilearn' | 'spm';

/** Kernels whose columns have a model together, and the columns of each that estimates are handed on of. */
export interface KernelColumns {
  /** Rows of `regressors` that belong to one kernel. */
  readonly perKernel: number;
  /** Places among a kernel's columns, increasing. */
  readonly wanted: readonly number[];
}

/**
 * What the models of one subject share: one model per kernel, with the kernel's regressor and all nuisance columns.
 * The nuisance has been taken out of the regressors and of the BOLD series (see `residualise`).
 */
export interface FitModel {
  /** Tells models apart in this process, so that a thread need not prepare one twice. Never part of a result. */
  readonly key?: string;
  readonly noise: Noise;
  /** Degrees of freedom of every model: time - rank - 1. */
  readonly df: number;
  readonly time: number;
  readonly kernels: number;
  readonly rank: number;
  /** [kernel, time]; all 0 for a kernel that cannot be fitted. With `columns`: as many rows as all kernels have columns. */
  readonly regressors: Float64Array;
  /** Where kernels have several columns in a model together; `kernels` then counts the columns that are wanted. */
  readonly columns?: KernelColumns;
  /** Orthonormal rows [rank, time]. */
  readonly nuisance: Float64Array;
  /** For `ar1`: every block comes with its rho, so that nothing is prepared to estimate it. */
  readonly rhoKnown?: boolean;
  /** For `spm`, whose whitening leaves a little: `trace` and `spread` of `SpmErrors` [kernel, 2]; with `columns` those that are wanted. */
  readonly whitening?: Float64Array;
}

/** A block of voxels times a range of kernels. */
export interface Block {
  /** Residualised series [voxel, time]. */
  readonly bold: Float64Array;
  readonly voxels: number;
  readonly firstKernel: number;
  readonly kernels: number;
  /** Whether standard errors are needed. */
  readonly errors: boolean;
  /** Whether residual variances are needed too; only together with `errors`. */
  readonly variances?: boolean;
  /** rho of the voxels, the same for all kernels, for `ar1`; without it rho is estimated for every kernel and voxel [voxel]. */
  readonly rho?: Float64Array;
}

/** Estimates of one kernel at the voxels from `firstVoxel` on. The arrays are reused: they hold until the function returns. */
export type UseEstimates = (row: {
  readonly kernel: number;
  /** Counted from the block's first. */
  readonly firstVoxel: number;
  /** Effect of the kernel [voxel], in BOLD units per unit of the regressor. */
  readonly effect: Float64Array;
  /** Its standard error [voxel]; empty where only effects are asked for. */
  readonly se: Float64Array;
  /** What `effect` and `se` lie in, where they lie in one. */
  readonly memory?: RowMemory;
  /** Residual variance [voxel], `RSS / df` in the metric of the fit (whitened for ar1); absent where not asked for. */
  readonly variance?: Float64Array;
}) => void;

/**
 * Fits every kernel's model at every voxel of a block, and hands the estimates on row by row, while they are in the
 * processor's cache: kernels x voxels is never an array here.
 *
 * NaN for kernels whose regressor is all 0, and for voxels that are all 0 or have a NaN. With `df` 0 the standard
 * error is NaN. Where the model fits exactly, rounding is all that is left of the residuals: their sum of squares is
 * held at 2^-52 of the series', so that t stays finite.
 */
export type Estimator = (block: Block, use: UseEstimates) => Promise<void>;
