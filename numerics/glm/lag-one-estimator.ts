import { timesTransposed } from '../products.js';
import { rowBytes } from '../row-code.js';
import { plainRows, type RowMemory } from '../rows.js';
import {
  type FirstRow,
  type LagOneMetric,
  type LagOneSeries,
  lagOneMetric,
  lagOneSeries,
  shifted,
  whitenedNorms,
} from './lag-one.js';
import type { Block, Estimator, FitModel, UseEstimates } from './model.js';
import { RhoRows, type RhoRule } from './rho-rows.js';

/** A pass: what is made of 256 kernels x 128 voxels stays in the cache until it is used. */
const [kernelsPerPass, voxelsPerPass] = [256, 128];

/** A value of rho that fewer than this share of a voxel's kernels have costs less pair by pair than as a row of a product. */
const rareShare = 1 / 32;
/** Every how manieth kernel is asked for its rho to estimate that share. */
const askedEvery = 4;

/** What the estimator takes of a `RowMemory`. */
export const lagOneRowBytes = 2 * rowBytes(kernelsPerPass * voxelsPerPass, 8) + 10 * rowBytes(voxelsPerPass, 8);

/**
 * AR(1) of every kernel at every voxel: OLS, rho of the pair from its residuals by `rule`, then series and design are
 * whitened and fitted by OLS.
 *
 * rho differs between kernels, but a voxel meets only a few values of it. Per pass there are three matrix products:
 * `x'y` and `x'Sy` of all pairs, and the nuisance part for the values of rho that a voxel often meets (see `LagOneMetric`).
 */
export async function lagOneEstimator(
  model: FitModel,
  rule: RhoRule,
  firstRow: FirstRow,
  memory: RowMemory = plainRows,
): Promise<Estimator> {
  const { time, rank, kernels } = model;
  const metric = lagOneMetric(model.nuisance, rank, time, rule.rho, firstRow);
  const series = await lagOneSeries(metric, model.regressors, kernels, time);
  const sides: Sides = {
    ...{ model, rule, metric, memory, series },
    both: interleaved(model.regressors, shifted(model.regressors, kernels, time), time),
    norms: series.norm.map((norm) => 1 / norm),
    inverseNorms: new Float64Array(kernels * metric.rho.length),
    ready: new Uint8Array(metric.rho.length),
    products: memory.float64(2 * kernelsPerPass * voxelsPerPass),
    rows: Array.from({ length: 10 }, () => memory.float64(voxelsPerPass)),
    rowOf: new Int32Array(kernelsPerPass * voxelsPerPass),
    binOf: new Int32Array(voxelsPerPass),
    scratch: { products: new Float64Array(0), side: new Float64Array(0) },
  };
  let known: { readonly bold: Float64Array; readonly passes: VoxelPass[] } | undefined;

  return async (block, use) => {
    // A block comes once for every range of kernels, and meets much the same values of rho with all of them.
    if (known?.bold !== block.bold) known = { bold: block.bold, passes: await voxelPasses(metric, block, time) };
    for (const pass of known.passes) {
      for (let at = 0; at < block.kernels; at += kernelsPerPass) {
        const kernels = Math.min(kernelsPerPass, block.kernels - at);
        await fitPass(sides, pass, { ...block, firstKernel: block.firstKernel + at, kernels }, use);
      }
    }
  };
}

function interleaved(left: Float64Array, right: Float64Array, width: number): Float64Array {
  const out = new Float64Array(2 * left.length);
  for (let at = 0; at < left.length; at += width) {
    out.set(left.subarray(at, at + width), 2 * at);
    out.set(right.subarray(at, at + width), 2 * at + width);
  }
  return out;
}

/** What all passes share. */
interface Sides {
  readonly model: FitModel;
  readonly rule: RhoRule;
  readonly metric: LagOneMetric;
  readonly memory: RowMemory;
  /** Of the regressors. */
  readonly series: LagOneSeries;
  /** `x` and `S x` of every kernel, one after the other, for one product [kernel, 2, time]. */
  readonly both: Float64Array;
  /** `1 / x'x` [kernel]. */
  readonly norms: Float64Array;
  /** One over the projected whitened norm [kernel, bin], for the bins that are `ready` [bin]: a subject meets perhaps fifty. */
  readonly inverseNorms: Float64Array;
  readonly ready: Uint8Array;
  /** `x'y` and `x'Sy` of a pass [kernel, 2, voxel]. */
  readonly products: Float64Array;
  /** Rows of voxels, in `memory`. */
  readonly rows: readonly Float64Array[];
  /** The row of a pair's voxel and rho, in the `RhoRows` of the pass [kernel, voxel]. */
  readonly rowOf: Int32Array;
  /** The bins of one kernel [voxel]. */
  readonly binOf: Int32Array;
  /** For `nuisanceProducts`: fresh memory for every pass costs as much as the product. */
  readonly scratch: Scratch;
}

/** Some voxels of a block. */
interface VoxelPass {
  readonly firstVoxel: number;
  readonly voxels: number;
  readonly bold: Float64Array;
  readonly series: LagOneSeries;
  readonly rows: RhoRows;
}

async function voxelPasses(metric: LagOneMetric, { bold, voxels }: Block, time: number): Promise<VoxelPass[]> {
  const passes: VoxelPass[] = [];
  for (let firstVoxel = 0; firstVoxel < voxels; firstVoxel += voxelsPerPass) {
    const count = Math.min(voxelsPerPass, voxels - firstVoxel);
    const own = bold.subarray(firstVoxel * time, (firstVoxel + count) * time);
    const series = await lagOneSeries(metric, own, count, time);
    passes.push({ firstVoxel, voxels: count, bold: own, series, rows: new RhoRows(metric, series) });
  }
  return passes;
}

async function fitPass(
  sides: Sides,
  pass: VoxelPass,
  { firstKernel, kernels, errors, variances }: Block,
  use: UseEstimates,
): Promise<void> {
  const { model, metric, memory, rowOf } = sides;
  const { voxels, rows } = pass;
  const { time } = model;
  const { products: pairs } = sides;
  const lagged = pairs.subarray(voxels);
  const ofKernels = (values: Float64Array, width: number) =>
    values.subarray(firstKernel * width, (firstKernel + kernels) * width);
  const size = { m: 2 * kernels, n: voxels, k: time };
  await timesTransposed(ofKernels(sides.both, 2 * time), pass.bold, size, pairs.subarray(0, size.m * size.n));
  findRows(sides, pass, firstKernel, kernels);
  for (let row = 0; row < rows.count; row++) makeReady(sides, rows.bin[row]!);
  const nuisance = await nuisanceProducts(rows, metric.width, ofKernels(sides.series.ends, metric.width), {
    kernels,
    pairs: rowOf.subarray(0, kernels * voxels),
    scratch: sides.scratch,
  });

  const [effects, ses, product, rho, taken, norms, inverses] = sides.rows.map((row) => row.subarray(0, voxels));
  const se = ses!.subarray(0, errors ? voxels : 0);
  const perDf = model.df > 0 ? 1 / model.df : Number.NaN;
  const bins = metric.rho.length;
  const { width } = metric;
  const { ends } = sides.series;
  for (let k = 0; k < kernels; k++) {
    const kernel = firstKernel + k;
    const { place, places, products } = nuisance;
    nuisanceOfKernel(rowOf, k * voxels, place, products, k * places, rows.weights, ends, kernel * width, width, taken!);
    const inverseNorms = sides.inverseNorms.subarray(kernel * bins, (kernel + 1) * bins);
    ofPairs(rowOf, k * voxels, rows.bin, metric.rho, rows.norms, inverseNorms, rho!, norms!, inverses!);
    memory.whiten(pairs, lagged, 2 * k * voxels, rho!, taken!, product!);
    memory.estimateEach(product!, 0, norms!, inverses!, perDf, effects!, se);
    const row = { kernel, firstVoxel: pass.firstVoxel, effect: effects!, se, memory };
    // The standard error says the variance, since `se^2 = variance / <x,x>`.
    if (!variances) use(row);
    else use({ ...row, variance: se.map((error, v) => (error * error) / inverses![v]!) });
  }
}

// Apart, and with arrays for parameters: loops that look arrays up in an object take three times as long.

function ofPairs(
  rowOf: Int32Array,
  at: number,
  binOfRow: Int32Array,
  rhoOfBin: Float64Array,
  normOfRow: Float64Array,
  inverseOfBin: Float64Array,
  rho: Float64Array,
  norms: Float64Array,
  inverses: Float64Array,
): void {
  for (let v = 0; v < rho.length; v++) {
    const row = rowOf[at + v]!;
    const bin = binOfRow[row]!;
    rho[v] = rhoOfBin[bin]!;
    norms[v] = normOfRow[row]!;
    inverses[v] = inverseOfBin[bin]!;
  }
}

/** Finds the rho of every pair, from what the products say of the residuals of its OLS fit. */
function findRows(sides: Sides, { voxels, series, rows }: VoxelPass, firstKernel: number, kernels: number): void {
  const { memory, rule, rowOf } = sides;
  const binOf = sides.binOf.subarray(0, voxels);
  const { products } = sides;
  const lagged = products.subarray(voxels);
  const [ratios, norms, lags] = sides.rows.slice(7).map((row) => row.subarray(0, voxels));
  norms!.set(series.norm);
  lags!.set(series.lag);
  for (let k = 0; k < kernels; k++) {
    const kernel = firstKernel + k;
    const [inverse, kernelLag] = [sides.norms[kernel]!, sides.series.lag[kernel]!];
    memory.lagRatios(products, lagged, 2 * k * voxels, norms!, lags!, inverse, kernelLag, ratios!);
    rule.bins(kernel, ratios!, binOf);
    rows.find(binOf, rowOf, k * voxels);
  }
}

function makeReady({ metric, series, inverseNorms, ready }: Sides, bin: number): void {
  if (ready[bin]) return;
  const bins = metric.rho.length;
  const norms = whitenedNorms(metric, bin, series);
  for (let k = 0; k < norms.length; k++) inverseNorms[k * bins + bin] = norms[k]! > 0 ? 1 / norms[k]! : Number.NaN;
  ready[bin] = 1;
}

interface NuisanceProducts {
  /** Column of a row in `products`, or -1 where its few pairs are made one by one [row]. */
  readonly place: Int32Array;
  readonly places: number;
  /** [kernel, place] */
  readonly products: Float64Array;
}

interface Scratch {
  /** What the nuisance takes [kernel, place]. */
  products: Float64Array;
  /** The rows that are multiplied [place, width]. */
  side: Float64Array;
}

/** What the nuisance takes from the products of all pairs: of the rows that many kernels have by a matrix product. */
async function nuisanceProducts(
  { weights, count }: RhoRows,
  width: number,
  ends: Float64Array,
  { kernels, pairs, scratch }: { kernels: number; pairs: Int32Array; scratch: Scratch },
): Promise<NuisanceProducts> {
  const voxels = pairs.length / kernels;
  const asked = Math.ceil(kernels / askedEvery);
  const having = new Int32Array(count);
  for (let k = 0; k < kernels; k += askedEvery) countRows(pairs, k * voxels, voxels, having);
  const place = new Int32Array(count).fill(-1);
  const least = asked * rareShare;
  const often = having.reduce((sum, pairs) => sum + (pairs >= least ? 1 : 0), 0);
  if (scratch.side.length < often * width) scratch.side = new Float64Array(often * width);
  const side = scratch.side.subarray(0, often * width);
  let places = 0;
  for (let row = 0; row < count; row++) {
    if (having[row]! < least) continue;
    side.set(weights.subarray(row * width, (row + 1) * width), places * width);
    place[row] = places++;
  }
  if (scratch.products.length < kernels * places) scratch.products = new Float64Array(kernels * places);
  const products = scratch.products.subarray(0, kernels * places);
  await timesTransposed(ends, side, { m: kernels, n: places, k: width }, products);
  return { place, places, products };
}

function countRows(rowOf: Int32Array, at: number, voxels: number, having: Int32Array): void {
  for (let i = at; i < at + voxels; i++) having[rowOf[i]!]!++;
}

/** What the nuisance takes from the products of one kernel, whose own values are in `ends` from `fromEnds` on. */
function nuisanceOfKernel(
  rowOf: Int32Array,
  at: number,
  place: Int32Array,
  products: Float64Array,
  fromProducts: number,
  weights: Float64Array,
  ends: Float64Array,
  fromEnds: number,
  width: number,
  out: Float64Array,
): void {
  for (let v = 0; v < out.length; v++) {
    const row = rowOf[at + v]!;
    const column = place[row]!;
    out[v] = column >= 0 ? products[fromProducts + column]! : product(weights, row * width, ends, fromEnds, width);
  }
}

/** Four sums, because each addition waits for the one before it. */
function product(left: Float64Array, at: number, right: Float64Array, from: number, length: number): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 3 < length; i += 4) {
    a += left[at + i]! * right[from + i]!;
    b += left[at + i + 1]! * right[from + i + 1]!;
    c += left[at + i + 2]! * right[from + i + 2]!;
    d += left[at + i + 3]! * right[from + i + 3]!;
  }
  for (; i < length; i++) a += left[at + i]! * right[from + i]!;
  return a + b + (c + d);
}
