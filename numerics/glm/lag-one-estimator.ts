import { timesTransposed } from '../products.js';
import {
  type FirstRow,
  type LagOneMetric,
  type LagOneSeries,
  lagOneMetric,
  lagOneSeries,
  shifted,
  whitenedNorms,
} from './lag-one.js';
import { type Block, type Estimator, type FitModel, smallestResidual, type UseEstimates } from './model.js';
import { knownRows, type RhoRule, rhoRows } from './rho-rows.js';
import { type WhitenedRows, whitenedRows } from './whitened-rows.js';

/** Voxels per inner block: what is made of 512 kernels x 128 voxels stays in the cache until it is used. */
const voxelsPerPass = 128;

/**
 * AR(1) of every kernel at every voxel: OLS, rho of the pair from its residuals by `rule`, then series and design are
 * whitened and fitted by OLS.
 *
 * rho differs between kernels, but a voxel meets only a few values of it. Per block there are three matrix products:
 * `x'y` and `x'Sy` of all pairs, and the nuisance part for the values of rho that a voxel often meets (see `lagOneMetric`).
 */
export async function lagOneEstimator(model: FitModel, rule: RhoRule, firstRow: FirstRow): Promise<Estimator> {
  const { time, rank, kernels } = model;
  const metric = lagOneMetric(model.nuisance, rank, time, rule.rho, firstRow);
  const side: KernelSide = {
    series: await lagOneSeries(metric, model.regressors, kernels, time),
    shifted: shifted(model.regressors, kernels, time),
    inverseNorms: new Float64Array(metric.rho.length * kernels),
    ready: new Uint8Array(metric.rho.length),
  };
  const scratch: Scratch = { plain: new Float64Array(0), lagged: new Float64Array(0), rowOf: new Int32Array(0) };

  return async (block, use) => {
    for (let first = 0; first < block.voxels; first += voxelsPerPass) {
      const end = Math.min(first + voxelsPerPass, block.voxels);
      const pass: Block = {
        ...block,
        bold: block.bold.subarray(first * time, end * time),
        voxels: end - first,
        ...(block.rho && { rho: block.rho.subarray(first, end) }),
      };
      await fitPass(model, rule, metric, side, pass, (row) => use({ ...row, firstVoxel: first }), scratch);
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
}

/** `x'y`, `x'Sy`, and the place of a pair's rho among the rows of a pass [kernel, voxel]. */
interface Scratch {
  plain: Float64Array;
  lagged: Float64Array;
  rowOf: Int32Array;
}

async function fitPass(
  model: FitModel,
  rule: RhoRule,
  metric: LagOneMetric,
  side: KernelSide,
  { bold, voxels, firstKernel, kernels, errors, variances, rho }: Block,
  use: UseEstimates,
  scratch: Scratch,
): Promise<void> {
  const { time, df } = model;
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
  const size = { m: kernels, n: voxels, k: time };
  await timesTransposed(ofKernels(model.regressors, time), bold, size, plain);
  await timesTransposed(ofKernels(side.shifted, time), bold, size, lagged);
  const voxelSide = await lagOneSeries(metric, bold, voxels, time);
  const kernelSide = { norm: ofKernels(side.series.norm, 1), lag: ofKernels(side.series.lag, 1) };
  const rows = rho
    ? knownRows(rule, rho, kernels, scratch.rowOf)
    : rhoRows(rule, { plain, lagged }, { kernelSide, firstKernel }, voxelSide, scratch.rowOf);
  for (const bin of rows.bin) if (!side.ready[bin]) makeReady(metric, side, bin);
  const whitened = await whitenedRows(metric, rows, voxelSide, ofKernels(side.series.ends, metric.width), kernels);

  const effect = new Float64Array(voxels);
  const se = new Float64Array(errors ? voxels : 0);
  const pair: Pairs = {
    ...{ plain, lagged, rowOf: scratch.rowOf, whitened },
    rho: Float64Array.from(rows.bin, (bin) => metric.rho[bin]!),
    inverseAt: rows.bin.map((bin) => bin * model.kernels + firstKernel),
    inverseNorms: side.inverseNorms,
  };
  for (let k = 0; k < kernels; k++) {
    const kernel = firstKernel + k;
    fitKernel(pair, k, df, effect, se);
    for (let v = 0; v < voxels; v++) if (!(voxelSide.norm[v]! > 0)) effect[v] = Number.NaN;
    for (let v = 0; v < se.length; v++) if (!(voxelSide.norm[v]! > 0)) se[v] = Number.NaN;
    const variance = variances && residualVariances(pair, k, se);
    use({ kernel, firstVoxel: 0, effect, se, ...(variance && { variance }) });
  }
}

/** A subject meets perhaps fifty of the bins, so kernel norms are made when a bin is first met. */
function makeReady(metric: LagOneMetric, side: KernelSide, bin: number): void {
  const norms = whitenedNorms(metric, bin, side.series);
  side.inverseNorms.set(
    norms.map((norm) => (norm > 0 ? 1 / norm : Number.NaN)),
    bin * norms.length,
  );
  side.ready[bin] = 1;
}

interface Pairs extends Scratch {
  readonly whitened: WhitenedRows;
  /** [row] */
  readonly rho: Float64Array;
  /** Where the first kernel of the pass is in `inverseNorms` [row]. */
  readonly inverseAt: Int32Array;
  readonly inverseNorms: Float64Array;
}

/** All voxels of a pass; `kernel` counts from the first of the pass. */
function fitKernel(
  { plain, lagged, rowOf, whitened, rho, inverseAt, inverseNorms }: Pairs,
  kernel: number,
  df: number,
  effect: Float64Array,
  se: Float64Array,
): void {
  const { weights, norms, place, products, places, ends, width } = whitened;
  const voxels = effect.length;
  const perDf = df > 0 ? 1 / df : Number.NaN;
  for (let v = 0; v < voxels; v++) {
    const pair = kernel * voxels + v;
    const row = rowOf[pair]!;
    const r = rho[row]!;
    let nuisance = 0;
    if (place[row]! >= 0) nuisance = products[kernel * places + place[row]!]!;
    else for (let p = 0; p < width; p++) nuisance += weights[row * width + p]! * ends[kernel * width + p]!;
    const product = (1 + r * r) * plain[pair]! - r * lagged[pair]! - nuisance;
    const scale = inverseNorms[inverseAt[row]! + kernel]!;
    effect[v] = product * scale;
    if (se.length > 0) {
      const total = norms[row]!;
      const residual = total - product * product * scale;
      const floor = total * smallestResidual;
      se[v] = Math.sqrt((residual > floor ? residual : floor) * perDf * scale);
    }
  }
}

/** Of the whitened fits: the standard error says them, since `se^2 = variance / <x,x>`. */
function residualVariances({ rowOf, inverseAt, inverseNorms }: Pairs, kernel: number, se: Float64Array): Float64Array {
  return se.map((error, v) => (error * error) / inverseNorms[inverseAt[rowOf[kernel * se.length + v]!]! + kernel]!);
}
