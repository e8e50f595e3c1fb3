import { FixedEffects, type GroupSample, OneSample, Welch } from '../group.js';
import { type GroupDesign, LinearGroup } from '../group-linear.js';
import { rowBytes, withRowMemory } from '../row-code.js';
import type { RowMemory } from '../rows.js';
import type { FitModel } from './model.js';
import { estimatorBytes, estimatorIn } from './prepared.js';
import {
  emptyMaps,
  kernelsPerPass,
  type MapsDtype,
  placeRow,
  type Statistic,
  type StatisticMaps,
} from './statistic-maps.js';

/** A run of a subject at the voxels of a block: its fit, or effects (and standard errors) that are known already [kernel, voxel]. */
export type RunPayload =
  | { readonly model: FitModel; readonly bold: Float64Array; readonly rho?: Float64Array }
  | { readonly effect: Float64Array; readonly se?: Float64Array };

export interface SubjectPayload {
  /** One, or several that are combined. */
  readonly runs: readonly RunPayload[];
  /** Subtracted from the effect of `runs`. */
  readonly against?: readonly RunPayload[];
}

export type GroupTest =
  | { readonly kind: 'one-sample' }
  /** `second` [subject]: whether a subject is in the group that is subtracted. */
  | { readonly kind: 'welch'; readonly second: readonly boolean[] }
  | { readonly kind: 'linear'; readonly design: GroupDesign };

export type Weighting = 'precision' | 'mean';

export interface GroupPayload {
  /** In the order of the design; each of the same voxels and kernels. */
  readonly subjects: readonly SubjectPayload[];
  readonly test: GroupTest;
  readonly weighting: Weighting;
  readonly kernels: number;
  readonly voxels: number;
  readonly statistics: readonly Statistic[];
  readonly dtype: MapsDtype;
}

/**
 * Pool task `group.maps`: statistics over subjects of the effects of all kernels for a block of voxels, [kernel, voxel].
 * One subject's estimates are made and used up, kernel block by kernel block, before the next subject's: kept are a few
 * sums of the block, for any number of subjects.
 */
export async function run(payload: GroupPayload): Promise<StatisticMaps> {
  const { subjects, kernels, voxels, test } = payload;
  const runs = subjects.flatMap((subject) => [...subject.runs, ...(subject.against ?? [])]);
  const sums = { 'one-sample': 2, welch: 4, linear: 0 }[test.kind];
  const bytes = sums * rowBytes(kernels * voxels, 8) + bytesForRuns(runs);
  return withRowMemory(bytes, (memory) => overSubjects(payload, memory));
}

async function overSubjects(payload: GroupPayload, memory: RowMemory): Promise<StatisticMaps> {
  const { subjects, weighting, kernels, voxels, statistics, dtype } = payload;
  const size = kernels * voxels;
  const sample = sampleFor(payload.test, size, memory);
  const combined = new Combined(size, weighting, memory);
  for (const { runs, against } of subjects) {
    sample.nextSubject();
    if (runs.length === 1 && !against) {
      await eachRow(runs[0]!, payload, false, memory, (at, effect, _, lying) => sample.put(at, effect, lying));
      continue;
    }
    const effects = (await combined.of(runs, payload, false)).effects(0, size);
    if (against) {
      const others = (await combined.of(against, payload, false)).effects(0, size);
      for (let i = 0; i < size; i++) effects[i]! -= others[i]!;
    }
    sample.put(0, effects);
  }
  const maps = emptyMaps(statistics, dtype, size);
  for (let at = 0; at < size; at += voxels) sample.place(maps, at, at + voxels);
  return maps;
}

export interface FixedEffectsPayload
  extends Pick<GroupPayload, 'weighting' | 'kernels' | 'voxels' | 'statistics' | 'dtype'> {
  readonly runs: readonly RunPayload[];
  /** Degrees of freedom of the whole. */
  readonly df: number;
}

/** Pool task `runs.maps`: statistics of the fixed effects over runs. */
export async function runFixedEffects(payload: FixedEffectsPayload): Promise<StatisticMaps> {
  const { runs, weighting, kernels, voxels, statistics, dtype, df } = payload;
  const size = kernels * voxels;
  const fixed = await withRowMemory(bytesForRuns(runs), (memory) =>
    new Combined(size, weighting, memory).of(runs, payload, true),
  );
  const maps = emptyMaps(statistics, dtype, size);
  for (let at = 0; at < size; at += voxels) {
    placeRow(maps, at, fixed.effects(at, at + voxels), fixed.standardErrors(at, at + voxels), df);
  }
  return maps;
}

function sampleFor(test: GroupTest, size: number, memory: RowMemory): GroupSample {
  if (test.kind === 'welch') return new Welch(size, test.second, memory);
  return test.kind === 'linear' ? new LinearGroup(size, test.design) : new OneSample(size, memory);
}

/** One estimator at a time is in the memory. */
function bytesForRuns(runs: readonly RunPayload[]): number {
  return Math.max(0, ...runs.map((run) => ('model' in run ? estimatorBytes(run.model) : 0)));
}

/** Combines runs, in one set of arrays for all subjects, made when first needed. */
class Combined {
  private fixed: FixedEffects | undefined;

  constructor(
    private readonly size: number,
    private readonly weighting: Weighting,
    private readonly memory: RowMemory,
  ) {}

  async of(runs: readonly RunPayload[], block: Block, errors: boolean): Promise<FixedEffects> {
    // One run needs no weights, and its effect must not depend on them.
    const weighting = runs.length === 1 && !errors ? 'mean' : this.weighting;
    if (this.fixed?.weighting !== weighting) this.fixed = new FixedEffects(this.size, weighting);
    const { fixed } = this;
    fixed.restart();
    for (const one of runs) {
      fixed.nextRun();
      const withErrors = errors || weighting === 'precision';
      await eachRow(one, block, withErrors, this.memory, (at, effect, se) => fixed.put(at, effect, se));
    }
    return fixed;
  }
}

type Block = Pick<GroupPayload, 'kernels' | 'voxels'>;

/**
 * Hands on the effects of a run in pieces; `at` is their place in [kernel, voxel]. Standard errors are empty unless asked
 * for. `lying`: what effects and errors lie in.
 */
async function eachRow(
  source: RunPayload,
  { kernels: total, voxels }: Block,
  errors: boolean,
  memory: RowMemory,
  use: (at: number, effect: Float64Array, se: Float64Array, lying?: RowMemory) => void,
): Promise<void> {
  if ('effect' in source) {
    if (errors && !source.se) throw new Error('standard errors are needed and were not sent');
    use(0, source.effect, errors ? source.se! : new Float64Array(0));
    return;
  }
  const { model, bold, rho } = source;
  const mark = memory.mark();
  const estimate = await estimatorIn(memory, model);
  for (let firstKernel = 0; firstKernel < total; firstKernel += kernelsPerPass) {
    const kernels = Math.min(kernelsPerPass, total - firstKernel);
    const block = { bold, voxels, firstKernel, kernels, errors, ...(rho && { rho }) };
    await estimate(block, (row) => use(row.kernel * voxels + row.firstVoxel, row.effect, row.se, row.memory));
  }
  memory.release(mark);
}
