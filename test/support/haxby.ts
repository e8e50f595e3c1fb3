import path from 'node:path';
import type { Artifact } from '../../artifacts/artifact.js';
import { readNpy } from '../../artifacts/npy.js';
import { writeRegressors } from '../../artifacts/regressors.js';
import { newFolder } from './folders.js';
import { arrays, referenceKernels, toFileOrder } from './reference-maps.js';
import { madeArtifact } from './run-step.js';
import { shared } from './shared.js';

/** Real BOLD of the reference: eight runs that stand for subjects, 121 volumes of 2.5 s, 447 voxels in the group's mask. */
export const subjects = [1, 2, 3, 4, 5, 6, 7, 8];
export const volumes = 121;
export const voxels = 447;

function derivative(subject: number, suffix: string): string {
  const sub = `sub-0${subject}`;
  return path.join(shared, 'reference/haxby-bids/derivatives/fmriprep', sub, 'func', `${sub}_task-movie_${suffix}`);
}

export function boldOf(subject: number): Artifact {
  const file = derivative(subject, 'space-T1w_desc-preproc_bold.nii.gz');
  return madeArtifact(
    'bold',
    { files: { 'image.nii.gz': file }, meta: { tr: 2.5 } },
    `sub-0${subject}`,
    `sub-0${subject}`,
  );
}

export function confoundsOf(subject: number): Artifact {
  return madeArtifact('confounds', {
    files: { 'confounds.tsv': derivative(subject, 'desc-confounds_timeseries.tsv') },
  });
}

export function groupMask(): Artifact {
  return madeArtifact('mask', { files: { 'mask.nii.gz': path.join(arrays, 'mask', 'group_mask.nii.gz') } });
}

/** The reference's own convolved regressors, the kernel columns of every one of its models. */
export async function referenceRegressors(): Promise<Artifact> {
  const { data } = await readNpy(path.join(arrays, 'glm', 'regressors.npy'));
  const values = Float64Array.from({ length: volumes * 12 }, (_, i) => data[(i % 12) * volumes + Math.floor(i / 12)]!);
  const made = { values, volumes, kernels: referenceKernels, tr: 2.5, model: 'given' };
  return madeArtifact('regressors', await writeRegressors(await newFolder('regressors'), made), 'the regressors');
}

/** [kernel, voxel] of one subject, or of the group (`subject` null), voxels in file order. */
export async function referenceMap(name: string, subject: number | null): Promise<Float64Array> {
  const { data } = await readNpy(path.join(arrays, `${name}.npy`));
  const size = 12 * voxels;
  const first = subject === null ? 0 : (subject - 1) * size;
  return toFileOrder((data as Float64Array).slice(first, first + size));
}

/** Largest difference, and largest relative difference. */
export function differences(found: ArrayLike<number>, due: ArrayLike<number>): { absolute: number; relative: number } {
  if (found.length !== due.length) throw new RangeError(`${found.length} values for ${due.length}`);
  let absolute = 0;
  let relative = 0;
  for (let i = 0; i < due.length; i++) {
    const apart = Math.abs(found[i]! - due[i]!);
    if (!(apart <= absolute)) absolute = apart;
    if (!(apart / Math.abs(due[i]!) <= relative)) relative = apart / Math.abs(due[i]!);
  }
  return { absolute, relative };
}
