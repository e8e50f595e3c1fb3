import { FixedEffects, type GroupSample, OneSample, Welch } from '../group.js';
import { type GroupDesign, LinearGroup } from '../group-linear.js';
import { estimatorFor } from './estimator.js';
import { inThisThread } from './maps-task.js';
import type { FitModel } from './model.js';
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
  | { readonly model: FitModel; readonly bold: Float64Array }
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
  const { subjects, weighting, kernels, voxels, statistics, dtype } = payload;
  const size = kernels * voxels;
  const sample = sampleFor(payload.test, size);
  const combined = new Combined(size, weighting);
  for (const { runs, against } of subjects) {
    sample.nextSubject();
    if (runs.length === 1 && !against) {
      await eachRow(runs[0]!, payload, false, (at, effect) => sample.put(at, effect));
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
  const fixed = await new Combined(size, weighting).of(runs, payload, true);
  const maps = emptyMaps(statistics, dtype, size);
  for (let at = 0; at < size; at += voxels) {
    placeRow(maps, at, fixed.effects(at, at + voxels), fixed.standardErrors(at, at + voxels), df);
  }
  return maps;
}

function sampleFor(test: GroupTest, size: number): GroupSample {
  if (test.kind === 'welch') return new Welch(size, test.second);
  return test.kind === 'linear' ? new LinearGroup(size, test.design) : new OneSample(size);
}

/** Combines runs, in one set of arrays for all subjects, made when first needed. */
class Combined {
  private fixed: FixedEffects | undefined;

  constructor(
    private readonly size: number,
    private readonly weighting: Weighting,
  ) {}

  async of(runs: readonly RunPayload[], block: Block, errors: boolean): Promise<FixedEffects> {
    // One run needs no weights, and its effect must not depend on them.
    const weighting = runs.length === 1 && !errors ? 'mean' : this.weighting;
    if (this.fixed?.weighting !== weighting) this.fixed = new FixedEffects(this.size, weighting);
    const { fixed } = this;
    fixed.restart();
    for (const one of runs) {
      fixed.nextRun();
      await eachRow(one, block, errors || weighting === 'precision', (at, effect, se) => fixed.put(at, effect, se));
    }
    return fixed;
  }
}

type Block = Pick<GroupPayload, 'kernels' | 'voxels'>;

/** Hands on the effects of a run in pieces; `at` is their place in [kernel, voxel]. Standard errors are empty unless asked for. */
async function eachRow(
  source: RunPayload,
  { kernels: total, voxels }: Block,
  errors: boolean,
  use: (at: number, effect: Float64Array, se: Float64Array) => void,
): Promise<void> {
  if ('effect' in source) {
    if (errors && !source.se) throw new Error('standard errors are needed and were not sent');
    use(0, source.effect, errors ? source.se! : new Float64Array(0));
    return;
  }
  const { model, bold } = source;
  const estimate = await estimatorFor(inThisThread(model));
  for (let firstKernel = 0; firstKernel < total; firstKernel += kernelsPerPass) {
    const kernels = Math.min(kernelsPerPass, total - firstKernel);
    await estimate({ bold, voxels, firstKernel, kernels, errors }, ({ kernel, firstVoxel, effect, se }) =>
      use(kernel * voxels + firstVoxel, effect, se),
    );
  }
}
