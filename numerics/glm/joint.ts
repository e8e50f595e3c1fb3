import { Matrix, QrDecomposition } from 'ml-matrix';
import { orthonormalBasis } from '../orthonormal.js';
import { timesTransposed } from '../products.js';
import { smallestResidual } from '../smallest-residual.js';
import { rhoAt, rhoEdges, rhoTable } from './ar1.js';
import { expectedLagOne } from './expected-lag-one.js';
import { momentsPerSeries, scaledTotal, whitenedTotal } from './moments.js';

/** As in the models of one kernel each (see `ar1Estimator` and `ar1NilearnEstimator`). */
export type JointNoise = 'ols' | 'ar1' | 'ar1-nilearn';

/**
 * One model with all regressors, of voxels whose series and regressors are free of the nuisance (see `residualise`).
 * With `ar1` and `ar1-nilearn` series and design are whitened and the nuisance is projected out again.
 */
export interface JointModel {
  readonly noise: JointNoise;
  readonly time: number;
  readonly kernels: number;
  readonly rank: number;
  /** [kernel, time]; a row that is all 0, or a combination of others, does not count for the rank. */
  readonly regressors: Float64Array;
  /** Orthonormal rows [rank, time]. */
  readonly nuisance: Float64Array;
}

/** Weights [row, kernel] of a contrast: one row is a t contrast, several (or `F`) are tested together. */
export interface JointContrast {
  readonly type: 't' | 'F';
  readonly rows: readonly Float64Array[];
}

/** An orthonormal basis of the design at one rho, and the contrasts in its coordinates. */
export interface JointDesign {
  readonly rho: number;
  /** Orthonormal rows [width, time]: the nuisance first, then what the regressors add. */
  readonly basis: Float64Array;
  readonly width: number;
  /** Rows of the basis that belong to the nuisance. */
  readonly nuisance: number;
  /** Rows that the regressors add: their rank. */
  readonly rank: number;
  /** Per contrast its rows in the coordinates of the regressors' part, each [rank]; null where it cannot be estimated. */
  readonly contrasts: readonly (readonly Float64Array[] | null)[];
}

/** A contrast whose weights differ by more than this share from what the design can tell is not estimable. */
const estimableBelow = 1e-6;

/**
 * The design at one rho (0: as it is). A contrast `c` of the coefficients is estimable when the regressors
 * `X = L U` (U the basis) allow `c = L a`; then its estimate is `a'U y` with the variance `a'a sigma^2`, which holds
 * for regressors that are combinations of each other too. The rows of an F contrast become orthonormal, and rows that
 * repeat others are dropped, so that F is `|A U y|^2 / rows / sigma^2`.
 */
export function jointDesign(model: JointModel, contrasts: readonly JointContrast[], rho: number): JointDesign {
  const { time, kernels, rank: nuisanceRank } = model;
  const rowsOf = (rows: Float64Array, count: number) =>
    Array.from({ length: count }, (_, i) => whitened(rows.subarray(i * time, (i + 1) * time), rho, model.noise));
  const own = rowsOf(model.regressors, kernels);
  // At rho 0 the nuisance is orthogonal to everything already and needs no place in the basis.
  const nuisance = rho === 0 ? [] : rowsOf(model.nuisance, nuisanceRank);
  const { rows: basis, rank: width, dependent } = orthonormalBasis([...nuisance, ...own], time);
  const lost = dependent.filter((index) => index < nuisance.length).length;
  const first = nuisance.length - lost;
  const rank = width - first;
  const scales = own.map((row) => Math.sqrt(dot(row, row)) || 1);
  const loadings = new Matrix(
    own.map((row, k) =>
      Array.from(
        { length: rank },
        (_, r) => dot(row, basis.subarray((first + r) * time, (first + r + 1) * time)) / scales[k]!,
      ),
    ),
  );
  const solver = rank > 0 ? new QrDecomposition(loadings) : undefined;
  const coordinates = (weights: Float64Array): Float64Array | null => {
    if (!solver) return null;
    const due = Array.from(weights, (weight, k) => weight / scales[k]!);
    const a = solver.solve(Matrix.columnVector(due));
    const reached = loadings.mmul(a).to1DArray();
    const apart = Math.hypot(...due.map((value, k) => value - reached[k]!));
    return apart <= estimableBelow * Math.hypot(...due) ? Float64Array.from(a.to1DArray()) : null;
  };
  const found = contrasts.map(({ type, rows }) => {
    const all = rows.map(coordinates);
    if (!all.every((row) => row !== null)) return null;
    if (type === 't') return all;
    const { rows: flat, rank: count } = orthonormalBasis(all, rank);
    return Array.from({ length: count }, (_, i) => flat.subarray(i * rank, (i + 1) * rank));
  });
  return { rho, basis, width, nuisance: first, rank, contrasts: found };
}

/** Degrees of freedom of the residuals. */
export function jointDf({ time, rank }: JointModel, design: JointDesign): number {
  return time - rank - design.rank;
}

/** What the fit of some voxels gives; rows as the contrasts. */
export interface JointEstimates {
  /** Per contrast: effect and standard error of t, the F of F; NaN where it cannot be estimated. */
  readonly contrasts: readonly (
    | { readonly effect: Float64Array; readonly se: Float64Array }
    | { readonly F: Float64Array; readonly df1: number }
  )[];
  /** RSS / df [voxel]. */
  readonly variance: Float64Array;
  readonly r2: Float64Array;
}

/** Fits voxels of one rho. `series` [voxel, time] is free of the nuisance; `moments` and `mean` are of what it was before. */
export async function fitJoint(
  model: JointModel,
  contrasts: readonly JointContrast[],
  design: JointDesign,
  { series, moments, mean }: { series: Float64Array; moments: Float64Array; mean: Float64Array },
): Promise<JointEstimates> {
  const { time } = model;
  const { rho, basis, width, nuisance: first, rank } = design;
  const voxels = mean.length;
  const df = jointDf(model, design);
  const rows = new Float64Array(series.length);
  for (let v = 0; v < voxels; v++)
    rows.set(whitened(series.subarray(v * time, (v + 1) * time), rho, model.noise), v * time);
  const products = await timesTransposed(rows, basis, { m: voxels, n: width, k: time });
  const sums = Float64Array.from({ length: width }, (_, i) => total(basis.subarray(i * time, (i + 1) * time)));
  const variance = new Float64Array(voxels);
  const r2 = new Float64Array(voxels);
  for (let v = 0; v < voxels; v++) {
    const row = rows.subarray(v * time, (v + 1) * time);
    const norm = dot(row, row);
    const own = products.subarray(v * width, (v + 1) * width);
    const left = Math.max(norm - dot(own, own), norm * smallestResidual);
    variance[v] = df > 0 && norm > 0 ? left / df : Number.NaN;
    r2[v] = explained(model.noise, left, total(row) - dot(own, sums), {
      moments,
      at: v * momentsPerSeries,
      mean: mean[v]!,
      rho,
      time,
    });
  }
  const estimates = contrasts.map(({ type }, c) => {
    const coordinates = design.contrasts[c]!;
    if (type === 'F') return fOf(coordinates, products, width, first, variance);
    const effect = new Float64Array(voxels).fill(Number.NaN);
    const se = new Float64Array(voxels).fill(Number.NaN);
    const [a] = coordinates ?? [];
    if (!a) return { effect, se };
    const length = Math.sqrt(dot(a, a));
    for (let v = 0; v < voxels; v++) {
      const at = v * width + first;
      effect[v] = dot(a, products.subarray(at, at + rank));
      se[v] = length * Math.sqrt(variance[v]!);
    }
    return { effect, se };
  });
  return { contrasts: estimates, variance, r2 };
}

function fOf(
  coordinates: readonly Float64Array[] | null,
  products: Float64Array,
  width: number,
  first: number,
  variance: Float64Array,
): { F: Float64Array; df1: number } {
  const df1 = coordinates?.length ?? 0;
  const F = variance.map((residual, v) => {
    if (!coordinates || df1 === 0) return Number.NaN;
    let sum = 0;
    for (const a of coordinates) sum += dot(a, products.subarray(v * width + first, (v + 1) * width)) ** 2;
    return sum / df1 / residual;
  });
  return { F, df1 };
}

const truncated = (time: number) => (ratio: number) => Math.trunc(((ratio * time) / (time - 1)) * 100) / 100;

async function corrected(model: JointModel, plain: JointDesign): Promise<(ratio: number) => number> {
  const { time } = model;
  if (jointDf(model, plain) < 2) return () => 0;
  const nuisance = Float64Array.from([...model.nuisance, ...plain.basis]);
  const all = { nuisance, rank: model.rank + plain.width, regressors: new Float64Array(0), kernels: 0, time };
  const table = rhoTable((await expectedLagOne(all, rhoEdges)).nuisanceOnly);
  return (ratio) => Math.round(rhoAt(table, 2 * ratio) * 100) / 100;
}

interface Whole {
  readonly moments: Float64Array;
  readonly at: number;
  readonly mean: number;
  readonly rho: number;
  readonly time: number;
}

/**
 * R2 of a voxel: `1 - RSS / total`, the total that of the series (whitened for `ar1`) about its constant. For
 * `ar1-nilearn` nilearn's pseudo R2, the variance of the whitened prediction over that of the whitened series: the
 * whitened residuals do not sum to 0, so that one may exceed 1.
 */
function explained(noise: JointNoise, left: number, residualSum: number, series: Whole): number {
  const { moments, at, mean, rho, time } = series;
  const whole = noise === 'ar1' ? scaledTotal(moments, at, rho, time) : whitenedTotal(moments, at, mean, rho, time);
  if (!(whole > 0)) return Number.NaN;
  if (rho === 0 || noise === 'ar1') return 1 - left / whole;
  const sum = time * (1 - rho) * mean + rho * (mean + moments[at + 3]!);
  return (whole - left + (2 * sum * residualSum - residualSum ** 2) / time) / whole;
}

/**
 * rho of every voxel from the residuals of the plain fit. `ar1-nilearn`: `(sum r_t r_(t+1) / (T-1)) / (sum r_t^2 / T)`,
 * truncated toward zero to hundredths. `ar1`: the value, to the nearest hundredth, whose residuals would be expected to
 * show this much (see `expectedLagOne`); 0 with less than two degrees of freedom.
 */
export async function jointRho(model: JointModel, plain: JointDesign, series: Float64Array): Promise<Float64Array> {
  const { time } = model;
  const voxels = series.length / time;
  const { basis, width } = plain;
  const products = await timesTransposed(series, basis, { m: voxels, n: width, k: time });
  const ruleOf = model.noise === 'ar1' ? await corrected(model, plain) : truncated(time);
  const rho = new Float64Array(voxels);
  const residual = new Float64Array(time);
  for (let v = 0; v < voxels; v++) {
    residual.set(series.subarray(v * time, (v + 1) * time));
    for (let r = 0; r < width; r++) {
      const factor = products[v * width + r]!;
      for (let t = 0; t < time; t++) residual[t]! -= factor * basis[r * time + t]!;
    }
    let neighbours = 0;
    for (let t = 1; t < time; t++) neighbours += residual[t]! * residual[t - 1]!;
    const ratio = neighbours / dot(residual, residual);
    rho[v] = Number.isFinite(ratio) ? ruleOf(ratio) : 0;
  }
  return rho;
}

/** `a_t - rho a_(t-1)`; the first row as it is (ar1-nilearn), or times `sqrt(1 - rho^2)` (ar1). */
function whitened(row: Float64Array, rho: number, noise: JointNoise): Float64Array {
  if (rho === 0) return row;
  const out = row.slice();
  for (let t = 1; t < row.length; t++) out[t]! -= rho * row[t - 1]!;
  if (noise === 'ar1') out[0]! *= Math.sqrt(1 - rho * rho);
  return out;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function total(a: Float64Array): number {
  let sum = 0;
  for (const value of a) sum += value;
  return sum;
}
