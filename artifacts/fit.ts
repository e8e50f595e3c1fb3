import path from 'node:path';
import type { Artifact, ArtifactType, Produced, PublishedFile, PublishTarget } from './artifact.js';
import { requireShape } from './check-files.js';
import { type Kernel, readKernels, writeKernels } from './kernels.js';
import { type Mask, readMask, toVolume, writeMask } from './mask.js';
import { fileOf, metaOf, numberIn, textIn, untrainedOf } from './meta.js';
import { writeImage } from './nifti-write.js';
import { readNpy, readNpyHeader, readNpyRows, writeNpy } from './npy.js';
import { publishAsIs, published, publishedPath } from './published.js';
import { UserError } from './user-error.js';

/** A subject's models of all kernels, before any map is computed. */
export interface FitData {
  readonly mask: Mask;
  /** With `status`: `fitted`, `constant` (no variance) or `collinear` (explained by the nuisance columns). */
  readonly kernels: readonly Kernel[];
  /** `[kernel, time]`, residualised by the nuisance columns; rows of kernels that were not fitted are 0. */
  readonly regressors: Float64Array;
  /** `[column, time]`, orthonormal rows that span the nuisance columns. */
  readonly nuisance: Float64Array;
  /** `[voxel]`: mean of the BOLD series over the volumes used, before anything was removed. */
  readonly mean: Float64Array;
  /** `[voxel, 4]`: of the series less its mean, before anything was removed: sum of squares, of lag-1 products, first and last value. For R2. */
  readonly moments?: Float64Array;
  /** `[kernel, 2]`, noise spm: `tr(RV)`, which divides the residual sum of squares, and the variance of an effect in units of white noise. */
  readonly whitening?: Float64Array;
  /** `[time, time]`, noise spm: symmetric, by which series were whitened after their mean was taken out. */
  readonly whitener?: Float64Array;
  /** `[voxel]`, noise ar1 with smoothing: rho of the voxel, the same for all kernels. */
  readonly rho?: Float64Array;
  readonly volumes: number;
  readonly tr: number;
  /** `ols`, `ar1`, `ar1-nilearn`, `spm`. */
  readonly noise: string;
  /** Residual degrees of freedom: volumes - rank - 1. */
  readonly df: number;
  /** Rank of the nuisance columns. */
  readonly rank: number;
  readonly untrained?: boolean;
}

/** A fit in the store, whose series are read in blocks of voxels. */
export interface StoredFit extends FitData {
  readonly voxels: number;
  /** `[voxel, time]`, residualised, of the mask voxels `first` to `end` (excluded). */
  readBold(first: number, end: number): Promise<Float64Array>;
}

export async function readFit(artifact: Artifact): Promise<StoredFit> {
  const bold = fileOf(artifact, 'bold.npy');
  const array = async (role: string) => (await readNpy(fileOf(artifact, role))).data as Float64Array;
  const mask = await readMask(fileOf(artifact, 'mask.nii.gz'));
  return {
    mask,
    voxels: mask.voxels.length,
    kernels: await readKernels(fileOf(artifact, 'kernels.tsv')),
    regressors: await array('regressors.npy'),
    nuisance: await array('nuisance.npy'),
    mean: await array('mean.npy'),
    ...(artifact.files['moments.npy'] && { moments: await array('moments.npy') }),
    ...(artifact.files['whitening.npy'] && { whitening: await array('whitening.npy') }),
    ...(artifact.files['whitener.npy'] && { whitener: await array('whitener.npy') }),
    ...(artifact.files['rho.npy'] && { rho: await array('rho.npy') }),
    volumes: numberIn(artifact, 'volumes'),
    tr: numberIn(artifact, 'tr'),
    noise: textIn(artifact, 'noise'),
    df: numberIn(artifact, 'df'),
    rank: numberIn(artifact, 'rank'),
    ...untrainedOf(artifact.meta),
    readBold: async (first, end) => (await readNpyRows(bold, first, end)).data as Float64Array,
  };
}

/** `bold`: `[voxel, time]`, residualised. */
export async function writeFit(dir: string, data: FitData & { readonly bold: Float64Array }): Promise<Produced> {
  const at = (role: string) => path.join(dir, role);
  const { volumes, tr, noise, df, rank } = data;
  await writeNpy(at('bold.npy'), [data.mask.voxels.length, volumes], data.bold);
  await writeNpy(at('regressors.npy'), [data.kernels.length, volumes], data.regressors);
  await writeNpy(at('nuisance.npy'), [data.nuisance.length / volumes, volumes], data.nuisance);
  await writeNpy(at('mean.npy'), [data.mask.voxels.length], data.mean);
  if (data.moments) await writeNpy(at('moments.npy'), [data.mask.voxels.length, 4], data.moments);
  if (data.whitening) await writeNpy(at('whitening.npy'), [data.kernels.length, 2], data.whitening);
  if (data.whitener) await writeNpy(at('whitener.npy'), [volumes, volumes], data.whitener);
  if (data.rho) await writeNpy(at('rho.npy'), [data.mask.voxels.length], data.rho);
  await writeMask(at('mask.nii.gz'), data.mask);
  await writeKernels(at('kernels.tsv'), data.kernels);
  const roles = ['bold.npy', 'regressors.npy', 'nuisance.npy', 'mean.npy', 'mask.nii.gz', 'kernels.tsv'];
  if (data.moments) roles.push('moments.npy');
  if (data.whitening) roles.push('whitening.npy');
  if (data.whitener) roles.push('whitener.npy');
  if (data.rho) roles.push('rho.npy');
  return {
    files: Object.fromEntries(roles.map((role) => [role, at(role)])),
    meta: metaOf({ noise, df, rank, tr, volumes, ...untrainedOf(data) }),
  };
}

async function check(produced: Produced): Promise<void> {
  const volumes = numberIn(produced, 'volumes');
  const kernels = await readKernels(fileOf(produced, 'kernels.tsv'));
  const { shape } = await requireShape(produced, 'bold.npy', [null, volumes], '<f8');
  await requireShape(produced, 'mean.npy', [shape[0]!], '<f8');
  if (produced.files['moments.npy']) await requireShape(produced, 'moments.npy', [shape[0]!, 4], '<f8');
  if (produced.files['whitening.npy']) await requireShape(produced, 'whitening.npy', [kernels.length, 2], '<f8');
  if (produced.files['whitener.npy']) await requireShape(produced, 'whitener.npy', [volumes, volumes], '<f8');
  if (produced.files['rho.npy']) await requireShape(produced, 'rho.npy', [shape[0]!], '<f8');
  await requireShape(produced, 'regressors.npy', [kernels.length, volumes], '<f8');
  await requireShape(produced, 'nuisance.npy', [null, volumes], '<f8');
  await requireMaskOf(produced, shape[0]!);
}

/** The mask of an artifact must have as many voxels as its arrays. */
export async function requireMaskOf(produced: Produced, voxels: number): Promise<void> {
  const file = fileOf(produced, 'mask.nii.gz');
  const mask = await readMask(file);
  if (mask.voxels.length === voxels) return;
  throw new UserError({ message: `${mask.voxels.length} voxels in the mask`, place: { file }, expected: `${voxels}` });
}

async function publish(artifact: Artifact, target: PublishTarget): Promise<readonly PublishedFile[]> {
  const { meta } = artifact;
  const facts = metaOf({
    NoiseModel: meta.noise,
    DegreesOfFreedom: meta.df,
    NuisanceRank: meta.rank,
    RepetitionTime: meta.tr,
    Volumes: meta.volumes,
  });
  const asIs = (role: string, suffix: string, description: string, units: string) =>
    publishAsIs(fileOf(artifact, role), target, suffix, { description, units, facts }, meta);
  const mask = await readMask(fileOf(artifact, 'mask.nii.gz'));
  const mean = (await readNpy(fileOf(artifact, 'mean.npy'))).data;
  const meanFile = publishedPath(target, 'mean_bold.nii.gz');
  const data = Float32Array.from(toVolume(mask, mean));
  await writeImage(meanFile, {
    grid: mask.grid,
    datatype: 'float32',
    data,
    description: 'mean BOLD over the volumes used',
  });
  const [voxels, volumes] = (await readNpyHeader(fileOf(artifact, 'bold.npy'))).shape;
  return [
    await asIs(
      'bold.npy',
      'desc-residuals_bold.npy',
      `BOLD series without the nuisance columns, [voxel, time] = [${voxels}, ${volumes}], voxels of the mask by increasing x + nx*(y + ny*z).`,
      'arbitrary (scanner)',
    ),
    await asIs(
      'regressors.npy',
      'desc-residuals_regressors.npy',
      'Regressors without the nuisance columns, [kernel, time]; rows of kernels that were not fitted are 0.',
      'arbitrary (units of the series)',
    ),
    await asIs(
      'nuisance.npy',
      'desc-orthonormal_nuisance.npy',
      'Orthonormal basis of the nuisance columns, [column, time].',
      '1',
    ),
    await asIs(
      'kernels.tsv',
      'kernels.tsv',
      'Kernels in the order of the rows: layer, number, what became of each.',
      '1',
    ),
    await asIs('mask.nii.gz', 'mask.nii.gz', 'Voxels of the model.', '1'),
    published(
      meanFile,
      { description: 'Mean BOLD image over the volumes used.', units: 'arbitrary (scanner)', facts },
      meta,
    ),
  ];
}

export const fitType: ArtifactType = {
  name: 'fit',
  title: 'a subject’s models of all kernels, compact',
  description: [
    'What is common to the models of all kernels has been removed once; effects, their errors and t follow from products of',
    '`bold` and `regressors`, so that kernels x voxels never has to be kept.',
    '',
    '- `bold.npy`: float64 `[voxel, time]`, residualised, BOLD units; voxels of the mask by increasing `x + nx*(y + ny*z)`',
    '- `regressors.npy`: float64 `[kernel, time]`, residualised; rows of kernels that were not fitted are 0',
    '- `nuisance.npy`: float64 `[column, time]`, orthonormal rows',
    '- `mean.npy`: float64 `[voxel]`, mean BOLD',
    '- `moments.npy`: float64 `[voxel, 4]`, of the series less its mean: sum of squares, of lag-1 products, first and last value (for R2)',
    '- `whitening.npy`, of `noise: spm` only, whose series, regressors and nuisance are whitened, in % of the grand mean: float64 `[kernel, 2]`, `tr(RV)`, by which the residual sum of squares is divided, and the variance of an effect in units of that of white noise',
    '- `whitener.npy`, of `noise: spm` only: float64 `[time, time]`, symmetric, what the series were multiplied with to be whitened',
    '- `rho.npy`, of `noise: ar1` with `ar1_smooth` only: float64 `[voxel]`, the autocorrelation of all models of a voxel',
    '- `mask.nii.gz`, `kernels.tsv` (name, layer, kernel, status: fitted, constant or collinear)',
    '- meta: `noise`, `df`, `rank` (of the nuisance columns), `tr` (s), `volumes`',
  ].join('\n'),
  check,
  publish,
};
