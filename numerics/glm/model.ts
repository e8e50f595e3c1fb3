/**
 * How the noise of a voxel is modelled.
 * - `ols`: white.
 * - `ar1-nilearn`: first-order autoregressive per voxel and kernel, with the estimate of nilearn 0.10.
 */
export type Noise = 'ols' | 'ar1-nilearn';

/**
 * What the models of one subject share: one model per kernel, with the kernel's regressor and all nuisance columns.
 * The nuisance has been taken out of the regressors and of the BOLD series (see `residualise`).
 */
export interface FitModel {
  readonly noise: Noise;
  /** Degrees of freedom of every model: time - rank - 1. */
  readonly df: number;
  readonly time: number;
  readonly kernels: number;
  readonly rank: number;
  /** [kernel, time]; all 0 for a kernel that cannot be fitted. */
  readonly regressors: Float64Array;
  /** Orthonormal rows [rank, time]. */
  readonly nuisance: Float64Array;
}

/** A block of voxels times a range of kernels. */
export interface Block {
  /** Residualised series [voxel, time]. */
  readonly bold: Float64Array;
  readonly voxels: number;
  readonly firstKernel: number;
  readonly kernels: number;
}

/** Where a block's estimates are written, [kernel, voxel] each, as maps are stored. */
export interface Estimates {
  /** Effect of the kernel, in BOLD units per unit of the regressor. */
  readonly effect: Float64Array;
  /** Its standard error. Left out where only effects are needed. */
  readonly se?: Float64Array;
}

/**
 * Fits every kernel's model at every voxel of a block.
 *
 * NaN for kernels whose regressor is all 0, and for voxels that are all 0 or have a NaN. With `df` 0 the standard
 * error is NaN. Where the model fits exactly, rounding is all that is left of the residuals: their sum of squares is
 * held at 2^-52 of the series', so that t stays finite.
 */
export type Estimator = (block: Block, out: Estimates) => Promise<void>;

/** The smallest residual sum of squares, as a share of the series' own, that is told from rounding. */
export const smallestResidual = 2 ** -52;
