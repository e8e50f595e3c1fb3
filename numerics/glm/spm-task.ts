import { fQuantile } from '../distributions.js';
import { orthonormalBasis } from '../orthonormal.js';
import { timesTransposed } from '../products.js';
import { inverseRoot } from './inverse-root.js';
import { type Residualised, residualise, transposed, usable } from './residualise.js';
import { type SpmErrors, spmErrors } from './spm-errors.js';
import { spmReml } from './spm-reml.js';
import { toeplitz } from './toeplitz.js';

/*
 * Pool tasks of `noise: spm`, in their order: the scatter of the voxels in which something happens, the whitening, the
 * series whitened, and what the whitening leaves.
 */

/** p of the F test that a voxel has to pass to count in the estimate. */
export const poolBelow = 0.001;
/** Entries of the whitening matrix at or below this are 0. */
const smallestWeight = 1e-6;

export interface ScatterPayload {
  /** [series, time]; not scaled: the scatter does not depend on it. */
  readonly series: Float64Array;
  readonly count: number;
  readonly time: number;
  /** Orthonormal rows of the whole design [rank, time]; the first `reduced` span what is not of interest. */
  readonly basis: Float64Array;
  readonly rank: number;
  readonly reduced: number;
  /** Error degrees of freedom of the F test; the columns of the high-pass filter are not counted, as in SPM. */
  readonly df: number;
}

export interface Scatter {
  /** Sum over the voxels that pass of `r r' df / r'r` [time, time]. */
  readonly scatter: Float64Array;
  /** Their number. */
  readonly pooled: number;
  readonly mean: Float64Array;
  readonly state: Uint8Array;
}

/**
 * Pool task `glm.spm-scatter`: one block of voxels. SPM pools the series themselves; their residuals `r` give the same
 * estimate, because ReML takes the design out, and keep more digits.
 */
export async function scatter(payload: ScatterPayload): Promise<Scatter> {
  const { series, count, time, basis, rank, reduced, df } = payload;
  const centred = Float64Array.from(series);
  for (let i = 0; i < count; i++) centre(centred.subarray(i * time, (i + 1) * time));
  const ofInterest = rank - reduced;
  const effects = await timesTransposed(centred, basis.subarray(reduced * time), { m: count, n: ofInterest, k: time });
  const { residuals, mean, state } = await residualise(series, basis, { count, time, rank });
  const limit = fQuantile(poolBelow, ofInterest, df);
  const kept = new Float64Array(count * time);
  let pooled = 0;
  for (let i = 0; i < count; i++) {
    if (state[i] !== usable) continue;
    let [error, explained] = [0, 0];
    for (let t = i * time; t < (i + 1) * time; t++) error += residuals[t]! * residuals[t]!;
    for (let e = i * ofInterest; e < (i + 1) * ofInterest; e++) explained += effects[e]! * effects[e]!;
    if (!(explained / ofInterest > (limit * error) / df)) continue;
    const scale = Math.sqrt(df / error);
    for (let t = 0; t < time; t++) kept[pooled * time + t] = residuals[i * time + t]! * scale;
    pooled++;
  }
  const columns = transposed(kept.subarray(0, pooled * time), pooled, time);
  return { scatter: await timesTransposed(columns, columns, { m: time, n: time, k: pooled }), pooled, mean, state };
}

function centre(row: Float64Array): void {
  let sum = 0;
  for (const value of row) sum += value;
  for (let t = 0; t < row.length; t++) row[t]! -= sum / row.length;
}

export interface WhiteningPayload {
  /** Mean over the pooled voxels [time, time]. */
  readonly scatter: Float64Array;
  /** Orthonormal rows of the whole design [rank, time]. */
  readonly basis: Float64Array;
  readonly rank: number;
  readonly time: number;
  /** Columns of the high-pass filter [filter, time], and the others of the nuisance [other, time]. */
  readonly filter: Float64Array;
  readonly others: Float64Array;
}

export interface Whitening {
  readonly weights: readonly [number, number];
  /** First row of `V`. */
  readonly lags: Float64Array;
  /** `W`, symmetric [time, time]. */
  readonly matrix: Float64Array;
  /** Orthonormal rows [rank, time] that span the filter, which comes after the whitening, and the whitened others. */
  readonly nuisance: Float64Array;
  readonly rank: number;
}

/** Pool task `glm.spm-whitening`: `V` by ReML, `W = V^-1/2`. `weights` is absent where nothing can be estimated. */
export async function whitening(payload: WhiteningPayload): Promise<Whitening | { readonly weights?: never }> {
  const { time, filter, others } = payload;
  const correlation = await spmReml(payload.scatter, payload.basis, payload.rank, time);
  if (!correlation) return {};
  const { lags } = correlation;
  const largest = 2 * lags.reduce((sum, value) => sum + Math.abs(value), 0) - 1;
  const root = await inverseRoot(toeplitz(lags, time), time, largest);
  const matrix = root.map((value) => (Math.abs(value) > smallestWeight ? value : 0));
  const whitened = await timesTransposed(others, matrix, { m: others.length / time, n: time, k: time });
  const columns = [filter, whitened].flatMap((rows) =>
    Array.from({ length: rows.length / time }, (_, i) => rows.subarray(i * time, (i + 1) * time)),
  );
  const { rows, rank } = orthonormalBasis(columns, time);
  return { ...correlation, matrix, nuisance: rows, rank };
}

export interface WhitenPayload {
  /** [series, time] */
  readonly series: Float64Array;
  readonly count: number;
  readonly time: number;
  readonly whitening: Pick<Whitening, 'matrix' | 'nuisance' | 'rank'>;
  /** Series are multiplied with this. */
  readonly scale: number;
}

/** Pool task `glm.spm-whiten`: one block of series, whitened and without the nuisance. The means are those of before. */
export async function whiten({ series, count, time, whitening, scale }: WhitenPayload): Promise<Residualised> {
  const mean = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const row = series.subarray(i * time, (i + 1) * time);
    let sum = 0;
    for (const value of row) sum += value;
    mean[i] = sum / time;
    // A series that is not finite would be lost anyway, and NaN would spread through the products.
    for (let t = 0; t < time; t++) row[t] = Number.isFinite(sum) ? scale * (row[t]! - mean[i]!) : 0;
  }
  const whitened = await timesTransposed(series, whitening.matrix, { m: count, n: time, k: time });
  const size = { count, time, rank: whitening.rank, whitened: true };
  const { residuals, state } = await residualise(whitened, whitening.nuisance, size);
  return { residuals, state, mean };
}

export interface ErrorsPayload {
  readonly whitening: Whitening;
  /** Whitened, without the nuisance [kernel, time]. */
  readonly regressors: Float64Array;
  readonly time: number;
  /** Rows of a kernel. */
  readonly perKernel: number;
}

/** Pool task `glm.spm-errors`. */
export async function errors({ whitening, regressors, time, perKernel }: ErrorsPayload): Promise<SpmErrors> {
  const { matrix, lags, nuisance, rank } = whitening;
  const square = { m: time, n: time, k: time };
  const half = await timesTransposed(matrix, toeplitz(lags, time), square);
  const noise = await timesTransposed(half, matrix, square);
  return spmErrors(noise, nuisance, rank, regressors, time, perKernel);
}
