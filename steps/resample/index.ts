import type { StepType } from '../../engine/step-type.js';
import type { Interpolation } from '../../numerics/resample.js';

export type ResampledKind = 'mask' | 'atlas' | 'image' | 'bold';

export interface ResampleParams {
  kind: ResampledKind;
  interpolation?: Interpolation;
}

const kinds: readonly ResampledKind[] = ['mask', 'atlas', 'image', 'bold'];

export const resampleStep: StepType<ResampleParams> = {
  name: 'resample',
  version: 1,
  title: 'An image on the grid of another',
  description: `Puts a mask, an atlas, an image or a BOLD series on the voxel grid of a reference image, so that steps which
need one grid take them. Both are laid over each other by their mm; nothing is registered: an image of another space stays
in the wrong place.

\`\`\`yaml
regions: { uses: resample, in: { image: inputs.atlas, reference: inputs.bold.bold }, with: { kind: atlas } }
\`\`\`

- \`nearest\`: the value of the voxel that the new centre lies in; halfway between two that with the higher index
- \`linear\`: between the eight voxels around the new centre (trilinear); NaN of any of them makes NaN

Masks and atlases are \`nearest\` by default, images and BOLD series \`linear\`. A mask may be \`linear\`: then a voxel belongs to
it where at least half of its surroundings does. An atlas may not, since labels have no in-between. Inside the outermost
voxels of the source, half a voxel beyond their centres, values are those at the centre; outside everything is 0.

Nothing is averaged: on a much coarser grid smooth first (\`smooth\`), or the voxels between are lost. Regions that lose all
their voxels are named in a note. Several reference images (all of a fan-out) must be on one grid; an image that is on it
already is passed on unchanged. Masks become uint8, atlases int32, other images float32 (float64 where the source needs it).`,
  sources: ['NIfTI-1 standard, nifti1.h: methods 1 to 3 for mm'],
  inputs: {
    image: { type: kinds, description: 'What is resampled; of the type that `kind` says.' },
    reference: {
      type: ['bold', 'mask', 'image', 'atlas'],
      list: true,
      description: 'An image on the wanted grid, or several on the same.',
    },
  },
  outputs: {
    resampled: { type: 'mask', description: 'The image on the grid of the reference; of the type of `kind`.' },
  },
  example: { name: 'regions', in: { image: 'inputs.atlas', reference: 'inputs.bold.bold' }, with: { kind: 'atlas' } },
  params: {
    type: 'object',
    properties: {
      kind: { enum: kinds, description: 'Type of the image.' },
      interpolation: {
        enum: ['nearest', 'linear'],
        description: 'How values are made. Default: `nearest` for masks and atlases, else `linear`.',
      },
    },
    required: ['kind'],
  },
  dynamicPorts: ({ kind }) => ({
    inputs: { ...resampleStep.inputs, image: { type: kind, description: 'What is resampled.' } },
    outputs: { resampled: { type: kind, description: 'The image on the grid of the reference.' } },
  }),
  checkParams({ kind, interpolation }) {
    if (kind !== 'atlas' || interpolation !== 'linear') return [];
    const message = 'an atlas cannot be interpolated linearly: between regions 2 and 4 does not lie region 3';
    return [{ message, keys: ['interpolation'], expected: 'nearest' }];
  },
  needs: () => ({ memoryMB: 512 }),
  methods: async (facts) => (await import('./methods.js')).methods(facts),
  run: async (context) => (await import('./run.js')).run(context),
};
