import { UserError } from '../../artifacts/user-error.js';
import type { StepContext } from '../../engine/step-type.js';
import { inBlocks } from '../../numerics/blocks.js';
import type { InterestPayload } from '../../numerics/glm/interest-task.js';
import { type Residualised, usable } from '../../numerics/glm/residualise.js';
import type { SpmErrors } from '../../numerics/glm/spm-errors.js';
import {
  type ErrorsPayload,
  poolBelow,
  type Scatter,
  type ScatterPayload,
  type Whitening,
  type WhiteningPayload,
  type WhitenPayload,
} from '../../numerics/glm/spm-task.js';
import { orthonormalBasis } from '../../numerics/orthonormal.js';
import type { Nuisance } from './nuisance.js';

type Workers = Pick<StepContext, 'pool' | 'signal'> & { progress?: (done: number, total: number) => void };

/** Series per task: 5 MB at 163 volumes. */
const blockSize = 4096;

export interface SpmData {
  readonly time: number;
  /** [voxel, time], as they are; overwritten. */
  readonly series: Float64Array;
  /** By which the series are multiplied (see `spmMask`). */
  readonly scale: number;
  /** [kernel, time], as they are. */
  readonly columns: Float64Array;
  /** The same without the nuisance; rows that are 0 are not fitted. */
  readonly residualColumns: Float64Array;
  /** Columns of a kernel. */
  readonly perKernel: number;
  readonly nuisance: Nuisance;
}

/** The fit of whitened series: in place of the plain ones. */
export interface SpmFit {
  readonly residuals: Residualised;
  readonly regressors: Float64Array;
  readonly nuisance: Float64Array;
  readonly rank: number;
  /** Effective degrees of freedom, mean over the kernels: they differ in the ninth digit. */
  readonly df: number;
  /** See `FitData.whitening` and `FitData.whitener`. */
  readonly whitening: Float64Array;
  readonly whitener: Float64Array;
}

/**
 * Whitens a subject's series, regressors and nuisance as SPM12 does. One covariance serves all voxels and kernels: SPM
 * estimates it once per model, from the voxels that respond to any column; here the leading components of the regressors
 * stand for all of them, which for one kernel is that kernel. Throws UserError where it cannot be estimated.
 */
export async function spmFit(data: SpmData, workers: Workers, origin: string): Promise<SpmFit> {
  const { time, series, residualColumns, nuisance } = data;
  const { pool, signal } = workers;
  const spare = time - nuisance.rank;
  const payload: InterestPayload = { regressors: residualColumns, time, spare };
  const interest = await pool.run<{ rows: Float64Array }>('glm.interest', payload, { signal });
  const design = designOf(nuisance, interest.rows, time);
  const { scatter, pooled, mean, state } = await pooledScatter(series, time, design, workers);
  if (pooled === 0) throw cannot(`no voxel of ${origin} responds to any column at p < ${poolBelow}`);
  const estimated: WhiteningPayload = {
    scatter: scatter.map((value) => value / pooled),
    basis: design.basis,
    rank: design.rank,
    time,
    filter: flat(nuisance.drifts, time),
    others: flat(nuisance.others, time),
  };
  const whitening = await pool.run<Whitening | { weights?: never }>('glm.spm-whitening', estimated, { signal });
  if (!whitening.weights) throw cannot(`the serial correlation of ${origin} (${pooled} voxels) is outside SPM's model`);

  const whiten = (rows: Float64Array, scale: number) => inWhitenedSpace(rows, { time, whitening, scale }, workers);
  const { residuals: regressors } = await whiten(Float64Array.from(data.columns), 1);
  for (let start = 0; start < regressors.length; start += time) {
    if (residualColumns.subarray(start, start + time).every((value) => value === 0)) {
      regressors.fill(0, start, start + time);
    }
  }
  const errors: ErrorsPayload = { whitening, regressors, time, perKernel: data.perKernel };
  const { trace, spread, df } = await pool.run<SpmErrors>('glm.spm-errors', errors, { signal });
  const fitted = df.filter((value) => value > 0);
  const whitened = await whiten(series, data.scale);
  return {
    // What a voxel is was seen before the whitening; after it, a constant one is a whitened constant.
    residuals: { ...whitened, mean, state: state.map((value, v) => (value === usable ? whitened.state[v]! : value)) },
    regressors,
    nuisance: whitening.nuisance,
    rank: whitening.rank,
    df: fitted.reduce((sum, value) => sum + value, 0) / fitted.length,
    whitening: Float64Array.from({ length: 2 * trace.length }, (_, i) => (i % 2 ? spread : trace)[i >> 1]!),
    whitener: whitening.matrix,
  };
}

function cannot(message: string): UserError {
  return new UserError({
    message: `"noise: spm" cannot be estimated: ${message}`,
    expected: 'series with effects, and noise of a short positive or small negative autocorrelation',
    hint: 'Use "noise: ar1", which is estimated in every voxel.',
    keys: ['noise'],
  });
}

/** Basis of the whole design: constant and filter first, which are of no interest, then confounds and regressors. */
function designOf({ drifts, others }: Nuisance, interest: Float64Array, time: number) {
  const [constant, ...confounds] = others;
  const ofNoInterest = [constant!, ...drifts];
  const rows = Array.from({ length: interest.length / time }, (_, i) => interest.subarray(i * time, (i + 1) * time));
  const reduced = orthonormalBasis(ofNoInterest, time).rank;
  const { rows: basis, rank } = orthonormalBasis([...ofNoInterest, ...confounds, ...rows], time);
  const filter = orthonormalBasis(drifts, time).rank;
  return { basis, rank, reduced, df: time - (rank - filter) };
}

async function pooledScatter(
  series: Float64Array,
  time: number,
  design: Pick<ScatterPayload, 'basis' | 'rank' | 'reduced' | 'df'>,
  { pool, signal }: Workers,
): Promise<Scatter> {
  const total = series.length / time;
  const scatter = new Float64Array(time * time);
  const mean = new Float64Array(total);
  const state = new Uint8Array(total);
  let pooled = 0;
  await inBlocks(
    { total, size: blockSize, ahead: pool.threads + 1 },
    async (first, end) => {
      signal.throwIfAborted();
      const block = series.slice(first * time, end * time);
      const payload: ScatterPayload = { series: block, count: end - first, time, ...design };
      return pool.run<Scatter>('glm.spm-scatter', payload, { transfer: [block.buffer as ArrayBuffer], signal });
    },
    (block, first) => {
      for (let i = 0; i < scatter.length; i++) scatter[i]! += block.scatter[i]!;
      pooled += block.pooled;
      mean.set(block.mean, first);
      state.set(block.state, first);
    },
  );
  return { scatter, pooled, mean, state };
}

/** Whitened, without the nuisance, in place. */
async function inWhitenedSpace(
  series: Float64Array,
  { time, whitening, scale }: Pick<WhitenPayload, 'time' | 'whitening' | 'scale'>,
  { pool, signal, progress }: Workers,
): Promise<Residualised> {
  const total = series.length / time;
  const mean = new Float64Array(total);
  const state = new Uint8Array(total);
  await inBlocks(
    { total, size: blockSize, ahead: pool.threads + 1 },
    async (first, end) => {
      signal.throwIfAborted();
      const block = series.slice(first * time, end * time);
      const payload: WhitenPayload = { series: block, count: end - first, time, whitening, scale };
      return pool.run<Residualised>('glm.spm-whiten', payload, { transfer: [block.buffer as ArrayBuffer], signal });
    },
    (block, first, end) => {
      series.set(block.residuals, first * time);
      mean.set(block.mean, first);
      state.set(block.state, first);
      progress?.(end, total);
    },
  );
  return { residuals: series, mean, state };
}

function flat(rows: readonly Float64Array[], time: number): Float64Array {
  const out = new Float64Array(rows.length * time);
  rows.forEach((row, i) => {
    out.set(row, i * time);
  });
  return out;
}
