import type { Artifact, Produced } from '../../artifacts/artifact.js';
import { type BoldData, readBold } from '../../artifacts/bold.js';
import { writeFit } from '../../artifacts/fit.js';
import { readVoxelSeries } from '../../artifacts/image.js';
import { columnsPerKernel, type Kernel } from '../../artifacts/kernels.js';
import type { Mask } from '../../artifacts/mask.js';
import { niftiFile, untrainedOf } from '../../artifacts/meta.js';
import { type RegressorsData, readRegressors } from '../../artifacts/regressors.js';
import { UserError } from '../../artifacts/user-error.js';
import { few } from '../../engine/reason-text.js';
import { one, type StepContext } from '../../engine/step-type.js';
import { momentsPerSeries, seriesMoments } from '../../numerics/glm/moments.js';
import { constant, explained, notFinite, type Residualised, usable } from '../../numerics/glm/residualise.js';
import { describeChoices } from './confound-choices.js';
import { confoundColumns, cosines, type NamedColumn } from './confounds.js';
import type { GlmParams } from './index.js';
import { type Nuisance, nuisanceOf } from './nuisance.js';
import { residualSeries } from './residual-series.js';
import { smoothedRho } from './smoothed-rho.js';
import { spmMask } from './spm-mask.js';
import { type SpmFit, spmFit } from './spm-noise.js';
import { volumesUsed } from './time-axis.js';
import { automaticMask, givenMask } from './voxels.js';

type Context = StepContext<GlmParams>;

export async function run(context: Context): Promise<Record<string, Produced>> {
  const { params, inputs, note, signal } = context;
  const source = one(inputs, 'bold');
  const bold = await readBold(source);
  const regressorsSource = one(inputs, 'regressors');
  const regressors = await readRegressors(regressorsSource);
  const { volumes } = bold.header;
  const { count: time, first } = volumesUsed(
    { volumes, tr: bold.tr, origin: source.origin },
    { ...regressors, origin: regressorsSource.origin },
    params,
  );
  const confounds = await wiredConfounds(inputs.confounds as Artifact | undefined, volumes, context);
  const own = columnsPerKernel(regressors.kernels);
  const nuisance = nuisanceOf(confounds, { volumes: time, tr: bold.tr, own }, params);
  if (nuisance.collinear.length > 0) {
    note(`left out of the nuisance, as combinations of other columns or empty: ${nuisance.collinear.join(', ')}`);
  }
  if (
    params.drift !== 'none' &&
    confounds.some(({ name }) => cosines.test(name) && !nuisance.collinear.includes(name))
  ) {
    note(`the model has drifts twice: the cosines of the table, and "drift: ${params.drift}"; one of them will do`);
  }

  const columns = kernelColumns(regressors, first, time);
  const kernels = await fitKernels(columns.slice(), regressors, regressorsSource.origin, time, nuisance, context);
  const { mask, scale } = await voxelsToFit(bold, source.origin, time, context);
  const series = await readVoxelSeries(bold.file, mask.voxels, { first: params.drop, count: time, signal });
  const moments = seriesMoments(series, time);
  const workers = { ...context, progress: (done: number, total: number) => context.progress(done, total, 'voxels') };
  const spm =
    params.noise === 'spm' &&
    (await spmFit(
      { time, series, scale, columns, residualColumns: kernels.regressors, perKernel: own, nuisance },
      workers,
      source.origin,
    ));
  const residuals = spm ? spm.residuals : await residualSeries(series, time, nuisance, workers);
  const voxels = keepUsable(residuals, mask, time, source.origin, context);

  const smoothed =
    params.noise === 'ar1' &&
    params.ar1_smooth > 0 &&
    (await smoothedRho({ ...voxels, regressors: kernels.regressors, nuisance, time }, params.ar1_smooth, context));
  const fit = await writeFit(context.workDir, {
    ...voxels,
    ...kernels,
    moments: moments.filter((_, i) => residuals.state[Math.floor(i / momentsPerSeries)] === usable),
    nuisance: nuisance.rows,
    volumes: time,
    tr: bold.tr,
    noise: params.noise,
    df: time - nuisance.rank - own,
    rank: nuisance.rank,
    ...(spm && whitenedParts(spm)),
    ...(smoothed && { rho: smoothed }),
    ...untrainedOf(regressorsSource.meta),
  });
  return { fit };
}

/** The given mask or an automatic one; for `noise: spm` what SPM makes of it, and the factor of its grand mean scaling. */
async function voxelsToFit(
  bold: BoldData,
  origin: string,
  count: number,
  { inputs, params, note, signal }: Context,
): Promise<{ mask: Mask; scale: number }> {
  const wired = inputs.mask as Artifact | undefined;
  const given = wired && (await givenMask(niftiFile(wired, 'mask'), wired.origin, bold, origin));
  if (params.noise === 'spm') {
    const found = await spmMask(bold, given, { first: params.drop, count, signal });
    const of = given ? ` of the ${given.voxels.length} of the mask` : '';
    note(`${found.mask.voxels.length} voxels${of} are above 0.8 of the global mean in every volume`);
    return found;
  }
  if (given) return { mask: given, scale: 1 };
  const mask = await automaticMask(bold, params.drop, signal);
  note(`no mask wired: ${mask.voxels.length} voxels above 0.4 of the 98th percentile of the mean image`);
  return { mask, scale: 1 };
}

function whitenedParts({ regressors, nuisance, rank, df, whitening, whitener }: SpmFit) {
  return { regressors, nuisance, rank, df, whitening, whitener };
}

/** The columns that are chosen, of the volumes that are used. */
async function wiredConfounds(
  table: Artifact | undefined,
  volumes: number,
  { params: { confounds, drop }, note }: Context,
): Promise<NamedColumn[]> {
  if (confounds === 'none') return [];
  if (!table) {
    throw new UserError({
      message: `"confounds" is ${describeChoices(confounds)}, but no confounds are wired`,
      expected: 'a table of confounds under `in`, or "confounds: none"',
      keys: ['confounds'],
    });
  }
  return confoundColumns(table, confounds, { volumes, drop, note });
}

/** The regressors as they are, of the volumes that are used [kernel, time]. */
function kernelColumns({ values, kernels }: RegressorsData, first: number, time: number): Float64Array {
  const series = new Float64Array(kernels.length * time);
  for (let k = 0; k < kernels.length; k++) {
    for (let t = 0; t < time; t++) series[k * time + t] = values[(first + t) * kernels.length + k]!;
  }
  return series;
}

/** Residualised regressors [kernel, time], in place, and what became of each kernel. */
async function fitKernels(
  series: Float64Array,
  { kernels }: RegressorsData,
  origin: string,
  time: number,
  nuisance: Nuisance,
  context: Context,
): Promise<{ regressors: Float64Array; kernels: Kernel[] }> {
  const { residuals, state } = await residualSeries(series, time, nuisance, {
    pool: context.pool,
    signal: context.signal,
  });
  const bad = state.indexOf(notFinite);
  if (bad >= 0) {
    throw new UserError({
      message: `the regressor ${kernels[bad]!.name} of ${origin} has values that are not finite`,
      expected: 'a number at every volume',
    });
  }
  const status: Record<number, string> = { [usable]: 'fitted', [constant]: 'constant', [explained]: 'collinear' };
  const withStatus = kernels.map((kernel, k) => ({ ...kernel, status: status[state[k]!]! }));
  const named = (name: string) => withStatus.filter((kernel) => kernel.status === name).map((kernel) => kernel.name);
  const count = (name: string) => named(name).length;
  const noteLeftOut = (name: string, why: string) => {
    if (count(name) > 0)
      context.note(`${count(name)} of ${kernels.length} kernels ${why} (${few(named(name))}); left out of the fit`);
  };
  noteLeftOut('constant', 'have no variance');
  noteLeftOut('collinear', 'are explained by the nuisance columns');
  if (count('fitted') === 0) {
    throw new UserError({
      message: `none of the ${kernels.length} regressors of ${origin} can be fitted: ${count('constant')} have no variance, ${count('collinear')} are explained by the nuisance columns`,
      expected: 'at least one regressor that varies',
    });
  }
  return { regressors: residuals, kernels: withStatus };
}

/** Voxels that can be fitted; says how many cannot, and why. */
function keepUsable(
  { residuals, mean, state }: Residualised,
  mask: Mask,
  time: number,
  origin: string,
  context: Context,
): { mask: Mask; bold: Float64Array; mean: Float64Array } {
  const count = (which: number) => state.reduce((sum, value) => sum + (value === which ? 1 : 0), 0);
  const reasons = [
    [count(constant), 'never change'],
    [count(notFinite), 'have values that are not finite'],
    [count(explained), 'are explained by the nuisance columns'],
  ] as const;
  const said = reasons.filter(([voxels]) => voxels > 0).map(([voxels, why]) => `${voxels} ${why}`);
  const kept = count(usable);
  if (kept === 0) {
    throw new UserError({
      message: `none of the ${state.length} voxels of the mask can be fitted in ${origin}: ${said.join(', ')}`,
      expected: 'a mask over the brain, and a BOLD image with signal',
    });
  }
  if (said.length === 0) return { mask, bold: residuals, mean };
  context.note(`voxels left out of ${state.length}: ${said.join(', ')}`);
  const bold = new Float64Array(kept * time);
  let row = 0;
  state.forEach((value, v) => {
    if (value === usable) bold.set(residuals.subarray(v * time, (v + 1) * time), row++ * time);
  });
  const voxels = mask.voxels.filter((_, v) => state[v] === usable);
  return { mask: { grid: mask.grid, voxels }, bold, mean: mean.filter((_, v) => state[v] === usable) };
}
