import { timesTransposed } from '../products.js';
import {
  type LagOneMetric,
  type LagOneSeries,
  lagOneMetric,
  lagOneSeries,
  shifted,
  whitenedSeries,
} from './lag-one.js';
import type { Estimator, FitModel, KernelColumns } from './model.js';
import { RhoRows, type RhoRule } from './rho-rows.js';
import { gramsOf, inverseGrams, type Place, solve, standardErrors } from './several-columns.js';

/** A pass: what is made of about 128 rows x 128 voxels stays in the cache until it is used. */
const [rowsPerPass, voxelsPerPass] = [128, 128];

/**
 * AR(1) of every kernel at every voxel, with several columns per kernel: as `lagOneEstimator` (first row kept), with effects
 * and errors as in `severalColumnsEstimator`.
 */
export async function severalLagOneEstimator(
  model: FitModel,
  { perKernel, wanted }: KernelColumns,
  rule: RhoRule,
): Promise<Estimator> {
  const { time, rank, df, regressors } = model;
  const metric = lagOneMetric(model.nuisance, rank, time, rule.rho, 'kept');
  const count = regressors.length / time;
  const kernels = count / perKernel;
  const { ends } = await lagOneSeries(metric, regressors, count, time);
  const shiftedRows = shifted(regressors, count, time);
  const lags = gramsOf(regressors, shiftedRows, kernels, perKernel, time);
  const ofOls = new Array<Float64Array>(voxelsPerPass).fill(
    inverseGrams(regressors, regressors, kernels, perKernel, time),
  );
  const inverses = new Map<number, Float64Array>();
  const meet = async (bin: number) => {
    if (inverses.has(bin)) return;
    const { series } = await whitenedSeries(metric, new Int32Array(count).fill(bin), regressors, count, time);
    inverses.set(bin, inverseGrams(regressors, series, kernels, perKernel, time));
  };
  const perDf = df > 0 ? 1 / df : Number.NaN;
  const rows = () => Array.from({ length: perKernel }, () => new Float64Array(voxelsPerPass));
  const [effects, errors, variance] = [rows(), rows(), new Float64Array(voxelsPerPass)];

  return async (block, use) => {
    const end = block.firstKernel + block.kernels;
    const [first, last] = [Math.floor(block.firstKernel / wanted.length), Math.ceil(end / wanted.length)];
    const step = Math.max(1, Math.floor(rowsPerPass / perKernel));
    for (let firstVoxel = 0; firstVoxel < block.voxels; firstVoxel += voxelsPerPass) {
      const voxels = Math.min(voxelsPerPass, block.voxels - firstVoxel);
      const bold = block.bold.subarray(firstVoxel * time, (firstVoxel + voxels) * time);
      const side = await lagOneSeries(metric, bold, voxels, time);
      const rhoRows = new RhoRows(metric, side);
      const [bins, rowOf] = [new Int32Array(voxels), new Int32Array(voxels)];
      for (let from = first; from < last; from += step) {
        const here = Math.min(step, last - from);
        const of = (values: Float64Array) => values.subarray(from * perKernel * time, (from + here) * perKernel * time);
        const size = { m: here * perKernel, n: voxels, k: time };
        const plain = await timesTransposed(of(regressors), bold, size);
        const lagged = await timesTransposed(of(shiftedRows), bold, size);
        for (let k = 0; k < here; k++) {
          const kernel = from + k;
          const place = { from: k * perKernel * voxels, at: kernel * perKernel * perKernel, columns: perKernel };
          solve(plain, ofOls.slice(0, voxels), place, effects);
          rule.bins(kernel, lagRatios(plain, lagged, lags, side, place, effects), bins);
          rhoRows.find(bins, rowOf, 0);
          for (const bin of new Set(bins)) await meet(bin);
          const ofRho = Array.from(bins, (bin) => inverses.get(bin)!);
          const whitened = whitenedProducts(plain, lagged, rhoRows, rowOf, ends, metric, place, kernel);
          const norms = Float64Array.from(rowOf, (row) => rhoRows.norms[row]!);
          const inWhitened = { ...place, from: 0 };
          solve(whitened, ofRho, inWhitened, effects);
          standardErrors(whitened, norms, ofRho, inWhitened, perDf, effects, errors, variance);
          wanted.forEach((j, w) => {
            const row = kernel * wanted.length + w;
            if (row < block.firstKernel || row >= end) return;
            const se = errors[j]!.subarray(0, block.errors ? voxels : 0);
            const estimate = { kernel: row, firstVoxel, effect: effects[j]!.subarray(0, voxels), se };
            use(block.variances ? { ...estimate, variance: variance.slice(0, voxels) } : estimate);
          });
        }
      }
    }
  };
}

/**
 * `2 sum r_t r_(t+1) / sum r_t^2` of the residuals of the OLS fit with the effects `b` [column][voxel]: the lag-1 sum is
 * `y'Sy - 2 b'X'Sy + b'(X'S X) b`, the sum of squares `y'y - b'X'y`. Columns that are not in the model (NaN) play no part.
 */
function lagRatios(
  plain: Float64Array,
  lagged: Float64Array,
  lags: Float64Array,
  { norm, lag }: LagOneSeries,
  { from, at, columns }: Place,
  effects: readonly Float64Array[],
): Float64Array {
  const voxels = norm.length;
  const used = (j: number, v: number) => (Number.isNaN(effects[j]![v]!) ? 0 : effects[j]![v]!);
  return Float64Array.from(norm, (total, v) => {
    let [squares, neighbours] = [total, lag[v]!];
    for (let i = 0; i < columns; i++) {
      const own = used(i, v);
      squares -= own * plain[from + i * voxels + v]!;
      neighbours -= 2 * own * lagged[from + i * voxels + v]!;
      for (let j = 0; j < columns; j++) neighbours += own * used(j, v) * lags[at + i * columns + j]!;
    }
    return neighbours / squares;
  });
}

/** Products of a kernel's columns with the voxels, each whitened by the voxel's rho [column, voxel]. */
function whitenedProducts(
  plain: Float64Array,
  lagged: Float64Array,
  { weights, bin }: RhoRows,
  rowOf: Int32Array,
  ends: Float64Array,
  { width, rho }: LagOneMetric,
  { from, columns }: Place,
  kernel: number,
): Float64Array {
  const voxels = rowOf.length;
  const out = new Float64Array(columns * voxels);
  for (let v = 0; v < voxels; v++) {
    const row = rowOf[v]!;
    const r = rho[bin[row]!]!;
    for (let i = 0; i < columns; i++) {
      let taken = 0;
      const fromEnds = (kernel * columns + i) * width;
      for (let p = 0; p < width; p++) taken += weights[row * width + p]! * ends[fromEnds + p]!;
      const own = from + i * voxels + v;
      out[i * voxels + v] = (1 + r * r) * plain[own]! - r * lagged[own]! - taken;
    }
  }
  return out;
}
