import type { Artifact, ArtifactType, Produced, PublishTarget } from './artifact.js';
import { fileInput } from './input-file.js';
import { niftiFile, niftiRole } from './meta.js';
import { readImageHeader } from './nifti-header.js';
import { type About, publishAsIs } from './published.js';
import { UserError } from './user-error.js';

/* Single images: a mask, and any image (a background for figures, an image for `smooth`). */

export const imageType: ArtifactType = {
  name: 'image',
  title: 'image (NIfTI)',
  description: '- `image.nii.gz` (or `image.nii`): one volume or several, values as the header scales them',
  input: fileInput('image', 'A NIfTI image (.nii, .nii.gz).', 'a NIfTI image (.nii or .nii.gz)', async (file) => {
    await readImageHeader(file);
    return { role: niftiRole('image', file) };
  }),
  async check(produced: Produced) {
    await readImageHeader(niftiFile(produced, 'image'));
  },
  publish: (artifact, target) =>
    publishImage(artifact, 'image', target, 'image', { description: 'Image.', units: 'as in its source' }),
};

export const maskType: ArtifactType = {
  name: 'mask',
  title: 'mask (3D NIfTI)',
  description:
    '- `mask.nii.gz` (or `mask.nii`): one volume; a voxel belongs to the mask when its value is neither 0 nor NaN',
  input: fileInput(
    'mask',
    'A 3D NIfTI image whose voxels other than 0 are the mask.',
    'a mask (.nii or .nii.gz)',
    async (file) => {
      await requireVolume(file, 'mask');
      return { role: niftiRole('mask', file) };
    },
  ),
  check: (produced: Produced) => requireVolume(niftiFile(produced, 'mask'), 'mask'),
  publish: (artifact, target) =>
    publishImage(artifact, 'mask', target, 'mask', { description: 'Mask: 1 inside, 0 outside.', units: '1' }),
};

/** One volume, not a series. */
export async function requireVolume(file: string, what: string): Promise<void> {
  const header = await readImageHeader(file);
  if (header.volumes === 1) return;
  throw new UserError({
    message: `the ${what} has ${header.volumes} volumes`,
    place: { file, what: 'dim[4]' },
    expected: 'one volume (3D)',
  });
}

/** Puts an image of either ending among the results. */
export async function publishImage(
  artifact: Artifact,
  stem: 'image' | 'mask' | 'atlas',
  target: PublishTarget,
  suffix: string,
  about: About,
) {
  const ending = artifact.files[`${stem}.nii`] ? '.nii' : '.nii.gz';
  return [await publishAsIs(niftiFile(artifact, stem), target, suffix + ending, about, artifact.meta)];
}
