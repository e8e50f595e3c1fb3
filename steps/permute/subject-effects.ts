import type { StepContext } from '../../engine/step-type.js';
import { inBlocks } from '../../numerics/blocks.js';
import type { FixedEffectsPayload, RunPayload, Weighting } from '../../numerics/glm/group-task.js';
import type { FitModel } from '../../numerics/glm/model.js';
import type { StatisticMaps } from '../../numerics/glm/statistic-maps.js';
import { FixedEffects } from '../../numerics/group.js';
import { toShared } from '../../numerics/shared-memory.js';
import type { MemberRun } from '../group/members.js';
import type { Subjects } from '../group/subjects.js';

/** Bytes of effects that are in memory at a time. */
const passBytes = 384 << 20;

/** Voxels per task: series of some megabytes. */
const blockVoxels = 4096;

/** Effects [subject, voxel] of every chosen kernel, in order. */
export async function* eachKernel(
  subjects: Subjects,
  chosen: Int32Array,
  weighting: Weighting,
  context: Pick<StepContext, 'pool' | 'signal'>,
): AsyncGenerator<{ row: number; effects: Float64Array }> {
  const size = subjects.members.length * subjects.mask.voxels.length;
  const pass = kernelsPerPass(subjects);
  for (let first = 0; first < chosen.length; first += pass) {
    const kernels = chosen.subarray(first, first + pass);
    const effects = await subjectEffects(subjects, kernels, weighting, context);
    for (let k = 0; k < kernels.length; k++) {
      const own = effects.subarray(k * size, (k + 1) * size);
      // A kernel that some subject lacks would be a group of fewer.
      if (subjects.kernels[kernels[k]!]!.status !== 'fitted') own.fill(Number.NaN);
      yield { row: first + k, effects: own };
    }
  }
}

/** Kernels whose effects are in memory at a time: what depends on it is the time taken, not the result. */
function kernelsPerPass({ members, mask }: Subjects): number {
  return Math.max(1, Math.floor(passBytes / (members.length * mask.voxels.length * 8)));
}

/** Effects `[kernel, subject, voxel]` of some kernels, in the order of `kernels` (places in the fits, increasing). */
async function subjectEffects(
  { members, mask, kernels: all }: Subjects,
  kernels: Int32Array,
  weighting: Weighting,
  { pool, signal }: Pick<StepContext, 'pool' | 'signal'>,
): Promise<Float64Array> {
  const voxels = mask.voxels.length;
  const effects = new Float64Array(kernels.length * members.length * voxels);
  const blocks = Math.ceil(voxels / blockVoxels);
  const narrowed = new Map<FitModel, FitModel>();
  const narrow = (run: RunPayload, count: number): RunPayload => {
    if (isKnown(run)) return withRows(run, kernels, all.length, count);
    const model = narrowed.get(run.model) ?? withKernels(run.model, kernels);
    narrowed.set(run.model, model);
    return { ...run, model };
  };
  const ofRuns = async (runs: readonly MemberRun[], first: number, end: number): Promise<Float64Array> => {
    const several = runs.length > 1;
    const payloads: RunPayload[] = [];
    for (const { run, rows } of runs) {
      const read = await run.read(rows.subarray(first, end), several && weighting === 'precision');
      payloads.push(narrow(read, end - first));
    }
    // One run needs no weights.
    const how = several ? weighting : 'mean';
    const size = { kernels: kernels.length, voxels: end - first };
    if (payloads.every(isKnown)) return combined(payloads, how, size.kernels * size.voxels);
    const payload: FixedEffectsPayload = {
      ...{ runs: payloads, weighting: how, ...size, df: 1 },
      statistics: ['effect'],
      dtype: 'float64',
    };
    return (await pool.run<StatisticMaps>('runs.maps', payload, { signal })).effect as Float64Array;
  };
  await inBlocks(
    { total: members.length * blocks, size: 1, ahead: pool.threads + 1 },
    async (at) => {
      signal.throwIfAborted();
      const [member, first, end] = placeOf(at);
      const own = await ofRuns(members[member]!.runs, first, end);
      const { against } = members[member]!;
      if (!against) return own;
      const other = await ofRuns(against, first, end);
      return own.map((effect, i) => effect - other[i]!);
    },
    (block, at) => {
      const [member, first, end] = placeOf(at);
      for (let k = 0; k < kernels.length; k++) {
        const row = block.subarray(k * (end - first), (k + 1) * (end - first));
        effects.set(row, (k * members.length + member) * voxels + first);
      }
    },
  );
  return effects;

  function placeOf(at: number): [member: number, first: number, end: number] {
    const first = (at % blocks) * blockVoxels;
    return [Math.floor(at / blocks), first, Math.min(voxels, first + blockVoxels)];
  }
}

/** The models of some kernels only. */
function withKernels(model: FitModel, kernels: Int32Array): FitModel {
  const { key, regressors, whitening, time } = model;
  const rowsOf = (values: Float64Array, width: number) => {
    const out = new Float64Array(kernels.length * width);
    kernels.forEach((place, k) => {
      out.set(values.subarray(place * width, (place + 1) * width), k * width);
    });
    return out;
  };
  return {
    ...model,
    ...(key !== undefined && { key: `${key} ${kernels.join()}` }),
    kernels: kernels.length,
    regressors: toShared(rowsOf(regressors, time)),
    ...(whitening && { whitening: rowsOf(whitening, 2) }),
  };
}

type KnownEffects = Exclude<RunPayload, { readonly model: FitModel }>;

function isKnown(run: RunPayload): run is KnownEffects {
  return !('model' in run);
}

/** The fixed effects over runs whose effects are known. */
function combined(runs: readonly KnownEffects[], weighting: Weighting, size: number): Float64Array {
  const fixed = new FixedEffects(size, weighting);
  for (const { effect, se } of runs) {
    fixed.nextRun();
    fixed.put(0, effect, se ?? new Float64Array(0));
  }
  return fixed.effects(0, size);
}

/** Known effects of some kernels only. */
function withRows(run: KnownEffects, kernels: Int32Array, total: number, voxels: number): RunPayload {
  if (kernels.length === total) return run;
  const rowsOf = (values: Float64Array) => {
    const out = new Float64Array(kernels.length * voxels);
    kernels.forEach((place, k) => {
      out.set(values.subarray(place * voxels, (place + 1) * voxels), k * voxels);
    });
    return out;
  };
  return { effect: rowsOf(run.effect), ...(run.se && { se: rowsOf(run.se) }) };
}

/** From [subject, voxel] to [voxel, subject]. */
export function bySubjectOfVoxel(effects: Float64Array, subjects: number, voxels: number): Float64Array {
  const out = new Float64Array(effects.length);
  for (let s = 0; s < subjects; s++) {
    for (let v = 0; v < voxels; v++) out[v * subjects + s] = effects[s * voxels + v]!;
  }
  return out;
}
