import type { Produced } from '../../artifacts/artifact.js';
import { readFit } from '../../artifacts/fit.js';
import { createMaps } from '../../artifacts/maps.js';
import { one, type StepContext } from '../../engine/step-type.js';
import { inBlocks } from '../../numerics/blocks.js';
import type { MapsPayload } from '../../numerics/glm/maps-task.js';
import type { StatisticMaps } from '../../numerics/glm/statistic-maps.js';
import { modelOf } from '../glm/fit-model.js';
import type { ContrastParams } from './index.js';
import { factsOf, writeMapsBlock } from './maps-blocks.js';

/** Voxels per task. Part of the result's bits, so never a function of the number of threads. */
const blockSize = 1024;

export async function run(context: StepContext<ContrastParams>): Promise<Record<string, Produced>> {
  const { params, workDir, pool, signal, progress } = context;
  const fit = await readFit(one(context.inputs, 'fit'));
  const { statistics, dtype } = params;
  const writer = await createMaps(
    workDir,
    {
      kind: 'subject',
      statistics: factsOf(statistics, fit.df),
      rows: fit.kernels,
      mask: fit.mask,
      df: fit.df,
      more: { noise: fit.noise },
      ...(fit.untrained && { untrained: fit.untrained }),
    },
    dtype === 'float32' ? '<f4' : '<f8',
  );
  try {
    const model = modelOf(fit);
    await inBlocks(
      { total: fit.voxels, size: blockSize, ahead: pool.threads + 1 },
      async (first, end) => {
        signal.throwIfAborted();
        const bold = await fit.readBold(first, end);
        const payload: MapsPayload = { model, bold, voxels: end - first, statistics, dtype };
        return pool.run<StatisticMaps>('glm.maps', payload, { transfer: [bold.buffer as ArrayBuffer], signal });
      },
      async (maps, first, end) => {
        await writeMapsBlock(writer, maps, first, end - first);
        progress(end, fit.voxels, 'voxels');
      },
    );
  } catch (error) {
    await writer.abandon();
    throw error;
  }
  return { maps: await writer.finish() };
}
