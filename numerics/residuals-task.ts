import { rhoAt, rhoEdges, rhoTable } from './glm/ar1.js';
import { expectedLagOne } from './glm/expected-lag-one.js';
import type { FitModel } from './glm/model.js';
import { residualise } from './glm/residualise.js';
import { unshared } from './shared-memory.js';
import {
  dot,
  neighbours,
  powerOf,
  type SharedDesign,
  sharedDesign,
  type WhiteResiduals,
  waves,
  whiteResiduals,
} from './white-residuals.js';

export interface ResidualsPayload {
  readonly model: FitModel;
  /** Residualised series [voxel, time]. */
  readonly bold: Float64Array;
  readonly voxels: number;
  /** Of the voxels, where it is one for all kernels. */
  readonly rho?: Float64Array;
}

/** Residuals of the models of some kernels in the metric of the fit (whitened), for a block of voxels. NaN where nothing is fitted. */
export interface ResidualsBlock {
  /** Lag-1 autocorrelation, Durbin-Watson statistic, and the rho of the whitening (0 of `ols` and `spm`) [kernel, voxel]. */
  readonly lag1: Float64Array;
  readonly durbin_watson: Float64Array;
  readonly rho: Float64Array;
  /** Sums over the voxels of the periodogram and of what it would be for white noise [kernel, frequency]. */
  readonly power: Float64Array;
  readonly expected: Float64Array;
  /** See `sums` [kernel, 9]. */
  readonly sums: Float64Array;
}

/** What is summed over the voxels of a kernel: how many; lag-1 and its expectation; Durbin-Watson, its bounds; how many are below, above them; rho. */
export const sums = [
  'voxels',
  'lag1',
  'lag1_expected',
  'durbin_watson',
  'low',
  'high',
  'below',
  'above',
  'rho',
] as const;

/** Of the normal distribution: 95 % lie within. */
const within = 1.959963984540054;

/** Pool task `residuals.block`. */
export async function run(payload: ResidualsPayload): Promise<ResidualsBlock> {
  const { bold, voxels } = payload;
  const model = { ...payload.model, regressors: unshared(payload.model.regressors) };
  const { time, kernels, rank, noise } = model;
  const sines = waves(time);
  const frequencies = sines.length / time / 2;
  const nuisance = unshared(model.nuisance);
  const size = kernels * voxels;
  const empty = () => new Float64Array(size).fill(Number.NaN);
  const out = {
    ...{ lag1: empty(), durbin_watson: empty(), rho: empty() },
    power: new Float64Array(kernels * frequencies),
    expected: new Float64Array(kernels * frequencies),
    sums: new Float64Array(kernels * sums.length),
  };
  const firstRow = noise === 'ar1' ? 'scaled' : 'kept';
  const shared = new Map<number, SharedDesign>();
  const rhoOf = await rhoRule(model, nuisance, payload.rho);
  for (let k = 0; k < kernels; k++) {
    const x = model.regressors.subarray(k * time, (k + 1) * time);
    const norm = dot(x, x);
    if (!(norm > 0)) continue;
    for (const [rho, members] of groups(bold, voxels, x, (v, residual) => rhoOf(k, v, residual))) {
      let design = shared.get(rho);
      if (!design) {
        design = await sharedDesign(whitened(nuisance, rank, time, rho, firstRow), time, sines);
        shared.set(rho, design);
      }
      const u = whitened(x, 1, time, rho, firstRow);
      await residualise(u, design.rows, { count: 1, time, rank: design.rank, whitened: true });
      const length = Math.sqrt(dot(u, u));
      if (!(length > 0)) continue;
      for (let t = 0; t < time; t++) u[t]! /= length;
      const series = new Float64Array(members.length * time);
      members.forEach((v, i) => {
        series.set(whitened(bold.subarray(v * time, (v + 1) * time), 1, time, rho, firstRow), i * time);
      });
      const basis = Float64Array.of(...design.rows, ...u);
      const whole = { count: members.length, time, rank: design.rank + 1, whitened: true };
      const { residuals } = await residualise(series, basis, whole);
      await take(out, { k, rho, members, voxels, residuals, time, sines }, await whiteResiduals(design, u, sines));
    }
  }
  return out;
}

/** Adds the residuals of some voxels [member, time], which one rho and one design go with. */
async function take(
  out: ResidualsBlock,
  {
    k,
    rho,
    members,
    voxels,
    residuals,
    time,
    sines,
  }: {
    k: number;
    rho: number;
    members: readonly number[];
    voxels: number;
    residuals: Float64Array;
    time: number;
    sines: Float64Array;
  },
  white: WhiteResiduals,
): Promise<void> {
  const frequencies = white.power.length;
  const power = await powerOf(residuals, members.length, time, sines);
  const [low, high] = [-1, 1].map((side) => white.durbinWatson + side * within * white.durbinWatsonSd) as [
    number,
    number,
  ];
  members.forEach((v, i) => {
    const r = residuals.subarray(i * time, (i + 1) * time);
    const squares = dot(r, r);
    if (!(squares > 0)) return;
    const lagOne = neighbours(r) / squares;
    const watson = 2 - 2 * lagOne - (r[0]! ** 2 + r[time - 1]! ** 2) / squares;
    const at = k * voxels + v;
    out.lag1[at] = lagOne;
    out.durbin_watson[at] = watson;
    out.rho[at] = rho;
    const found = [1, lagOne, white.lagOne, watson, low, high, Number(watson < low), Number(watson > high), rho];
    found.forEach((value, s) => {
      out.sums[k * sums.length + s]! += value;
    });
    const scale = white.df / (time * squares);
    for (let f = 0; f < frequencies; f++) {
      out.power[k * frequencies + f]! += power[i * frequencies + f]! * scale;
      out.expected[k * frequencies + f]! += white.power[f]!;
    }
  });
}

/** Voxels by their rho, each with its OLS residual looked at only where rho is to be told from it. */
function groups(
  bold: Float64Array,
  voxels: number,
  x: Float64Array,
  rhoOf: (voxel: number, residual: () => Float64Array) => number,
): Map<number, number[]> {
  const time = x.length;
  const norm = dot(x, x);
  const found = new Map<number, number[]>();
  for (let v = 0; v < voxels; v++) {
    const y = bold.subarray(v * time, (v + 1) * time);
    const rho = rhoOf(v, () => {
      const slope = dot(x, y) / norm;
      return y.map((value, t) => value - slope * x[t]!);
    });
    const others = found.get(rho);
    if (others) others.push(v);
    else found.set(rho, [v]);
  }
  return found;
}

/** The rho that a kernel's model has at a voxel, as its noise model takes it. */
async function rhoRule(
  model: FitModel,
  nuisance: Float64Array,
  known: Float64Array | undefined,
): Promise<(kernel: number, voxel: number, residual: () => Float64Array) => number> {
  const { noise, time, rank, kernels, regressors, df } = model;
  if (noise === 'ols' || noise === 'spm') return () => 0;
  const hundredths = (rho: number) => Math.round(100 * rho) / 100 + 0;
  if (known) return (_, v) => hundredths(known[v]!);
  const ratio = (residual: Float64Array) => {
    const squares = dot(residual, residual);
    return squares > 0 ? neighbours(residual) / squares : 0;
  };
  if (noise === 'ar1-nilearn') {
    return (_, __, residual) => Math.trunc((100 * time * ratio(residual())) / (time - 1)) / 100 + 0;
  }
  if (df < 2) return () => 0;
  const { withKernel } = await expectedLagOne({ nuisance, rank, regressors, kernels, time }, rhoEdges);
  const width = rhoEdges.length;
  const tables = Array.from({ length: kernels }, (_, k) => rhoTable(withKernel.subarray(k * width, (k + 1) * width)));
  return (k, _, residual) => hundredths(rhoAt(tables[k]!, 2 * ratio(residual())));
}

/** Rows [row, time] after `a_t - rho a_(t-1)`; the first value is kept, or multiplied by `sqrt(1 - rho^2)`. */
function whitened(
  rows: Float64Array,
  count: number,
  time: number,
  rho: number,
  firstRow: 'kept' | 'scaled',
): Float64Array {
  const out = Float64Array.from(rows);
  if (rho === 0) return out;
  for (let i = 0; i < count * time; i++) {
    if (i % time > 0) out[i]! -= rho * rows[i - 1]!;
    else if (firstRow === 'scaled') out[i]! *= Math.sqrt(1 - rho * rho);
  }
  return out;
}
