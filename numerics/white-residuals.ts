import { orthonormalBasis } from './orthonormal.js';
import { timesTransposed } from './products.js';

/*
 * What the residuals of a linear model look like when its noise is white. A model takes what its columns span, so residuals of
 * white noise are not white: with `R` the residual-former of a design, `E r'Br / r'r` is `tr(RB) / tr(R)` for any `B`.
 */

/** Values that residuals of white noise are expected to have. */
export interface WhiteResiduals {
  /** Their degrees of freedom, the trace of `R`. */
  readonly df: number;
  /** `sum r_t r_(t+1) / sum r_t^2`. */
  readonly lagOne: number;
  /** Mean and standard deviation of the Durbin-Watson statistic, `sum (r_t - r_(t-1))^2 / sum r_t^2`. */
  readonly durbinWatson: number;
  readonly durbinWatsonSd: number;
  /** Periodogram `|sum r_t e^(-iwt)|^2 / (T s^2)`, `s^2 = sum r_t^2 / df`, at the frequencies of `waves`. */
  readonly power: Float64Array;
}

/** Cosine and sine at `f / T` for f from 1 to T / 2 [2 x frequency, time]. */
export function waves(time: number): Float64Array {
  const frequencies = Math.floor(time / 2);
  const rows = new Float64Array(2 * frequencies * time);
  for (let f = 0; f < frequencies; f++) {
    for (let t = 0; t < time; t++) {
      const angle = (2 * Math.PI * (((f + 1) * t) % time)) / time;
      rows[2 * f * time + t] = Math.cos(angle);
      rows[(2 * f + 1) * time + t] = Math.sin(angle);
    }
  }
  return rows;
}

/** `|sum a_t e^(-iwt)|^2` of rows `a` [row, time] at the frequencies of `waves` [row, frequency]. */
export async function powerOf(rows: Float64Array, count: number, time: number, sines: Float64Array) {
  const width = sines.length / time;
  const parts = await timesTransposed(rows, sines, { m: count, n: width, k: time });
  return Float64Array.from({ length: (count * width) / 2 }, (_, i) => parts[2 * i]! ** 2 + parts[2 * i + 1]! ** 2);
}

/** The design without its last column, from which the designs of many kernels are made. */
export interface SharedDesign {
  /** Orthonormal rows [rank, time]. */
  readonly rows: Float64Array;
  readonly rank: number;
  /** Traces of `RS`, `RA`, `RARA` (see `whiteResiduals`). */
  readonly lag: number;
  readonly differences: number;
  readonly squares: number;
  /** What white noise of variance 1 leaves at every frequency, as a share of what it has. */
  readonly power: Float64Array;
}

/** `columns` [column, time] need not be independent. */
export async function sharedDesign(columns: Float64Array, time: number, sines: Float64Array): Promise<SharedDesign> {
  const all = Array.from({ length: columns.length / time }, (_, i) => columns.subarray(i * time, (i + 1) * time));
  const { rows, rank } = orthonormalBasis(all, time);
  // With A = D'D of the differences: tr(A) = 2T - 2 and tr(AA) = 6T - 8.
  let [lag, differences, squares] = [0, 2 * time - 2, 6 * time - 8];
  const images = new Float64Array(rank * time);
  for (let p = 0; p < rank; p++) images.set(differenced(rows.subarray(p * time, (p + 1) * time)), p * time);
  const forms = await timesTransposed(rows, images, { m: rank, n: rank, k: time });
  for (let p = 0; p < rank; p++) {
    lag -= 2 * neighbours(rows.subarray(p * time, (p + 1) * time));
    differences -= forms[p * rank + p]!;
    squares -= 2 * dot(images.subarray(p * time, (p + 1) * time), images.subarray(p * time, (p + 1) * time));
  }
  for (const form of forms) squares += form * form;
  const frequencies = sines.length / time / 2;
  const power = new Float64Array(frequencies).fill(1);
  const taken = await powerOf(rows, rank, time, sines);
  taken.forEach((value, i) => {
    power[i % frequencies]! -= value / time;
  });
  return { rows, rank, lag, differences, squares, power };
}

/**
 * The expectations for a design with one column `u` more: of length 1 and free of the shared ones. With `A` the matrix of
 * `sum (r_t - r_(t-1))^2`, `n = tr(R)`, `P = tr(RA)` and `Q = tr(RARA)` the Durbin-Watson statistic has the mean `P / n` and
 * the variance `2 (Q - P^2 / n) / (n (n + 2))` (Durbin & Watson 1950, Biometrika 37:409-428).
 */
export async function whiteResiduals(
  { rows, rank, lag, differences, squares, power }: SharedDesign,
  u: Float64Array,
  sines: Float64Array,
): Promise<WhiteResiduals> {
  const time = u.length;
  const n = time - rank - 1;
  const image = differenced(u);
  const form = dot(u, image);
  let along = dot(image, image);
  for (let p = 0; p < rank; p++) along -= dot(image, rows.subarray(p * time, (p + 1) * time)) ** 2;
  const [P, Q] = [differences - form, squares - 2 * along + form * form];
  const own = await powerOf(u, 1, time, sines);
  return {
    df: n,
    lagOne: (lag / 2 - neighbours(u)) / n,
    durbinWatson: P / n,
    durbinWatsonSd: Math.sqrt(Math.max(0, (2 * (Q - (P * P) / n)) / (n * (n + 2)))),
    power: power.map((share, f) => share - own[f]! / time),
  };
}

/** `A a` with `a'Aa = sum (a_t - a_(t-1))^2`. */
function differenced(a: Float64Array): Float64Array {
  const last = a.length - 1;
  return a.map((value, t) => (t > 0 ? value - a[t - 1]! : 0) + (t < last ? value - a[t + 1]! : 0));
}

/** `sum a_t a_(t+1)` */
export function neighbours(a: Float64Array): number {
  let sum = 0;
  for (let t = 1; t < a.length; t++) sum += a[t - 1]! * a[t]!;
  return sum;
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let t = 0; t < a.length; t++) sum += a[t]! * b[t]!;
  return sum;
}
