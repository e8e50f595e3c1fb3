import { smallestResidual } from './smallest-residual.js';

/**
 * Element-wise work on rows of voxels, which would cost as much as the products themselves. Two sets of these functions
 * exist: plain loops (below), and vector code (`rowMemory`). Both do the same operations in double precision, so which
 * one is used changes no bit.
 */
export interface RowFunctions {
  /**
   * Effects and standard errors of one kernel from its products with the voxels: `effect = product inverse`,
   * `RSS = norm - effect product`, `se = sqrt(RSS scale)`. A norm that is not above 0 makes all of a voxel NaN. `products`
   * are taken from `at` on; there are as many voxels as `effect` is long. With an empty `se` only effects are made.
   */
  estimate(
    products: Float64Array,
    at: number,
    norms: Float64Array,
    inverse: number,
    scale: number,
    effect: Float64Array,
    se: Float64Array,
  ): void;
  /**
   * The same where every voxel has its own inner product with the regressor: `inverses` instead of `inverse`, and
   * `se = sqrt(RSS perDf inverse)`. `norms`, `inverses` and `effect` are rows of the same voxels.
   */
  estimateEach(
    products: Float64Array,
    at: number,
    norms: Float64Array,
    inverses: Float64Array,
    perDf: number,
    effect: Float64Array,
    se: Float64Array,
  ): void;
  /**
   * `2 sum r_t r_(t+1) / sum r_t^2` of the residuals `r` of one kernel at the voxels, into `out`: from the products `x'y`
   * and `x'Sy` (from `at` on), `y'y` and `y'Sy` of the voxels, `inverse` one over `x'x`, `kernelLag` `x'Sx`.
   */
  lagRatios(
    plain: Float64Array,
    lagged: Float64Array,
    at: number,
    norms: Float64Array,
    lags: Float64Array,
    inverse: number,
    kernelLag: number,
    out: Float64Array,
  ): void;
  /** Whitened products `(1 + rho^2) x'y - rho x'Sy - nuisance` of one kernel, into `out`; `plain` and `lagged` from `at` on. */
  whiten(
    plain: Float64Array,
    lagged: Float64Array,
    at: number,
    rho: Float64Array,
    nuisance: Float64Array,
    out: Float64Array,
  ): void;
  /** `values` as those of one more item: mean and sum of squared deviations from `at` on are updated, `share` is 1 / items. */
  accumulate(values: Float64Array, share: number, mean: Float64Array, squares: Float64Array, at: number): void;
  /** `values` into `out` from `at` on, in the precision of `out`. */
  place(values: Float64Array, out: Float64Array | Float32Array, at: number): void;
  /** Both, and `effect / se` as `placeRatio` does it: in single precision, together, which is faster. */
  placeAll(
    effect: Float64Array,
    se: Float64Array,
    outEffect: Float32Array,
    outSe: Float32Array,
    outRatio: Float32Array,
    at: number,
  ): void;
  /** `above / below`, NaN where `below` is not above 0, into `out` from `at` on. */
  placeRatio(above: Float64Array, below: Float64Array, out: Float64Array | Float32Array, at: number): void;
}

/** Arrays and the functions for them. */
export interface RowMemory extends RowFunctions {
  /** An array that is not cleared. Throws RangeError where the memory is used up. */
  float64(length: number): Float64Array<ArrayBuffer>;
  float32(length: number): Float32Array<ArrayBuffer>;
  /** What has been given out; `release` takes back all that came after. */
  mark(): number;
  release(mark: number): void;
}

export function estimateLoop(
  products: Float64Array,
  at: number,
  norms: Float64Array,
  inverse: number,
  scale: number,
  effect: Float64Array,
  se: Float64Array,
  first: number,
): void {
  for (let v = first; v < effect.length; v++) {
    effect[v] = norms[v]! > 0 ? products[at + v]! * inverse : Number.NaN;
  }
  for (let v = first; v < se.length; v++) {
    const norm = norms[v]! > 0 ? norms[v]! : Number.NaN;
    const residual = norm - effect[v]! * products[at + v]!;
    const floor = norm * smallestResidual;
    se[v] = Math.sqrt((residual > floor ? residual : floor) * scale);
  }
}

export function estimateEachLoop(
  products: Float64Array,
  at: number,
  norms: Float64Array,
  inverses: Float64Array,
  perDf: number,
  effect: Float64Array,
  se: Float64Array,
  first: number,
): void {
  for (let v = first; v < effect.length; v++) {
    effect[v] = norms[v]! > 0 ? products[at + v]! * inverses[v]! : Number.NaN;
  }
  for (let v = first; v < se.length; v++) {
    const norm = norms[v]! > 0 ? norms[v]! : Number.NaN;
    const residual = norm - effect[v]! * products[at + v]!;
    const floor = norm * smallestResidual;
    se[v] = Math.sqrt((residual > floor ? residual : floor) * (inverses[v]! * perDf));
  }
}

export function lagRatiosLoop(
  plain: Float64Array,
  lagged: Float64Array,
  at: number,
  norms: Float64Array,
  lags: Float64Array,
  inverse: number,
  kernelLag: number,
  out: Float64Array,
  first: number,
): void {
  for (let v = first; v < out.length; v++) {
    const product = plain[at + v]!;
    const slope = product * inverse;
    const neighbours = lags[v]! - slope * (lagged[at + v]! + lagged[at + v]! - slope * kernelLag);
    out[v] = neighbours / (norms[v]! - slope * product);
  }
}

export function whitenLoop(
  plain: Float64Array,
  lagged: Float64Array,
  at: number,
  rho: Float64Array,
  nuisance: Float64Array,
  out: Float64Array,
  first: number,
): void {
  for (let v = first; v < out.length; v++) {
    const r = rho[v]!;
    out[v] = plain[at + v]! + r * (r * plain[at + v]! - lagged[at + v]!) - nuisance[v]!;
  }
}

export function accumulateLoop(
  values: Float64Array,
  share: number,
  mean: Float64Array,
  squares: Float64Array,
  at: number,
  first: number,
): void {
  for (let i = first; i < values.length; i++) {
    const change = values[i]! - mean[at + i]!;
    mean[at + i]! += change * share;
    squares[at + i]! += change * (values[i]! - mean[at + i]!);
  }
}

export function placeLoop(values: Float64Array, out: Float64Array | Float32Array, at: number, first: number): void {
  for (let i = first; i < values.length; i++) out[at + i] = values[i]!;
}

export function placeRatioLoop(
  above: Float64Array,
  below: Float64Array,
  out: Float64Array | Float32Array,
  at: number,
  first: number,
): void {
  for (let i = first; i < above.length; i++) out[at + i] = below[i]! > 0 ? above[i]! / below[i]! : Number.NaN;
}

/** Ordinary arrays, plain loops. */
export const plainRows: RowMemory = {
  estimate: (products, at, norms, inverse, scale, effect, se) =>
    estimateLoop(products, at, norms, inverse, scale, effect, se, 0),
  estimateEach: (products, at, norms, inverses, perDf, effect, se) =>
    estimateEachLoop(products, at, norms, inverses, perDf, effect, se, 0),
  lagRatios: (plain, lagged, at, norms, lags, inverse, kernelLag, out) =>
    lagRatiosLoop(plain, lagged, at, norms, lags, inverse, kernelLag, out, 0),
  whiten: (plain, lagged, at, rho, nuisance, out) => whitenLoop(plain, lagged, at, rho, nuisance, out, 0),
  accumulate: (values, share, mean, squares, at) => accumulateLoop(values, share, mean, squares, at, 0),
  place: (values, out, at) => placeLoop(values, out, at, 0),
  placeRatio: (above, below, out, at) => placeRatioLoop(above, below, out, at, 0),
  placeAll(effect, se, outEffect, outSe, outRatio, at) {
    placeLoop(effect, outEffect, at, 0);
    placeLoop(se, outSe, at, 0);
    placeRatioLoop(effect, se, outRatio, at, 0);
  },
  float64: (length) => new Float64Array(length),
  float32: (length) => new Float32Array(length),
  mark: () => 0,
  release() {},
};
