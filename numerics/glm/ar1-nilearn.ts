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
import { type Estimator, type FitModel, smallestResidual } from './model.js';

/** rho is truncated to hundredths, as nilearn does with `bins=100`. */
const binsPerUnit = 100;
/** |rho| stays below `cos(pi / (T + 1)) T / (T - 1)`, which is at most 1.083 (T = 5). */
const largestBin = 109;
/** Voxels per inner block: products of 256 x 512 doubles stay in the cache between being made and being used. */
const voxelsPerPass = 256;

/**
 * AR(1) of every kernel at every voxel, with the numbers of a separate nilearn 0.10 fit of each
 * (`run_glm(noise_model='ar1', bins=100)`): the residuals `r` of the OLS fit give
 *   `rho = (sum r_t r_(t+1) / (T-1)) / (sum r_t^2 / T)`, truncated toward zero to a multiple of 1/100;
 * series and design are whitened (first row as it is, `a_t - rho a_(t-1)`) and fitted by OLS.
 *
 * rho differs between kernels, but a voxel meets only a few values of it. Per block there are three matrix products:
 * `x'y` and `x'Sy` of all pairs, and the nuisance part for every value of rho that a voxel meets (see `lagOneMetric`).
 */
export async function ar1NilearnEstimator(model: FitModel): Promise<Estimator> {
  const { time } = model;
  const metric = lagOneMetric(model.nuisance, model.rank, time, binValues());
  const series = await lagOneSeries(metric, model.regressors, model.kernels, time);
  const kernels: KernelSide = {
    series,
    shifted: shifted(model.regressors, model.kernels, time),
    inverseNorms: (await whitenedNorms(metric, series)).map((norm) => (norm > 0 ? 1 / norm : Number.NaN)),
    ends: withEnds(series, model.kernels, model.rank),
  };
  const scratch = emptyScratch();

  return async (block, out) => {
    for (let first = 0; first < block.voxels; first += voxelsPerPass) {
      const voxels = Math.min(voxelsPerPass, block.voxels - first);
      const bold = block.bold.subarray(first * time, (first + voxels) * time);
      const from = first * block.kernels;
      await pass(
        model,
        metric,
        kernels,
        { ...block, bold, voxels },
        out.effect.subarray(from, from + voxels * block.kernels),
        out.se?.subarray(from, from + voxels * block.kernels),
        scratch,
      );
    }
  };
}

interface KernelSide {
  readonly series: LagOneSeries;
  /** `S x` [kernel, time]. */
  readonly shifted: Float64Array;
  /** One over the projected whitened norm [bin, kernel]. */
  readonly inverseNorms: Float64Array;
  /** `(Z S x, x_T)` [kernel, rank + 1]. */
  readonly ends: Float64Array;
}

interface Scratch {
  plain: Float64Array;
  lagged: Float64Array;
  /** Row of `weights` that a pair uses. */
  rowOf: Int32Array;
}

function emptyScratch(): Scratch {
  return { plain: new Float64Array(0), lagged: new Float64Array(0), rowOf: new Int32Array(0) };
}

async function pass(
  model: FitModel,
  metric: LagOneMetric,
  side: KernelSide,
  { bold, voxels, firstKernel, kernels }: { bold: Float64Array; voxels: number; firstKernel: number; kernels: number },
  effect: Float64Array,
  se: Float64Array | undefined,
  scratch: Scratch,
): Promise<void> {
  const { time, rank, df } = model;
  const pairs = voxels * kernels;
  if (scratch.plain.length < pairs) {
    scratch.plain = new Float64Array(pairs);
    scratch.lagged = new Float64Array(pairs);
    scratch.rowOf = new Int32Array(pairs);
  }
  const plain = scratch.plain.subarray(0, pairs);
  const lagged = scratch.lagged.subarray(0, pairs);
  const rowOf = scratch.rowOf.subarray(0, pairs);
  const ofKernels = (values: Float64Array, width: number) =>
    values.subarray(firstKernel * width, (firstKernel + kernels) * width);
  const size = { m: voxels, n: kernels, k: time };
  await timesTransposed(bold, ofKernels(model.regressors, time), size, plain);
  await timesTransposed(bold, ofKernels(side.shifted, time), size, lagged);
  const voxelSide = await lagOneSeries(metric, bold, voxels, time);
  const rows = findRows(
    plain,
    lagged,
    ofKernels(side.series.norm, 1),
    ofKernels(side.series.lag, 1),
    voxelSide,
    time,
    rowOf,
  );

  const weights = new Float64Array(rows.count * (rank + 1));
  const norms = new Float64Array(rows.count);
  for (let row = 0; row < rows.count; row++) {
    norms[row] = whitenedSide(metric, rows.bin[row]!, voxelSide, rows.voxel[row]!, weights, row * (rank + 1));
  }
  const nuisance = await timesTransposed(weights, ofKernels(side.ends, rank + 1), {
    m: rows.count,
    n: kernels,
    k: rank + 1,
  });

  for (let v = 0; v < voxels; v++) {
    const start = v * kernels;
    if (!(voxelSide.norm[v]! > 0)) {
      effect.fill(Number.NaN, start, start + kernels);
      se?.fill(Number.NaN, start, start + kernels);
      continue;
    }
    fitVoxel(
      { plain, lagged, rowOf, nuisance, norms, bin: rows.bin, rho: metric.rho, inverseNorms: side.inverseNorms },
      { start, kernels, firstKernel, allKernels: model.kernels, df },
      effect,
      se,
    );
  }
}

/** The values of rho that each voxel meets, as rows: (voxel, bin). Writes the row of every pair to `rowOf`. */
function findRows(
  plain: Float64Array,
  lagged: Float64Array,
  kernelNorm: Float64Array,
  kernelLag: Float64Array,
  voxelSide: LagOneSeries,
  time: number,
  rowOf: Int32Array,
): { count: number; voxel: number[]; bin: number[] } {
  const voxel: number[] = [];
  const bin: number[] = [];
  const kernels = kernelNorm.length;
  const perKernel = kernelNorm.map((norm) => 1 / norm);
  const rowAtBin = new Int32Array(2 * largestBin + 1);
  const toBins = (binsPerUnit * time) / (time - 1) / 2;
  for (let v = 0; v < voxelSide.norm.length; v++) {
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
      }
      rowOf[pair] = row;
    }
  }
  return { count: voxel.length, voxel, bin };
}

interface PairValues {
  readonly plain: Float64Array;
  readonly lagged: Float64Array;
  readonly rowOf: Int32Array;
  /** What the nuisance takes from a product [row, kernel]. */
  readonly nuisance: Float64Array;
  /** Projected whitened norm of the voxel's series [row]. */
  readonly norms: Float64Array;
  readonly bin: readonly number[];
  readonly rho: Float64Array;
  readonly inverseNorms: Float64Array;
}

function fitVoxel(
  { plain, lagged, rowOf, nuisance, norms, bin, rho, inverseNorms }: PairValues,
  at: { start: number; kernels: number; firstKernel: number; allKernels: number; df: number },
  effect: Float64Array,
  se: Float64Array | undefined,
): void {
  const { start, kernels, firstKernel, allKernels, df } = at;
  const perDf = df > 0 ? 1 / df : Number.NaN;
  for (let k = 0; k < kernels; k++) {
    const row = rowOf[start + k]!;
    const place = bin[row]!;
    const r = rho[place]!;
    const product = (1 + r * r) * plain[start + k]! - r * lagged[start + k]! - nuisance[row * kernels + k]!;
    const inverse = inverseNorms[place * allKernels + firstKernel + k]!;
    const slope = product * inverse;
    effect[start + k] = slope;
    if (se) {
      const total = norms[row]!;
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
