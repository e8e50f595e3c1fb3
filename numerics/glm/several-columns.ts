import { timesTransposed } from '../products.js';
import { smallestResidual } from '../smallest-residual.js';
import { sumsOfSquares } from './by-products.js';
import { type LagOneMetric, whitenedSeries } from './lag-one.js';
import type { Block, Estimator, FitModel, KernelColumns } from './model.js';

/** About so many rows of regressors, and so many voxels, at a time. */
const [rowsPerProduct, voxelsPerProduct] = [128, 512];

/** Columns that are closer to a combination of the kernel's others than this share of their norm are not told from it. */
const smallestPivot = 1e-12;

/**
 * One model per kernel with several columns. With `p` the inner products of the columns with the voxel and `G` those
 * among the columns, both in the metric of the noise, `b = G^-1 p` are the effects, `RSS = <y,y> - p'b`, and the error of
 * an effect is the root of `RSS / df` times its place on the diagonal of `G^-1`. A column that is all 0 is not in the model
 * (NaN); a kernel whose columns are collinear has no estimates.
 *
 * `metric`: of AR(1) noise, with the bin of a voxel's rho; without it the noise is white.
 */
export async function severalColumnsEstimator(
  model: FitModel,
  columns: KernelColumns,
  lagOne?: { readonly metric: LagOneMetric; readonly binOf: (rho: number) => number },
): Promise<Estimator> {
  const { time, df, regressors } = model;
  const { perKernel, wanted } = columns;
  const kernels = regressors.length / time / perKernel;
  const form = (series: Float64Array, count: number, bins: Int32Array) =>
    lagOne
      ? whitenedSeries(lagOne.metric, bins, series, count, time)
      : Promise.resolve({ series, norms: sumsOfSquares(series, count, time) });
  const binsOf = ({ voxels, rho }: Block) => {
    if (!lagOne) return new Int32Array(voxels);
    if (!rho) throw new Error('a block without the rho of its voxels');
    return Int32Array.from(rho, lagOne.binOf);
  };
  const inverses = new Map<number, Float64Array>();
  const inversesAt = async (bin: number) => {
    const found = inverses.get(bin);
    if (found) return found;
    const rows = kernels * perKernel;
    const { series } = await form(regressors, rows, new Int32Array(rows).fill(bin));
    const made = inverseGrams(regressors, series, kernels, perKernel, time);
    inverses.set(bin, made);
    return made;
  };
  const products = new Float64Array(Math.max(rowsPerProduct, perKernel) * voxelsPerProduct);
  const rows = () => Array.from({ length: perKernel }, () => new Float64Array(voxelsPerProduct));
  const [effects, errors, variance] = [rows(), rows(), new Float64Array(voxelsPerProduct)];
  const perDf = df > 0 ? 1 / df : Number.NaN;
  let known: { bold: Float64Array; series: Float64Array; norms: Float64Array; of: Float64Array[] } | undefined;

  return async (block, use) => {
    // A block comes once for every range of kernels.
    if (known?.bold !== block.bold) {
      const bins = binsOf(block);
      const of: Float64Array[] = [];
      for (const bin of bins) of.push(await inversesAt(bin));
      known = { bold: block.bold, ...(await form(block.bold, block.voxels, bins)), of };
    }
    const { series, norms, of } = known;
    const end = block.firstKernel + block.kernels;
    const [first, last] = [Math.floor(block.firstKernel / wanted.length), Math.ceil(end / wanted.length)];
    const step = Math.max(1, Math.floor(rowsPerProduct / perKernel));
    for (let from = first; from < last; from += step) {
      const count = Math.min(step, last - from);
      const left = regressors.subarray(from * perKernel * time, (from + count) * perKernel * time);
      for (let firstVoxel = 0; firstVoxel < block.voxels; firstVoxel += voxelsPerProduct) {
        const voxels = Math.min(voxelsPerProduct, block.voxels - firstVoxel);
        const right = series.subarray(firstVoxel * time, (firstVoxel + voxels) * time);
        const size = { m: count * perKernel, n: voxels, k: time };
        await timesTransposed(left, right, size, products.subarray(0, size.m * size.n));
        const ofVoxels = of.slice(firstVoxel, firstVoxel + voxels);
        for (let k = 0; k < count; k++) {
          const place = { from: k * perKernel * voxels, at: (from + k) * perKernel * perKernel, columns: perKernel };
          solve(products, ofVoxels, place, effects);
          const own = norms.subarray(firstVoxel, firstVoxel + voxels);
          standardErrors(products, own, ofVoxels, place, perDf, effects, errors, variance);
          wanted.forEach((j, w) => {
            const kernel = (from + k) * wanted.length + w;
            if (kernel < block.firstKernel || kernel >= end) return;
            const row = { kernel, firstVoxel, effect: effects[j]!.subarray(0, voxels) };
            const se = errors[j]!.subarray(0, block.errors ? voxels : 0);
            use(block.variances ? { ...row, se, variance: variance.slice(0, voxels) } : { ...row, se });
          });
        }
      }
    }
  };
}

/** Where a kernel's products and its `G^-1` begin. */
export interface Place {
  readonly from: number;
  readonly at: number;
  readonly columns: number;
}

/** Effects [column][voxel] of one kernel from its products and `G^-1` of the voxels. */
export function solve(
  products: Float64Array,
  inverses: readonly Float64Array[],
  { from, at, columns }: Place,
  effects: readonly Float64Array[],
): void {
  const voxels = inverses.length;
  for (let v = 0; v < voxels; v++) {
    const inverse = inverses[v]!;
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (let i = 0; i < columns; i++) sum += inverse[at + j * columns + i]! * products[from + i * voxels + v]!;
      effects[j]![v] = sum;
    }
  }
}

/** Residual variance [voxel] and standard errors [column][voxel]; effects and errors of voxels without a norm become NaN. */
export function standardErrors(
  products: Float64Array,
  norms: Float64Array,
  inverses: readonly Float64Array[],
  { from, at, columns }: Place,
  perDf: number,
  effects: readonly Float64Array[],
  errors: readonly Float64Array[],
  variance: Float64Array,
): void {
  const voxels = norms.length;
  for (let v = 0; v < voxels; v++) {
    const norm = norms[v]!;
    let explained = 0;
    for (let j = 0; j < columns; j++) {
      const effect = effects[j]![v]!;
      // NaN: the column is not in the model.
      if (!Number.isNaN(effect)) explained += effect * products[from + j * voxels + v]!;
    }
    variance[v] = norm > 0 ? Math.max(norm - explained, norm * smallestResidual) * perDf : Number.NaN;
    for (let j = 0; j < columns; j++) {
      errors[j]![v] = Math.sqrt(variance[v]! * inverses[v]![at + j * columns + j]!);
      if (!(norm > 0)) effects[j]![v] = Number.NaN;
    }
  }
}

/** `G^-1` of every kernel [kernel, column, column], with `G = X Z'` of its rows, which is symmetric; see `inverseOf`. */
export function inverseGrams(
  left: Float64Array,
  right: Float64Array,
  kernels: number,
  columns: number,
  time: number,
): Float64Array {
  const grams = gramsOf(left, right, kernels, columns, time);
  const size = columns * columns;
  for (let at = 0; at < grams.length; at += size) grams.set(inverseOf(grams.subarray(at, at + size), columns), at);
  return grams;
}

/** `X Z'` of every kernel's rows, where it is symmetric [kernel, column, column]. */
export function gramsOf(
  left: Float64Array,
  right: Float64Array,
  kernels: number,
  columns: number,
  time: number,
): Float64Array {
  const out = new Float64Array(kernels * columns * columns);
  for (let k = 0; k < kernels; k++) {
    const gram = out.subarray(k * columns * columns, (k + 1) * columns * columns);
    for (let i = 0; i < columns; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = 0;
        const [a, b] = [(k * columns + i) * time, (k * columns + j) * time];
        for (let t = 0; t < time; t++) sum += left[a + t]! * right[b + t]!;
        gram[i * columns + j] = sum;
        gram[j * columns + i] = sum;
      }
    }
  }
  return out;
}

/**
 * Inverse of a positive definite matrix [size, size] by Gauss and Jordan, scaled to a unit diagonal. Where the diagonal
 * is not above 0 the row and column are 0 and the diagonal NaN; of a singular matrix all is NaN.
 */
function inverseOf(matrix: Float64Array, size: number): Float64Array {
  const scale = Float64Array.from({ length: size }, (_, i) => 1 / Math.sqrt(matrix[i * size + i]!));
  const kept = [...scale.keys()].filter((i) => matrix[i * size + i]! > 0);
  const work = matrix.map((value, at) => value * scale[Math.floor(at / size)]! * scale[at % size]!);
  for (const p of kept) {
    const pivot = work[p * size + p]!;
    if (!(pivot > smallestPivot)) return new Float64Array(size * size).fill(Number.NaN);
    // In place: the pivot's column holds that of the inverse.
    work[p * size + p] = 1;
    for (const j of kept) work[p * size + j]! /= pivot;
    for (const i of kept) {
      if (i === p) continue;
      const factor = work[i * size + p]!;
      work[i * size + p] = 0;
      for (const j of kept) work[i * size + j]! -= factor * work[p * size + j]!;
    }
  }
  const out = new Float64Array(size * size);
  for (let i = 0; i < size; i++) out[i * size + i] = Number.NaN;
  for (const i of kept) for (const j of kept) out[i * size + j] = work[i * size + j]! * scale[i]! * scale[j]!;
  return out;
}
