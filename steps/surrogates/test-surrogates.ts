import type { RegressorsData } from '../../artifacts/regressors.js';
import type { StepContext } from '../../engine/step-type.js';
import { inBlocks } from '../../numerics/blocks.js';
import type { RunPayload, SubjectPayload } from '../../numerics/glm/group-task.js';
import type { FitModel } from '../../numerics/glm/model.js';
import type { Surrogates } from '../../numerics/surrogates.js';
import type { SurrogatesBlock, SurrogatesPayload } from '../../numerics/surrogates-task.js';
import type { Design } from '../group/design.js';
import { buffersOf } from '../group/run.js';
import type { Run } from '../group/runs.js';
import type { Subjects } from '../group/subjects.js';
import type { SurrogatesParams } from './index.js';
import { surrogateModel, surrogatesOf } from './surrogate-models.js';

/** Surrogates (of one kernel, or of several) that are fitted at a time: as many regressors as a study has kernels. */
const surrogatesPerPass = 4096;

/** One kernel with all its surrogates. */
interface TestedKernel {
  /** Among the chosen. */
  readonly row: number;
  /** Observed [voxel]. */
  readonly t: Float64Array;
  /** Surrogates that reach it, itself included [voxel]. */
  readonly counts: Int32Array;
  /** Largest t [surrogate]. */
  readonly maxima: Float64Array;
}

/** Every chosen kernel, in order. Throws UserError for regressors that are not those of the fits. */
export async function* testSurrogates(
  subjects: Subjects,
  wired: { readonly values: RegressorsData; readonly origin: string; readonly volumes: number },
  chosen: Int32Array,
  surrogates: Surrogates,
  design: Design,
  context: StepContext<SurrogatesParams>,
): AsyncGenerator<TestedKernel> {
  const { params, pool, signal, progress } = context;
  const { count } = surrogates;
  const total = subjects.mask.voxels.length;
  const perPass = Math.max(1, Math.floor(surrogatesPerPass / count));
  for (let first = 0; first < chosen.length; first += perPass) {
    const kernels = chosen.subarray(first, first + perPass);
    const rows = await surrogatesOf(wired.values, kernels, wired.volumes, surrogates);
    const models = new Map<Run, FitModel>();
    for (const run of subjects.runs) {
      signal.throwIfAborted();
      models.set(run, await surrogateModel(run, rows, kernels, wired.origin, context));
    }
    const t = new Float64Array(kernels.length * total);
    const counts = new Int32Array(kernels.length * total);
    const maxima = new Float64Array(kernels.length * count).fill(Number.NEGATIVE_INFINITY);
    await inBlocks(
      { total, size: blockSize(subjects, design, kernels.length * count), ahead: pool.threads + 1 },
      async (from, end) => {
        signal.throwIfAborted();
        const payload: SurrogatesPayload = {
          subjects: await readBlock(subjects, models, from, end),
          test: design.test,
          weighting: params.runs,
          voxels: end - from,
          observed: kernels.length,
          count,
          sides: params.sides,
        };
        return pool.run<SurrogatesBlock>('surrogates.block', payload, {
          transfer: buffersOf(payload.subjects),
          signal,
        });
      },
      (block, from, end) => {
        for (let k = 0; k < kernels.length; k++) {
          const own = [k * (end - from), (k + 1) * (end - from)] as const;
          t.set(block.t.subarray(...own), k * total + from);
          counts.set(block.counts.subarray(...own), k * total + from);
        }
        for (let i = 0; i < maxima.length; i++) maxima[i] = Math.max(maxima[i]!, block.maxima[i]!);
        progress(first * total + end * kernels.length, chosen.length * total, 'kernels x voxels');
      },
    );
    for (let k = 0; k < kernels.length; k++) {
      yield {
        row: first + k,
        t: t.slice(k * total, (k + 1) * total),
        counts: counts.subarray(k * total, (k + 1) * total),
        maxima: maxima.slice(k * count, (k + 1) * count),
      };
    }
  }
}

/**
 * Voxels per task: the series of all subjects in about 48 MB, what is kept of every surrogate in about 96 MB. Depends on
 * the data and the parameters only, because where blocks begin is part of the result's bits.
 */
function blockSize({ runs, members }: Subjects, { test }: Design, surrogates: number): number {
  const ofSeries = runs.reduce((sum, run) => sum + run.bytesPerVoxel, 0);
  const sums = test.kind === 'linear' ? test.design.rank + 2 : 2;
  const combining = members.length === 1 || members.some((member) => member.runs.length > 1) ? 4 : 0;
  const ofSums = surrogates * 8 * (1 + sums + combining);
  return Math.max(16, Math.min(2048, Math.floor((48 << 20) / ofSeries), Math.floor((96 << 20) / ofSums)));
}

async function readBlock(
  { members }: Subjects,
  models: ReadonlyMap<Run, FitModel>,
  first: number,
  end: number,
): Promise<SubjectPayload[]> {
  const blocks: SubjectPayload[] = [];
  for (const member of members) {
    const runs: RunPayload[] = [];
    for (const { run, rows } of member.runs) {
      runs.push({ ...(await run.read(rows.subarray(first, end), false)), model: models.get(run)! } as RunPayload);
    }
    blocks.push({ runs });
  }
  return blocks;
}
