import { timesTransposed } from '../products.js';
import {
  type LagOneMetric,
  type LagOneSeries,
  lagOneMetric,
  lagOneSeries,
  shifted,
  whitenedNorms,
  whitenedSide,
} from './lag-one.js';
import { type Block, type Estimates, type Estimator, type FitModel, smallestResidual } from './model.js';

/** rho is truncated to hundredths, as nilearn does with `bins=100`. */
const binsPerUnit = 100;
/** |rho| stays below `cos(pi / (T + 1)) T / (T - 1)`, which is at most 1.083 (T = 5). */
const largestBin = 109;
/** Voxels per inner block: its products (256 x 512 doubles) stay in the cache between being made and being used. */
const voxelsPerPass = 256;
/** Voxels whose nuisance parts are made together, for the same reason. */
const voxelsPerPart = 32;
/** A value of rho that fewer than this share of a voxel's kernels have costs less pair by pair than as a row of a product. */
const rareShare = 1 / 16;

/**
 * AR(1) of every kernel at every voxel, with the numbers of a separate nilearn 0.10 fit of each
 * (`run_glm(noise_model='ar1', bins=100)`): the residuals `r` of the OLS fit give
 *   `rho = (sum r_t r_(t+1) / (T-1)) / (sum r_t^2 / T)`, truncated toward zero to a multiple of 1/100;
 * series and design are whitened (first row as it is, `a_t - rho a_(t-1)`) and fitted by OLS.
 *
 * rho differs between kernels, but a voxel meets only a few values of it. Per block there are three matrix products:
 * `x'y` and `x'Sy` of all pairs, and the nuisance part for the values of rho that a voxel often meets (see `lagOneMetric`).
 */
export async function ar1NilearnEstimator(model: FitModel): Promise<Estimator> {
  const { time, rank } = model;
  const metric = lagOneMetric(model.nuisance, rank, time, binValues());
  const series = await lagOneSeries(metric, model.regressors, model.kernels, time);
  const side: KernelSide = {
    series,
    shifted: shifted(model.regressors, model.kernels, time),
    inverseNorms: new Float64Array(metric.rho.length * model.kernels),
    ready: new Uint8Array(metric.rho.length),
    ends: withEnds(series, model.kernels, rank),
  };
  const scratch = { plain: new Float64Array(0), lagged: new Float64Array(0), rowOf: new Int32Array(0) };

  return async (block, out) => {
    for (let first = 0; first < block.voxels; first += voxelsPerPass) {
      const voxels = Math.min(voxelsPerPass, block.voxels - first);
      const bold = block.bold.subarray(first * time, (first + voxels) * time);
      const pairs = [first * block.kernels, (first + voxels) * block.kernels] as const;
      const estimates = { effect: out.effect.subarray(...pairs), ...(out.se && { se: out.se.subarray(...pairs) }) };
      await fitPass(model, metric, side, { ...block, bold, voxels }, estimates, scratch);
    }
  };
}

interface KernelSide {
  readonly series: LagOneSeries;
  /** `S x` [kernel, time]. */
  readonly shifted: Float64Array;
  /** One over the projected whitened norm [bin, kernel], for the bins that are `ready` [bin]. */
  readonly inverseNorms: Float64Array;
  readonly ready: Uint8Array;
  /** `(Z S x, x_T)` [kernel, rank + 1]. */
  readonly ends: Float64Array;
}

interface Scratch {
  plain: Float64Array;
  lagged: Float64Array;
  rowOf: Int32Array;
}

async function fitPass(
  model: FitModel,
  metric: LagOneMetric,
  side: KernelSide,
  { bold, voxels, firstKernel, kernels }: Block,
  { effect, se }: Estimates,
  scratch: Scratch,
): Promise<void> {
  const { time } = model;
  const pairs = voxels * kernels;
  if (scratch.plain.length < pairs) {
    scratch.plain = new Float64Array(pairs);
    scratch.lagged = new Float64Array(pairs);
    scratch.rowOf = new Int32Array(pairs);
  }
  const plain = scratch.plain.subarray(0, pairs);
  const lagged = scratch.lagged.subarray(0, pairs);
  const ofKernels = (values: Float64Array, width: number) =>
    values.subarray(firstKernel * width, (firstKernel + kernels) * width);
  const size = { m: voxels, n: kernels, k: time };
  await timesTransposed(bold, ofKernels(model.regressors, time), size, plain);
  await timesTransposed(bold, ofKernels(side.shifted, time), size, lagged);
  const voxelSide = await lagOneSeries(metric, bold, voxels, time);
  const kernelNorms = { norm: ofKernels(side.series.norm, 1), lag: ofKernels(side.series.lag, 1) };
  const rows = findRows({ plain, lagged, rowOf: scratch.rowOf }, kernelNorms, voxelSide, time);
  for (const bin of rows.bin) if (!side.ready[bin]) makeReady(metric, side, bin);

  for (let v = 0; v < voxels; v += voxelsPerPart) {
    const end = Math.min(voxels, v + voxelsPerPart);
    const range = { first: rows.ofVoxel[v]!, end: rows.ofVoxel[end]! };
    const whitened = await whitenRows(metric, rows, range, voxelSide, ofKernels(side.ends, model.rank + 1), kernels);
    const pair: Pairs = { plain, lagged, rowOf: scratch.rowOf, inverseNorms: side.inverseNorms, rows, range, whitened };
    for (let voxel = v; voxel < end; voxel++) {
      if (voxelSide.norm[voxel]! > 0) {
        fitVoxel(pair, { voxel, kernels, firstKernel, allKernels: model.kernels, df: model.df }, effect, se);
      } else {
        effect.fill(Number.NaN, voxel * kernels, (voxel + 1) * kernels);
        se?.fill(Number.NaN, voxel * kernels, (voxel + 1) * kernels);
      }
    }
  }
}

/** A subject meets perhaps fifty of the bins, so kernel norms are made when a bin is first met. */
function makeReady(metric: LagOneMetric, side: KernelSide, bin: number): void {
  const norms = whitenedNorms(metric, bin, side.series);
  for (let k = 0; k < norms.length; k++) {
    side.inverseNorms[bin * norms.length + k] = norms[k]! > 0 ? 1 / norms[k]! : Number.NaN;
  }
  side.ready[bin] = 1;
}

/** The values of rho that the voxels of a pass meet: a row is a voxel and a bin. */
interface Rows {
  readonly voxel: readonly number[];
  readonly bin: readonly number[];
  /** Number of kernels of the voxel that have this rho. */
  readonly pairs: readonly number[];
  /** First row of every voxel, and the number of rows [voxel + 1]. */
  readonly ofVoxel: Int32Array;
}

/** Estimates rho of every pair and writes its row to `rowOf` [voxel, kernel]. */
function findRows(
  { plain, lagged, rowOf }: Scratch,
  { norm: kernelNorm, lag: kernelLag }: { norm: Float64Array; lag: Float64Array },
  voxelSide: LagOneSeries,
  time: number,
): Rows {
  const voxel: number[] = [];
  const bin: number[] = [];
  const pairs: number[] = [];
  const voxels = voxelSide.norm.length;
  const ofVoxel = new Int32Array(voxels + 1);
  const kernels = kernelNorm.length;
  const perKernel = kernelNorm.map((norm) => 1 / norm);
  const rowAtBin = new Int32Array(2 * largestBin + 1);
  const toBins = (binsPerUnit * time) / (time - 1) / 2;
  for (let v = 0; v < voxels; v++) {
    rowAtBin.fill(-1);
    const norm = voxelSide.norm[v]!;
    const lag = voxelSide.lag[v]!;
    for (let k = 0; k < kernels; k++) {
      const pair = v * kernels + k;
      const product = plain[pair]!;
      const slope = product * perKernel[k]!;
      const neighbours = lag - slope * (2 * lagged[pair]! - slope * kernelLag[k]!);
      // `| 0` truncates toward zero, and takes the NaN of an unusable pair to 0.
      let place = ((toBins * neighbours) / (norm - slope * product)) | 0;
      // Only the rounding that an exact fit leaves can be outside.
      if (place > largestBin || place < -largestBin) place = 0;
      place += largestBin;
      let row = rowAtBin[place]!;
      if (row < 0) {
        row = voxel.length;
        rowAtBin[place] = row;
        voxel.push(v);
        bin.push(place);
        pairs.push(0);
      }
      pairs[row]!++;
      rowOf[pair] = row;
    }
    ofVoxel[v + 1] = voxel.length;
  }
  return { voxel, bin, pairs, ofVoxel };
}

/** What whitening makes of the rows of some voxels; rows are counted from `range.first`. */
interface WhitenedRows {
  /** The row's weights for `(Z S x, x_T)` [row, rank + 1]. */
  readonly weights: Float64Array;
  /** Projected whitened norm of the voxel's series [row]. */
  readonly norms: Float64Array;
  /** Place of a row in `products`, or -1 where its few pairs are better made one by one [row]. */
  readonly place: Int32Array;
  /** What the nuisance takes from a pair's product [place, kernel]. */
  readonly products: Float64Array;
  /** `(Z S x, x_T)` [kernel, width]. */
  readonly ends: Float64Array;
  /** rank + 1. */
  readonly width: number;
}

async function whitenRows(
  metric: LagOneMetric,
  rows: Rows,
  range: { first: number; end: number },
  voxelSide: LagOneSeries,
  ends: Float64Array,
  kernels: number,
): Promise<WhitenedRows> {
  const count = range.end - range.first;
  const width = metric.rank + 1;
  const weights = new Float64Array(count * width);
  const often = new Float64Array(count * width);
  const norms = new Float64Array(count);
  const place = new Int32Array(count);
  let places = 0;
  for (let i = 0; i < count; i++) {
    const row = range.first + i;
    norms[i] = whitenedSide(metric, rows.bin[row]!, voxelSide, rows.voxel[row]!, weights, i * width);
    place[i] = -1;
    if (rows.pairs[row]! < kernels * rareShare) continue;
    often.set(weights.subarray(i * width, (i + 1) * width), places * width);
    place[i] = places++;
  }
  const size = { m: places, n: kernels, k: width };
  const products = await timesTransposed(often.subarray(0, places * width), ends, size);
  return { weights, norms, place, products, ends, width };
}

interface Pairs extends Scratch {
  readonly inverseNorms: Float64Array;
  readonly rows: Rows;
  readonly range: { first: number };
  readonly whitened: WhitenedRows;
}

function fitVoxel(
  { plain, lagged, rowOf, inverseNorms, rows, range, whitened }: Pairs,
  at: { voxel: number; kernels: number; firstKernel: number; allKernels: number; df: number },
  effect: Float64Array,
  se: Float64Array | undefined,
): void {
  const { kernels, firstKernel, allKernels } = at;
  const { weights, norms, place, products, ends, width } = whitened;
  const start = at.voxel * kernels;
  const firstRow = rows.ofVoxel[at.voxel]!;
  const count = rows.ofVoxel[at.voxel + 1]! - firstRow;
  const perDf = at.df > 0 ? 1 / at.df : Number.NaN;
  // Per row: where its products, its kernel norms, and its factors are.
  const productAt = new Int32Array(count);
  const inverseAt = new Int32Array(count);
  const rho = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const row = firstRow + i;
    productAt[i] = place[row - range.first]! * kernels;
    inverseAt[i] = rows.bin[row]! * allKernels + firstKernel;
    rho[i] = (rows.bin[row]! - largestBin) / binsPerUnit;
  }
  for (let k = 0; k < kernels; k++) {
    const i = rowOf[start + k]! - firstRow;
    const local = i + firstRow - range.first;
    const r = rho[i]!;
    let nuisance = 0;
    if (productAt[i]! >= 0) nuisance = products[productAt[i]! + k]!;
    else for (let p = 0; p < width; p++) nuisance += weights[local * width + p]! * ends[k * width + p]!;
    const product = (1 + r * r) * plain[start + k]! - r * lagged[start + k]! - nuisance;
    const inverse = inverseNorms[inverseAt[i]! + k]!;
    const slope = product * inverse;
    effect[start + k] = slope;
    if (se) {
      const total = norms[local]!;
      const residual = total - slope * product;
      const floor = total * smallestResidual;
      se[start + k] = Math.sqrt((residual > floor ? residual : floor) * perDf * inverse);
    }
  }
}

/** rho of every bin. Divided, not multiplied by 0.01, so that 29/100 is the double that nilearn's label is. */
function binValues(): Float64Array {
  return Float64Array.from({ length: 2 * largestBin + 1 }, (_, i) => (i - largestBin) / binsPerUnit);
}

function withEnds(series: LagOneSeries, count: number, rank: number): Float64Array {
  const out = new Float64Array(count * (rank + 1));
  for (let k = 0; k < count; k++) {
    out.set(series.nuisance.subarray(k * rank, (k + 1) * rank), k * (rank + 1));
    out[k * (rank + 1) + rank] = series.last[k]!;
  }
  return out;
}
