import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { timesTransposed } from '../products.js';

/** `S` of a series, the symmetric lag-1 shift: `(S a)_t = a_(t-1) + a_(t+1)`, so that `a'Sb = sum a_t b_(t+1) + a_(t+1) b_t`. Rows of [row, time]. */
export function shifted(rows: Float64Array, count: number, time: number): Float64Array {
  const out = new Float64Array(count * time);
  for (let r = 0; r < count; r++) {
    const start = r * time;
    for (let t = 0; t < time; t++) {
      const before = t > 0 ? rows[start + t - 1]! : 0;
      const after = t < time - 1 ? rows[start + t + 1]! : 0;
      out[start + t] = before + after;
    }
  }
  return out;
}

/**
 * What whitening by `a_t - rho a_(t-1)` does with the first row, which has nothing before it.
 * - `kept`: leaves it as it is
 * - `scaled`: multiplies it by `sqrt(1 - rho^2)`, so that all rows of stationary noise have the same variance
 */
export type FirstRow = 'kept' | 'scaled';

/**
 * Inner products of whitened series, for a set of values of rho, with the nuisance projected out again.
 *
 * Whitening replaces all rows but the first by `a_t - rho a_(t-1)`, which turns an inner product into
 *   `<a,b> = (1 + rho^2) a'b - rho a'Sb - rho^2 (a_T b_T + c a_1 b_1)`, `c` 0 for a first row that is kept, 1 for scaled.
 * With orthonormal nuisance rows `Z` that are orthogonal to `x` and `y`, the projected product is
 *   `<x,y> - h_x' G^-1 h_y`, `h_a = rho (Z S a + rho E e_a)`, `G = (1 + rho^2) I - rho Z S Z' - rho^2 E E'`, where `E` has
 * the last column of `Z` and `c` times its first, `e_a = (a_T, c a_1)`. The nuisance is rotated so that `Z S Z'` is
 * diagonal; then `G = D - rho^2 E E'` with a diagonal `D`, and its inverse is `D^-1 + D^-1 E F E' D^-1` with
 * `F = rho^2 (I - rho^2 E'D^-1 E)^-1`, two by two (Woodbury 1950): a few multiplications per row, for any rho.
 */
export interface LagOneMetric {
  readonly rank: number;
  /** Values that whitening needs of a series beside its inner products: `Z S a`, `a_T` and, if scaled, `a_1`. */
  readonly width: number;
  /** The values of rho [value]. */
  readonly rho: Float64Array;
  /** `Z S` for the rotated nuisance [rank, time]: `Z S a` is its product with a series. */
  readonly shiftedNuisance: Float64Array;
  /** The last column of the rotated nuisance [rank]. */
  readonly last: Float64Array;
  /** Its first column; 0 where the first row is kept [rank]. */
  readonly first: Float64Array;
  /** `1 / d_p` [value, rank]. */
  readonly inverse: Float64Array;
  /** `F` of last and last, last and first, first and first [value, 3]. */
  readonly factor: Float64Array;
}

/** `nuisance` has orthonormal rows [rank, time]. */
export function lagOneMetric(
  nuisance: Float64Array,
  rank: number,
  time: number,
  rho: Float64Array,
  firstRow: FirstRow,
): LagOneMetric {
  const { rows, eigenvalues } = diagonalised(nuisance, rank, time);
  const last = Float64Array.from({ length: rank }, (_, p) => rows[p * time + time - 1]!);
  const first = Float64Array.from({ length: rank }, (_, p) => (firstRow === 'scaled' ? rows[p * time]! : 0));
  const inverse = new Float64Array(rho.length * rank);
  const factor = new Float64Array(rho.length * 3);
  rho.forEach((r, b) => {
    let [lastLast, lastFirst, firstFirst] = [0, 0, 0];
    for (let p = 0; p < rank; p++) {
      const scale = 1 / (1 + r * r - r * eigenvalues[p]!);
      inverse[b * rank + p] = scale;
      lastLast += last[p]! * last[p]! * scale;
      lastFirst += last[p]! * first[p]! * scale;
      firstFirst += first[p]! * first[p]! * scale;
    }
    const square = r * r;
    const [a, c, d] = [1 - square * lastLast, square * lastFirst, 1 - square * firstFirst];
    const scale = square / (a * d - c * c);
    factor.set([scale * d, scale * c, scale * a], b * 3);
  });
  const width = rank + (firstRow === 'scaled' ? 2 : 1);
  return { rank, width, rho, shiftedNuisance: shifted(rows, rank, time), last, first, inverse, factor };
}

/** Rotates orthonormal rows `Z` so that `Z S Z'` is diagonal. Its eigenvalues lie between -2 and 2. */
export function diagonalised(
  nuisance: Float64Array,
  rank: number,
  time: number,
): { readonly rows: Float64Array; readonly eigenvalues: readonly number[] } {
  if (rank === 0) return { rows: nuisance, eigenvalues: [] };
  const z = Matrix.from1DArray(rank, time, nuisance);
  const lag = z.mmul(Matrix.from1DArray(rank, time, shifted(nuisance, rank, time)).transpose());
  const eigen = new EigenvalueDecomposition(lag, { assumeSymmetric: true });
  const rows = eigen.eigenvectorMatrix.transpose().mmul(z);
  return { rows: Float64Array.from(rows.to1DArray()), eigenvalues: eigen.realEigenvalues };
}

/** What the metric needs of a set of series that are free of the nuisance. */
export interface LagOneSeries {
  /** `a'a` [series]. */
  readonly norm: Float64Array;
  /** `a'Sa` [series]. */
  readonly lag: Float64Array;
  /** `(Z S a, a_T)`, and `a_1` where the first row is scaled [series, width]. */
  readonly ends: Float64Array;
}

/** `series` [series, time]. */
export async function lagOneSeries(
  { rank, width, shiftedNuisance }: LagOneMetric,
  series: Float64Array,
  count: number,
  time: number,
): Promise<LagOneSeries> {
  const norm = new Float64Array(count);
  const lag = new Float64Array(count);
  const ends = new Float64Array(count * width);
  const size = { m: count, n: rank, k: time };
  const nuisance = await timesTransposed(series.subarray(0, count * time), shiftedNuisance, size);
  for (let i = 0; i < count; i++) {
    let squares = 0;
    let neighbours = 0;
    let before = 0;
    for (let t = i * time; t < (i + 1) * time; t++) {
      const value = series[t]!;
      squares += value * value;
      neighbours += value * before;
      before = value;
    }
    norm[i] = squares;
    lag[i] = 2 * neighbours;
    for (let p = 0; p < rank; p++) ends[i * width + p] = nuisance[i * rank + p]!;
    ends[i * width + rank] = before;
    if (width > rank + 1) ends[i * width + rank + 1] = series[i * time]!;
  }
  return { norm, lag, ends };
}

/** The projected whitened norm `<a,a>` of every series at one rho: [series]. */
export function whitenedNorms(metric: LagOneMetric, value: number, { norm, lag, ends }: LagOneSeries): Float64Array {
  const { rank, width, last, first } = metric;
  const r = metric.rho[value]!;
  const inverse = metric.inverse.subarray(value * rank, (value + 1) * rank);
  const [lastLast, lastFirst, firstFirst] = metric.factor.subarray(value * 3, value * 3 + 3) as unknown as number[];
  const out = new Float64Array(norm.length);
  for (let i = 0; i < out.length; i++) {
    const at = i * width;
    const end = ends[at + rank]!;
    const start = width > rank + 1 ? ends[at + rank + 1]! : 0;
    let explained = 0;
    let alongLast = 0;
    let alongFirst = 0;
    for (let p = 0; p < rank; p++) {
      const h = ends[at + p]! + r * (last[p]! * end + first[p]! * start);
      const scaled = h * inverse[p]!;
      explained += h * scaled;
      alongLast += scaled * last[p]!;
      alongFirst += scaled * first[p]!;
    }
    explained += lastLast! * alongLast * alongLast + 2 * lastFirst! * alongLast * alongFirst;
    explained += firstFirst! * alongFirst * alongFirst;
    const plain = (1 + r * r) * norm[i]! - r * lag[i]! - r * r * (end * end + start * start);
    out[i] = plain - r * r * explained;
  }
  return out;
}

/**
 * One series as the other side of an inner product at one rho. Writes `w` [width] at `offset` of `weights`, such that
 * `<x,y> = (1 + rho^2) x'y - rho x'Sy - w . (Z S x, x_T, x_1)`, and returns the projected whitened norm `<y,y>`.
 */
export function whitenedSide(
  metric: LagOneMetric,
  value: number,
  { norm, lag, ends }: LagOneSeries,
  index: number,
  weights: Float64Array,
  offset: number,
): number {
  const { rank, width, inverse, last, first, factor } = metric;
  const r = metric.rho[value]!;
  const from = value * rank;
  const at = index * width;
  const end = ends[at + rank]!;
  const start = width > rank + 1 ? ends[at + rank + 1]! : 0;
  let alongLast = 0;
  let alongFirst = 0;
  for (let p = 0; p < rank; p++) {
    const h = r * (ends[at + p]! + r * (last[p]! * end + first[p]! * start));
    const scaled = h * inverse[from + p]!;
    weights[offset + p] = scaled;
    alongLast += scaled * last[p]!;
    alongFirst += scaled * first[p]!;
  }
  const onLast = factor[value * 3]! * alongLast + factor[value * 3 + 1]! * alongFirst;
  const onFirst = factor[value * 3 + 1]! * alongLast + factor[value * 3 + 2]! * alongFirst;
  let explained = 0;
  let lastWeight = end;
  let firstWeight = start;
  for (let p = 0; p < rank; p++) {
    const g = weights[offset + p]! + (onLast * last[p]! + onFirst * first[p]!) * inverse[from + p]!;
    explained += g * r * (ends[at + p]! + r * (last[p]! * end + first[p]! * start));
    lastWeight += g * last[p]!;
    firstWeight += g * first[p]!;
    weights[offset + p] = r * g;
  }
  weights[offset + rank] = r * r * lastWeight;
  if (width > rank + 1) weights[offset + rank + 1] = r * r * firstWeight;
  return (1 + r * r) * norm[index]! - r * lag[index]! - r * r * (end * end + start * start) - explained;
}

/**
 * Series in the form `z` for which `x'z` is the projected whitened product `<x,y>` with any `x` that is free of the
 * nuisance, and their projected whitened norms; `bins` are the places of their rho in the metric [series].
 */
export async function whitenedSeries(
  metric: LagOneMetric,
  bins: Int32Array,
  series: Float64Array,
  count: number,
  time: number,
): Promise<{ readonly series: Float64Array; readonly norms: Float64Array }> {
  const { rank, width, shiftedNuisance } = metric;
  const own = await lagOneSeries(metric, series, count, time);
  const weights = new Float64Array(count * width);
  const norms = new Float64Array(count);
  for (let i = 0; i < count; i++) norms[i] = whitenedSide(metric, bins[i]!, own, i, weights, i * width);
  // What the weights are for, by volume [time, width]: `Z S`, the last volume, the first.
  const columns = new Float64Array(time * width);
  for (let p = 0; p < rank; p++) {
    for (let t = 0; t < time; t++) columns[t * width + p] = shiftedNuisance[p * time + t]!;
  }
  columns[(time - 1) * width + rank] = 1;
  if (width > rank + 1) columns[rank + 1] = 1;
  const out = await timesTransposed(weights, columns, { m: count, n: time, k: width });
  for (let i = 0; i < count; i++) {
    const r = metric.rho[bins[i]!]!;
    const diagonal = 1 + r * r;
    let before = 0;
    for (let t = i * time; t < (i + 1) * time; t++) {
      const value = series[t]!;
      const after = t + 1 < (i + 1) * time ? series[t + 1]! : 0;
      out[t] = diagonal * value - r * (before + after) - out[t]!;
      before = value;
    }
  }
  return { series: out, norms };
}
