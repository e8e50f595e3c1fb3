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
 * Inner products of whitened series, for a set of values of rho, with the nuisance projected out again.
 *
 * Whitening keeps the first row and replaces the others by `a_t - rho a_(t-1)`, which turns an inner product into
 *   `<a,b> = (1 + rho^2) a'b - rho a'Sb - rho^2 a_T b_T`.
 * With orthonormal nuisance rows `Z` that are orthogonal to `x` and `y`, the projected product is
 *   `<x,y> - h_x' G^-1 h_y`, `h_a = rho (Z S a + rho z a_T)`, `G = (1 + rho^2) I - rho Z S Z' - rho^2 z z'`, `z` the last
 * column of `Z`. The nuisance is rotated so that `Z S Z'` is diagonal; then `G = D - rho^2 z z'` with a diagonal `D`,
 * and its inverse costs a few multiplications per row (Sherman & Morrison 1950), for any rho.
 */
export interface LagOneMetric {
  readonly rank: number;
  /** The values of rho [value]. */
  readonly rho: Float64Array;
  /** `Z S` for the rotated nuisance [rank, time]: `Z S a` is its product with a series. */
  readonly shiftedNuisance: Float64Array;
  /** `z`, the last column of the rotated nuisance [rank]. */
  readonly last: Float64Array;
  /** `1 / d_p` [value, rank]. */
  readonly inverse: Float64Array;
  /** `rho^2 / (1 - rho^2 z'D^-1 z)`, the factor of the rank-one part of the inverse [value]. */
  readonly factor: Float64Array;
}

/** `nuisance` has orthonormal rows [rank, time]. */
export function lagOneMetric(nuisance: Float64Array, rank: number, time: number, rho: Float64Array): LagOneMetric {
  const { rows, eigenvalues } = diagonalised(nuisance, rank, time);
  const last = Float64Array.from({ length: rank }, (_, p) => rows[p * time + time - 1]!);
  const inverse = new Float64Array(rho.length * rank);
  const factor = new Float64Array(rho.length);
  rho.forEach((r, b) => {
    let lastNorm = 0;
    for (let p = 0; p < rank; p++) {
      inverse[b * rank + p] = 1 / (1 + r * r - r * eigenvalues[p]!);
      lastNorm += last[p]! ** 2 * inverse[b * rank + p]!;
    }
    factor[b] = (r * r) / (1 - r * r * lastNorm);
  });
  return { rank, rho, shiftedNuisance: shifted(rows, rank, time), last, inverse, factor };
}

/** Rotates orthonormal rows `Z` so that `Z S Z'` is diagonal. Its eigenvalues lie between -2 and 2. */
function diagonalised(nuisance: Float64Array, rank: number, time: number) {
  if (rank === 0) return { rows: nuisance, eigenvalues: [] };
  const z = Matrix.from1DArray(rank, time, nuisance);
  const lag = z.mmul(Matrix.from1DArray(rank, time, shifted(nuisance, rank, time)).transpose());
  const eigen = new EigenvalueDecomposition(lag, { assumeSymmetric: true });
  const rows = eigen.eigenvectorMatrix.transpose().mmul(z);
  return { rows: Float64Array.from(rows.to1DArray()), eigenvalues: eigen.realEigenvalues };
}

/** What the metric needs of a set of series that are free of the nuisance: `a'a`, `a'Sa`, `a_T` [series], `Z S a` [series, rank]. */
export interface LagOneSeries {
  readonly norm: Float64Array;
  readonly lag: Float64Array;
  readonly last: Float64Array;
  readonly nuisance: Float64Array;
}

/** `series` [series, time]. */
export async function lagOneSeries(
  metric: LagOneMetric,
  series: Float64Array,
  count: number,
  time: number,
): Promise<LagOneSeries> {
  const norm = new Float64Array(count);
  const lag = new Float64Array(count);
  const last = new Float64Array(count);
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
    last[i] = before;
  }
  const size = { m: count, n: metric.rank, k: time };
  const nuisance = await timesTransposed(series.subarray(0, count * time), metric.shiftedNuisance, size);
  return { norm, lag, last, nuisance };
}

/** The projected whitened norm `<a,a>` of every series at one rho: [series]. */
export function whitenedNorms(metric: LagOneMetric, value: number, series: LagOneSeries): Float64Array {
  const { rank, last } = metric;
  const r = metric.rho[value]!;
  const inverse = metric.inverse.subarray(value * rank, (value + 1) * rank);
  const factor = metric.factor[value]!;
  const out = new Float64Array(series.norm.length);
  for (let i = 0; i < out.length; i++) {
    const end = series.last[i]!;
    let explained = 0;
    let along = 0;
    for (let p = 0; p < rank; p++) {
      const h = series.nuisance[i * rank + p]! + r * last[p]! * end;
      const scaled = h * inverse[p]!;
      explained += h * scaled;
      along += scaled * last[p]!;
    }
    const plain = (1 + r * r) * series.norm[i]! - r * series.lag[i]! - r * r * end * end;
    out[i] = plain - r * r * (explained + factor * along * along);
  }
  return out;
}

/**
 * One series as the other side of an inner product at one rho. Writes `w` [rank + 1] at `offset` of `weights`, such that
 * `<x,y> = (1 + rho^2) x'y - rho x'Sy - w . (Z S x, x_T)`, and returns the projected whitened norm `<y,y>`.
 */
export function whitenedSide(
  metric: LagOneMetric,
  value: number,
  series: LagOneSeries,
  index: number,
  weights: Float64Array,
  offset: number,
): number {
  const { rank, inverse, last } = metric;
  const r = metric.rho[value]!;
  const end = series.last[index]!;
  let along = 0;
  for (let p = 0; p < rank; p++) {
    const h = r * (series.nuisance[index * rank + p]! + r * last[p]! * end);
    const scaled = h * inverse[value * rank + p]!;
    weights[offset + p] = scaled;
    along += scaled * last[p]!;
  }
  const rankOne = metric.factor[value]! * along;
  let explained = 0;
  let lastWeight = 0;
  for (let p = 0; p < rank; p++) {
    const g = weights[offset + p]! + rankOne * last[p]! * inverse[value * rank + p]!;
    explained += g * r * (series.nuisance[index * rank + p]! + r * last[p]! * end);
    lastWeight += g * last[p]!;
    weights[offset + p] = r * g;
  }
  weights[offset + rank] = r * r * (lastWeight + end);
  return (1 + r * r) * series.norm[index]! - r * series.lag[index]! - r * r * end * end - explained;
}
