import type { Artifact, ArtifactType, InputContext, Produced } from './artifact.js';
import { requireFiles } from './check-files.js';
import { inputFile, pathProperty } from './input-file.js';
import { niftiFile, niftiRole } from './meta.js';
import { readImageHeader } from './nifti-header.js';
import { publishAsIs } from './published.js';
import { UserError } from './user-error.js';

/* Single images: a mask, and any image (a background for figures, an image for `smooth`). */

export const imageType: ArtifactType = {
  name: 'image',
  title: 'image (NIfTI)',
  description: '- `image.nii.gz` (or `image.nii`): one volume or several, values as the header scales them',
  input: {
    properties: { path: pathProperty('A NIfTI image (.nii, .nii.gz).') },
    required: ['path'],
    async resolve(spec: Record<string, unknown>, context: InputContext) {
      const given = spec.path as string;
      const file = await inputFile(given, context, 'a NIfTI image (.nii or .nii.gz)');
      await readImageHeader(file);
      return { type: 'image', files: { [niftiRole('image', file)]: file }, origin: given };
    },
  },
  async check(produced: Produced) {
    await readImageHeader(niftiFile(produced, 'image'));
  },
  publish: (artifact, target) => publishImage(artifact, 'image', target, 'image', 'Image.', 'as in its source'),
};

export const maskType: ArtifactType = {
  name: 'mask',
  title: 'mask (3D NIfTI)',
  description:
    '- `mask.nii.gz` (or `mask.nii`): one volume; a voxel belongs to the mask when its value is neither 0 nor NaN',
  input: {
    properties: { path: pathProperty('A 3D NIfTI image whose voxels other than 0 are the mask.') },
    required: ['path'],
    async resolve(spec: Record<string, unknown>, context: InputContext) {
      const given = spec.path as string;
      const file = await inputFile(given, context, 'a mask (.nii or .nii.gz)');
      await requireVolume(file, 'mask');
      return { type: 'mask', files: { [niftiRole('mask', file)]: file }, origin: given };
    },
  },
  check: (produced: Produced) => requireVolume(niftiFile(produced, 'mask'), 'mask'),
  publish: (artifact, target) => publishImage(artifact, 'mask', target, 'mask', 'Mask: 1 inside, 0 outside.', '1'),
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
  target: { dir: string; stem: string },
  suffix: string,
  description: string,
  units: string,
) {
  const ending = artifact.files[`${stem}.nii`] ? '.nii' : '.nii.gz';
  requireFiles(artifact, [`${stem}${ending}`]);
  return [await publishAsIs(niftiFile(artifact, stem), target, suffix + ending, { description, units }, artifact.meta)];
}
