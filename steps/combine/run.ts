import type { Produced } from '../../artifacts/artifact.js';
import { createMaps } from '../../artifacts/maps.js';
import { untrainedOf } from '../../artifacts/meta.js';
import { UserError } from '../../artifacts/user-error.js';
import { many, type StepContext } from '../../engine/step-type.js';
import { inBlocks } from '../../numerics/blocks.js';
import type { FixedEffectsPayload, RunPayload } from '../../numerics/glm/group-task.js';
import type { StatisticMaps } from '../../numerics/glm/statistic-maps.js';
import { factsOf, writeMapsBlock } from '../contrast/maps-blocks.js';
import { rowsOf } from '../glm/fit-model.js';
import { commonOf } from '../group/members.js';
import { blank, buffersOf } from '../group/run.js';
import { type Run, readRun } from '../group/runs.js';
import type { CombineParams } from './index.js';

/** Voxels per task. Part of the result's bits, so never a function of the number of threads. */
const blockSize = 512;

export async function run(context: StepContext<CombineParams>): Promise<Record<string, Produced>> {
  const { params, workDir, pool, signal, progress, note } = context;
  const { statistics, dtype, weights } = params;
  const runs: Run[] = [];
  for (const artifact of many(context.inputs, 'fits')) runs.push(await readRun(artifact, true, (fit) => rowsOf(fit)));
  if (runs.length === 0) throw new UserError({ message: 'no runs to combine', expected: 'one or more' });
  const { mask, kernels, place } = commonOf(runs);
  const members = runs.map(place);
  const df = degreesOfFreedom(runs);
  const leftOut = kernels.filter(({ status }) => status !== 'fitted').length;
  if (leftOut > 0) note(`${leftOut} of ${kernels.length} kernels were not fitted in every run; left out`);

  const writer = await createMaps(
    workDir,
    {
      kind: 'subject',
      statistics: factsOf(statistics, { df, df1: 1, noise: runs[0]!.noise }),
      rows: kernels,
      mask,
      df,
      more: { noise: runs[0]!.noise, runs: runs.map(({ name }) => name), weights },
      ...untrainedOf(...runs),
    },
    dtype === 'float32' ? '<f4' : '<f8',
  );
  const total = mask.voxels.length;
  try {
    await inBlocks(
      { total, size: blockSize, ahead: pool.threads + 1 },
      async (first, end) => {
        signal.throwIfAborted();
        const sent: RunPayload[] = [];
        for (const member of members) sent.push(await member.run.read(member.rows.subarray(first, end), true));
        const payload: FixedEffectsPayload = {
          ...{ runs: sent, weighting: weights, df, statistics, dtype },
          kernels: kernels.length,
          voxels: end - first,
        };
        return pool.run<StatisticMaps>('runs.maps', payload, { transfer: buffersOf([{ runs: sent }]), signal });
      },
      async (maps, first, end) => {
        await writeMapsBlock(writer, blank(maps, kernels, end - first), first, end - first);
        progress(end, total, 'voxels');
      },
    );
  } catch (error) {
    await writer.abandon();
    throw error;
  }
  return { maps: await writer.finish() };
}

function degreesOfFreedom(runs: readonly Run[]): number {
  return runs.reduce((sum, { df, name }) => {
    if (df !== undefined) return sum + df;
    throw new UserError({
      message: `the maps ${name} do not say their degrees of freedom`,
      expected: 'maps of "contrast" or "joint", or fits',
    });
  }, 0);
}
