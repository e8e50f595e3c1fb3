import type { Produced } from '../../artifacts/artifact.js';
import { readFit, type StoredFit } from '../../artifacts/fit.js';
import type { Kernel } from '../../artifacts/kernels.js';
import { createMaps } from '../../artifacts/maps.js';
import { UserError } from '../../artifacts/user-error.js';
import { one, type StepContext } from '../../engine/step-type.js';
import { inBlocks } from '../../numerics/blocks.js';
import { type JointDesign, type JointModel, type JointNoise, jointDesign, jointDf } from '../../numerics/glm/joint.js';
import type { JointPayload } from '../../numerics/glm/joint-task.js';
import { momentsPerSeries } from '../../numerics/glm/moments.js';
import type { StatisticMaps } from '../../numerics/glm/statistic-maps.js';
import { toShared } from '../../numerics/shared-memory.js';
import { factsOf, writeMapsBlock } from '../contrast/maps-blocks.js';
import { type Contrast, contrastOf } from '../contrast/weights.js';
import type { JointParams } from './index.js';

/** Voxels per task. Many, since a task prepares the design for every rho that its voxels have. */
const blockSize = 8192;

interface Named {
  readonly row: Kernel;
  readonly contrast: Contrast;
}

export async function run(context: StepContext<JointParams>): Promise<Record<string, Produced>> {
  const { params, workDir, pool, signal, progress, note } = context;
  const { statistics, dtype } = params;
  const source = one(context.inputs, 'fit');
  const fit = await readFit(source);
  const model = modelOf(fit, params.noise);
  const named = contrastsOf(fit.kernels, params.contrasts);
  const contrasts = named.map(({ contrast }) => contrast);
  const design = jointDesign(model, contrasts, 0);
  const df = jointDf(model, design);
  requireDf(fit, design, df, source.origin);
  const rows = withStatus(named, design);
  sayDependent(rows, named, design, note);

  const df1 = new Set(design.contrasts.filter((found) => found !== null).map((found) => found.length));
  const writer = await createMaps(
    workDir,
    {
      kind: 'subject',
      statistics: factsOf(statistics, { df, ...(df1.size === 1 && { df1: [...df1][0]! }) }),
      rows,
      mask: fit.mask,
      df,
      more: {
        noise: model.noise,
        model: 'joint',
        regressors: design.rank,
        contrastTypes: contrasts.map(({ type }) => type),
        contrasts: params.contrasts ?? null,
        degreesOfFreedomAbove: design.contrasts.map((found) => found?.length ?? null),
      },
      ...(fit.untrained && { untrained: fit.untrained }),
    },
    dtype === 'float32' ? '<f4' : '<f8',
  );
  const shared = { ...model, regressors: toShared(model.regressors), nuisance: toShared(model.nuisance) };
  const moments = fit.moments ?? missingMoments();
  try {
    await inBlocks(
      { total: fit.voxels, size: blockSize, ahead: pool.threads + 1 },
      async (first, end) => {
        signal.throwIfAborted();
        const bold = await fit.readBold(first, end);
        const payload: JointPayload = {
          ...{ model: shared, contrasts, bold, statistics, dtype },
          moments: moments.slice(first * momentsPerSeries, end * momentsPerSeries),
          mean: fit.mean.slice(first, end),
          ...(model.noise === 'ar1' && fit.rho && { rho: fit.rho.slice(first, end) }),
        };
        return pool.run<StatisticMaps>('glm.joint', payload, { transfer: [bold.buffer as ArrayBuffer], signal });
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

function modelOf(fit: StoredFit, wanted: JointParams['noise']): JointModel {
  const noise = wanted ?? fit.noise;
  if (fit.noise === 'spm' || !isKnown(noise)) {
    throw new UserError({
      message: `the fit has noise ${fit.noise}, which a joint model does not know`,
      expected: 'a fit with noise ols, ar1 or ar1-nilearn',
      hint: 'Say so in the step "glm".',
    });
  }
  const { volumes: time, rank, regressors, nuisance } = fit;
  return { noise, time, kernels: fit.kernels.length, rank, regressors, nuisance };
}

function isKnown(noise: string): noise is JointNoise {
  return ['ols', 'ar1', 'ar1-nilearn'].includes(noise);
}

function contrastsOf(kernels: readonly Kernel[], specs: JointParams['contrasts']): Named[] {
  const columns = kernels.map(({ name }) => name);
  if (!specs) {
    return kernels.map((row, k) => {
      const weights = new Float64Array(kernels.length);
      weights[k] = 1;
      return { row, contrast: { type: 't', rows: [weights] } };
    });
  }
  return Object.entries(specs).map(([name, spec], index) => ({
    row: { name, layer: 'contrasts', kernel: index + 1 },
    contrast: contrastOf(spec, columns, { name, keys: ['contrasts', name], what: 'regressor of the fit' }),
  }));
}

function requireDf({ volumes, rank }: StoredFit, design: JointDesign, df: number, origin: string): void {
  if (df > 0) return;
  throw new UserError({
    message: `no degrees of freedom: ${volumes} volumes of ${origin} for ${rank + design.rank} columns (${design.rank} regressors, ${rank} nuisance columns)`,
    expected: 'more volumes than columns',
    hint: 'Use fewer regressors in one model; the step "contrast" has a model for each of them.',
  });
}

function withStatus(named: readonly Named[], design: JointDesign): Kernel[] {
  return named.map(({ row }, c) => {
    const told = design.contrasts[c] !== null;
    return { ...row, status: told ? 'fitted' : row.status && row.status !== 'fitted' ? row.status : 'collinear' };
  });
}

function sayDependent(
  rows: readonly Kernel[],
  named: readonly Named[],
  design: JointDesign,
  note: (message: string) => void,
): void {
  const lost = rows.filter(({ status }) => status !== 'fitted').map(({ name }) => name);
  if (lost.length > 0) {
    const shown = lost.slice(0, 20).join(', ') + (lost.length > 20 ? ', …' : '');
    note(
      `${lost.length} of ${rows.length} contrasts cannot be told from the data, since regressors depend on each other or on the nuisance: ${shown}`,
    );
  }
  named.forEach(({ row, contrast }, c) => {
    const found = design.contrasts[c];
    if (!found || contrast.type === 't' || found.length === contrast.rows.length) return;
    note(`the F contrast ${row.name} has ${contrast.rows.length} rows, of which ${found.length} are independent`);
  });
}

function missingMoments(): never {
  throw new Error('a fit without the moments of its series');
}
