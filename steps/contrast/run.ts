import { randomUUID } from 'node:crypto';
import type { Produced } from '../../artifacts/artifact.js';
import { readFit, type StoredFit } from '../../artifacts/fit.js';
import { createMaps } from '../../artifacts/maps.js';
import { UserError } from '../../artifacts/user-error.js';
import { one, type StepContext } from '../../engine/step-type.js';
import { inBlocks } from '../../numerics/blocks.js';
import type { MapsPayload } from '../../numerics/glm/maps-task.js';
import { momentsPerSeries } from '../../numerics/glm/moments.js';
import { rowsOf } from '../glm/fit-model.js';
import type { ContrastParams } from './index.js';
import { factsOf } from './maps-blocks.js';

/** Voxels per task: long rows are written faster. Part of the result's bits, so never a function of the number of threads. */
const blockSize = 2048;

export async function run(context: StepContext<ContrastParams>): Promise<Record<string, Produced>> {
  const { params, workDir, pool, signal, progress } = context;
  const fit = await readFit(one(context.inputs, 'fit'));
  const { statistics, dtype } = params;
  const { model: shared, kernels } = rowsOf(fit, params.basis);
  const totals = statistics.includes('r2') ? totalsOf(fit) : undefined;
  const writer = await createMaps(
    workDir,
    {
      kind: 'subject',
      statistics: factsOf(statistics, { df: fit.df, df1: 1, noise: fit.noise }),
      rows: kernels,
      mask: fit.mask,
      df: fit.df,
      more: { noise: fit.noise },
      ...(fit.untrained && { untrained: fit.untrained }),
    },
    dtype === 'float32' ? '<f4' : '<f8',
  );
  try {
    const model = { ...shared, key: randomUUID() };
    const files = Object.fromEntries(
      Object.entries(writer.arrays).map(([statistic, { file, offset }]) => [statistic, { file, offset }]),
    );
    await inBlocks(
      { total: fit.voxels, size: blockSize, ahead: pool.threads + 1 },
      async (first, end) => {
        signal.throwIfAborted();
        const bold = await fit.readBold(first, end);
        const payload: MapsPayload = {
          model,
          bold,
          voxels: end - first,
          statistics,
          dtype,
          ...(totals && { totals: totals.slice(first, end) }),
          ...(fit.rho && { rho: fit.rho.slice(first, end) }),
          into: { files, columns: fit.voxels, firstColumn: first },
        };
        return pool.run('glm.maps', payload, { transfer: [bold.buffer as ArrayBuffer], signal });
      },
      (_, __, end) => progress(end, fit.voxels, 'voxels'),
    );
  } catch (error) {
    await writer.abandon();
    throw error;
  }
  return { maps: await writer.finish() };
}

/** Sums of squares about the mean [voxel]. Throws UserError where R2 is not defined as a share of them. */
function totalsOf({ noise, moments }: StoredFit): Float64Array {
  if (noise !== 'ols') {
    throw new UserError({
      message: `r2 is a share of the variance of the series, and the models of a fit with noise ${noise} are of whitened series`,
      expected: 'statistics without r2, or a fit with "noise: ols"',
      hint: 'The step "joint" gives an R2 of whitened models.',
      keys: ['statistics'],
    });
  }
  if (!moments) throw new Error('a fit without the moments of its series');
  return Float64Array.from({ length: moments.length / momentsPerSeries }, (_, v) => moments[v * momentsPerSeries]!);
}
