import { inverse, Matrix } from 'ml-matrix';
import { timesTransposed } from '../products.js';
import { isPositiveDefinite, timesToeplitz, toeplitzInverse } from './toeplitz.js';

/*
 * The serial correlation of a whole brain as SPM12 (r7738) estimates it: one covariance for all voxels, a mixture of two
 * components. ReML by Fisher scoring (Friston et al. 2002, NeuroImage 16:484-512; for the regularised steps Friston et
 * al. 2007, NeuroImage 34:220-234). Where the iteration stops is part of the numbers, so its rules are SPM's.
 */

/** Where the correlation of an AR(1) process is expanded. */
const expansion = 0.2;
/** Correlations at or below this count as 0. */
const smallestCorrelation = 1e-4;

/**
 * The two components `Q - a dQ/da` and `Q + a dQ/da` at a = 0.2, `Q` the AR(1) correlations `a^lag`: first rows of
 * symmetric Toeplitz matrices, up to the last lag that counts. The derivative is a forward difference, as in SPM.
 */
export function spmComponents(time: number): readonly [Float64Array, Float64Array] {
  const step = Math.exp(-8);
  const at = (a: number) => {
    const lags = Float64Array.from({ length: time }, (_, lag) => a ** lag);
    return lags.map((value) => (value > smallestCorrelation ? value : 0));
  };
  const [q, next] = [at(expansion), at(expansion + step)];
  const band = Math.max(next.lastIndexOf(next.findLast((value) => value > 0)!), 0) + 1;
  const component = (sign: number) =>
    q.slice(0, band).map((value, lag) => value + sign * (((next[lag]! - value) / step) * expansion));
  return [component(-1), component(1)];
}

export interface SerialCorrelation {
  /** Weights of the two components. */
  readonly weights: readonly [number, number];
  /** First row of `V`, which has ones on its diagonal, up to its last lag that is not 0. */
  readonly lags: Float64Array;
}

const iterations = 32;
const hyperPrecision = Math.exp(-8);

/**
 * ReML estimate from a scatter matrix [time, time] of series of unit noise variance. `basis` [rank, time] spans, in
 * orthonormal rows, the design with the columns of the high-pass filter. Undefined where the components cannot be told
 * apart, or what is estimated is not a covariance.
 */
export async function spmReml(
  scatter: Float64Array,
  basis: Float64Array,
  rank: number,
  time: number,
): Promise<SerialCorrelation | undefined> {
  const components = spmComponents(time);
  const weights: [number, number] = [1, 0];
  let regularisation = 4;
  let predicted = Number.POSITIVE_INFINITY;
  let curvature = [0, 0, 0] as const as readonly number[];
  for (let iteration = 0; iteration < iterations; iteration++) {
    const precision = await projectedPrecision(mixture(components, weights), basis, rank, time);
    if (!precision) return undefined;
    const explained = await timesTransposed(precision, scatter, { m: time, n: time, k: time });
    const products = components.map((lags) => timesToeplitz(precision, lags, time));
    const [first, second] = products as [Float64Array, Float64Array];
    const slope = products.map((product, i) => {
      let trace = 0;
      for (let t = 0; t < time; t++) trace += product[t * time + t]!;
      return (traceOfProduct(product, explained, time) - trace) / 2 - hyperPrecision * weights[i]!;
    });
    curvature = [
      -traceOfProduct(first, first, time) / 2 - hyperPrecision,
      -traceOfProduct(first, second, time) / 2,
      -traceOfProduct(second, second, time) / 2 - hyperPrecision,
    ];
    const step = regularisedStep(curvature, slope, regularisation);
    weights[0] += step[0];
    weights[1] += step[1];
    const gain = slope[0]! * step[0] + slope[1]! * step[1];
    regularisation = gain > predicted ? Math.max(regularisation - 1, -8) : Math.min(regularisation + 0.25, 8);
    if (!Number.isFinite(gain) || Math.max(...step.map(Math.abs)) > 1e6) return undefined;
    predicted = gain;
    if (gain < 0.1) break;
  }
  const covariance = mixture(components, weights);
  if (!isPositiveDefinite(covariance, time) || Math.log(condition(curvature)) > 16) return undefined;
  return { weights, lags: covariance.map((value) => value / covariance[0]!) };
}

function mixture([a, b]: readonly [Float64Array, Float64Array], [first, second]: readonly [number, number]) {
  return a.map((value, lag) => first * value + second * b[lag]!);
}

/** `C^-1 - C^-1 X' (X C^-1 X')^-1 X C^-1` [time, time]; SPM adds a little to the diagonals before it inverts. */
async function projectedPrecision(
  lags: Float64Array,
  basis: Float64Array,
  rank: number,
  time: number,
): Promise<Float64Array | undefined> {
  const sum = 2 * lags.reduce((total, value) => total + Math.abs(value), 0) - Math.abs(lags[0]!);
  const precision = toeplitzInverse(lags.with(0, lags[0]! + ridge(sum, time)), time);
  if (!precision || rank === 0) return precision;
  const weighted = await timesTransposed(basis, precision, { m: rank, n: time, k: time });
  const inner = Matrix.from1DArray(rank, rank, await timesTransposed(weighted, basis, { m: rank, n: rank, k: time }));
  const largest = Math.max(...inner.to2DArray().map((row) => row.reduce((total, value) => total + Math.abs(value), 0)));
  const inverted = Float64Array.from(inverse(inner.add(Matrix.eye(rank).mul(ridge(largest, rank)))).to1DArray());
  const columns = new Float64Array(rank * time);
  for (let r = 0; r < rank; r++) for (let t = 0; t < time; t++) columns[t * rank + r] = weighted[r * time + t]!;
  const half = await timesTransposed(columns, inverted, { m: time, n: rank, k: rank });
  const explained = await timesTransposed(half, columns, { m: time, n: time, k: rank });
  for (let i = 0; i < precision.length; i++) precision[i]! -= explained[i]!;
  return precision;
}

function ridge(norm: number, size: number): number {
  const spacing = 2 ** (Math.floor(Math.log2(norm)) - 52);
  return Math.max(spacing * size, Math.exp(-32));
}

/** tr(A B). */
function traceOfProduct(a: Float64Array, b: Float64Array, size: number): number {
  let sum = 0;
  for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) sum += a[i * size + j]! * b[j * size + i]!;
  return sum;
}

/**
 * The way of a Fisher scoring step after a time that is `exp(regularisation)` in units of the mean curvature:
 * `(exp(t J) - I) J^-1 f` for the symmetric `J` (its elements 11, 12, 22) and the slope `f`.
 */
function regularisedStep([a, b, d]: readonly number[], slope: readonly number[], regularisation: number) {
  const t = Math.exp(regularisation - Math.log(Math.abs(a! * d! - b! * b!)) / 2);
  const angle = Math.atan2(2 * b!, a! - d!) / 2;
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  const step: [number, number] = [0, 0];
  for (const [x, y] of [
    [cosine, sine],
    [-sine, cosine],
  ] as const) {
    const value = a! * x * x + 2 * b! * x * y + d! * y * y;
    const along = (Math.expm1(t * value) / value) * (x * slope[0]! + y * slope[1]!);
    step[0] += along * x;
    step[1] += along * y;
  }
  return step;
}

/** In the 1-norm, of a symmetric 2 x 2 matrix. */
function condition([a, b, d]: readonly number[]): number {
  const norm = Math.max(Math.abs(a!) + Math.abs(b!), Math.abs(b!) + Math.abs(d!));
  return norm ** 2 / Math.abs(a! * d! - b! * b!);
}
