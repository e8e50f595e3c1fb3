import type { Kernel } from '../../artifacts/kernels.js';
import type { RegressorsData } from '../../artifacts/regressors.js';
import { sameTr } from '../../artifacts/repetition-time.js';
import { UserError } from '../../artifacts/user-error.js';
import type { StepContext } from '../../engine/step-type.js';
import { inBlocks } from '../../numerics/blocks.js';
import type { FitModel } from '../../numerics/glm/model.js';
import type { Residualised } from '../../numerics/glm/residualise.js';
import type { ResidualisePayload } from '../../numerics/glm/residualise-task.js';
import type { WhitenPayload } from '../../numerics/glm/spm-task.js';
import { toShared } from '../../numerics/shared-memory.js';
import type { Surrogates } from '../../numerics/surrogates.js';
import type { Run } from '../group/runs.js';

/** Series per task: 5 MB at 163 volumes. */
const blockSize = 4096;

/** What the wired regressors differ by from those of a fit may be rounding, as a share of their norm. */
const rounding = 1e-6;

/**
 * Throws UserError unless the regressors can be those that all runs were fitted with: by their kernels, their length and
 * TR; what is in them is compared by `surrogateModel`. Returns the volumes of all runs.
 */
export function volumesOfAll(runs: readonly Run[], regressors: RegressorsData, origin: string): number {
  const [first] = runs;
  const { volumes, tr } = first!.fitted!.fit;
  for (const { name, kernels, fitted } of runs) {
    const { fit } = fitted!;
    if (fit.volumes !== volumes) {
      throw new UserError({
        message: `${first!.name} has ${volumes} volumes, ${name} has ${fit.volumes}`,
        expected: 'as many in all fits: all get the same surrogates',
      });
    }
    const differs =
      regressors.kernels.length !== kernels.length
        ? `${regressors.kernels.length} regressors, and the fit of ${name} has ${kernels.length}`
        : nameThatDiffers(regressors.kernels, kernels, name);
    if (differs) throw notTheirs(origin, differs);
  }
  if (!sameTr(regressors.tr, tr)) {
    throw notTheirs(origin, `a TR of ${regressors.tr} s, and the fit of ${first!.name} has one of ${tr} s`);
  }
  if (regressors.volumes < volumes) {
    throw notTheirs(origin, `${regressors.volumes} values each, and the fit of ${first!.name} has ${volumes} volumes`);
  }
  return volumes;
}

function nameThatDiffers(own: readonly Kernel[], kernels: readonly Kernel[], fit: string): string | undefined {
  const at = own.findIndex((kernel, k) => kernel.name !== kernels[k]!.name);
  return at < 0 ? undefined : `${own[at]!.name} as number ${at + 1}, and the fit of ${fit} has ${kernels[at]!.name}`;
}

function notTheirs(origin: string, what: string): UserError {
  return new UserError({
    message: `${origin} cannot be what the fits were made of: it has ${what}`,
    expected: 'the regressors that are wired to "glm", at `regressors`',
  });
}

/** Surrogates of some kernels [kernel, surrogate, time], of the volumes that are used. */
export async function surrogatesOf(
  { values, kernels }: RegressorsData,
  chosen: Int32Array,
  volumes: number,
  surrogates: Surrogates,
): Promise<Float64Array> {
  const size = surrogates.count * volumes;
  const out = new Float64Array(chosen.length * size);
  for (const [k, place] of chosen.entries()) {
    const series = Float64Array.from({ length: volumes }, (_, t) => values[t * kernels.length + place]!);
    out.set(await surrogates.of(series), k * size);
  }
  return out;
}

/**
 * The model of a run with surrogates `rows` [kernel and surrogate, time] in the place of its regressors. The first of each
 * kernel is the regressor itself, which must be that of the fit (UserError) and is replaced by it.
 */
export async function surrogateModel(
  run: Run,
  rows: Float64Array,
  chosen: Int32Array,
  origin: string,
  workers: Pick<StepContext, 'pool' | 'signal'>,
): Promise<FitModel> {
  const { fit, model } = run.fitted!;
  const { time } = model;
  const kernels = rows.length / time;
  const count = kernels / chosen.length;
  const residuals = await withoutNuisance(run, rows, workers);
  chosen.forEach((place, k) => {
    const own = fit.regressors.subarray(place * time, (place + 1) * time);
    const made = residuals.subarray(k * count * time, (k * count + 1) * time);
    const [norm, apart] = [Math.hypot(...own), Math.hypot(...own.map((value, t) => value - made[t]!))];
    if (norm > 0 && !(apart <= rounding * norm)) {
      throw notTheirs(origin, `other values of ${fit.kernels[place]!.name} than the fit of ${run.name}`);
    }
    made.set(own);
  });
  return {
    ...model,
    kernels,
    regressors: toShared(residuals),
    ...(fit.whitening && { whitening: whiteningOfAll(fit.whitening, kernels) }),
  };
}

async function withoutNuisance(
  { fitted }: Run,
  rows: Float64Array,
  { pool, signal }: Pick<StepContext, 'pool' | 'signal'>,
): Promise<Float64Array> {
  const { nuisance, rank, volumes: time, whitener } = fitted!.fit;
  const out = new Float64Array(rows.length);
  await inBlocks(
    { total: rows.length / time, size: blockSize, ahead: pool.threads + 1 },
    (first, end) => {
      signal.throwIfAborted();
      const series = rows.slice(first * time, end * time);
      const options = { transfer: [series.buffer as ArrayBuffer], signal };
      const part = { series, count: end - first, time };
      if (!whitener) {
        const payload: ResidualisePayload = { ...part, nuisance, rank };
        return pool.run<Residualised>('glm.residualise', payload, options);
      }
      const payload: WhitenPayload = { ...part, whitening: { matrix: whitener, nuisance, rank }, scale: 1 };
      return pool.run<Residualised>('glm.spm-whiten', payload, options);
    },
    (block, first) => out.set(block.residuals, first * time),
  );
  return out;
}

/** What the whitening leaves: the mean over the kernels for every surrogate, since it hardly differs between regressors (1e-6). */
function whiteningOfAll(whitening: Float64Array, kernels: number): Float64Array {
  const sums = [0, 0];
  let fitted = 0;
  for (let k = 0; k < whitening.length; k += 2) {
    if (!Number.isFinite(whitening[k]! + whitening[k + 1]!)) continue;
    fitted += 1;
    for (const part of [0, 1]) sums[part]! += whitening[k + part]!;
  }
  return Float64Array.from({ length: 2 * kernels }, (_, i) => sums[i % 2]! / fitted);
}
