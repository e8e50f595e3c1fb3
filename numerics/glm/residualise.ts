import { collinearBelow } from '../orthonormal.js';
import { timesTransposed } from '../products.js';

export interface Residualised {
  /** What the nuisance leaves of every series [series, time]; all 0 for a series that is not usable. */
  readonly residuals: Float64Array;
  /** Mean of every series over time [series], before anything is taken out. */
  readonly mean: Float64Array;
  /** State of every series [series]; see the constants below. */
  readonly state: Uint8Array;
}

/** Varies, also after the nuisance is taken out. */
export const usable = 0;
/** The same value at all times: its standard deviation is below 1e-12 of its mean. */
export const constant = 1;
/** Has a NaN or an infinite value. */
export const notFinite = 2;
/** Varies, but not beyond what the nuisance columns explain (less than 1e-7 of its standard deviation is left). */
export const explained = 3;

/**
 * Takes the nuisance out of series: `M y` with `M = I - Q'Q` (Frisch & Waugh 1933, Econometrica 1:387-401; Lovell 1963).
 *
 * `series` [series, time] is overwritten. `nuisance` [rank, time] has orthonormal rows whose span holds the constant,
 * so the mean is subtracted first (digits are not spent on the mean of a BOLD series), then the projection is done
 * twice, which leaves `Q'M y` at rounding. With `whitened` the span holds a whitened constant, and no mean is subtracted.
 */
export async function residualise(
  series: Float64Array,
  nuisance: Float64Array,
  { count, time, rank, whitened = false }: { count: number; time: number; rank: number; whitened?: boolean },
): Promise<Residualised> {
  const mean = new Float64Array(count);
  const state = new Uint8Array(count);
  const spread = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const row = series.subarray(i * time, (i + 1) * time);
    mean[i] = meanOf(row);
    state[i] = stateOf(row, mean[i]!);
    // Values such as NaN would spread through the products below.
    if (state[i] !== usable) row.fill(0);
    else if (!whitened) for (let t = 0; t < time; t++) row[t]! -= mean[i]!;
    spread[i] = sumOfSquares(row);
  }
  const columns = transposed(nuisance, rank, time);
  const coefficients = new Float64Array(count * rank);
  const fitted = new Float64Array(count * time);
  for (let pass = 0; pass < 2; pass++) {
    await timesTransposed(series, nuisance, { m: count, n: rank, k: time }, coefficients);
    await timesTransposed(coefficients, columns, { m: count, n: time, k: rank }, fitted);
    for (let i = 0; i < fitted.length; i++) series[i]! -= fitted[i]!;
  }
  for (let i = 0; i < count; i++) {
    if (state[i] !== usable) continue;
    const row = series.subarray(i * time, (i + 1) * time);
    if (sumOfSquares(row) > collinearBelow ** 2 * spread[i]!) continue;
    state[i] = explained;
    row.fill(0);
  }
  return { residuals: series, mean, state };
}

/** [rows, columns] to [columns, rows]. */
export function transposed(matrix: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(matrix.length);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) out[c * rows + r] = matrix[r * columns + c]!;
  }
  return out;
}

function stateOf(row: Float64Array, mean: number): number {
  let squares = 0;
  for (const value of row) {
    if (!Number.isFinite(value)) return notFinite;
    squares += (value - mean) ** 2;
  }
  return Math.sqrt(squares / row.length) > 1e-12 * Math.abs(mean) ? usable : constant;
}

function meanOf(row: Float64Array): number {
  let sum = 0;
  for (const value of row) sum += value;
  return sum / row.length;
}

function sumOfSquares(row: Float64Array): number {
  let sum = 0;
  for (const value of row) sum += value * value;
  return sum;
}
