import type { StepType } from '../../engine/step-type.js';
import { type PermuteParams, permuteStep } from '../permute/index.js';

export type SmoothnessParams = Pick<
  PermuteParams,
  'design' | 'group' | 'groups' | 'covariates' | 'centre' | 'contrast' | 'runs' | 'kernels'
>;

const { design, group, groups, covariates, centre, contrast, runs, kernels } = permuteStep.params.properties;

export const smoothnessStep: StepType<SmoothnessParams> = {
  name: 'smoothness',
  version: 1,
  title: 'Smoothness of the noise between subjects, for random field theory',
  description: `Estimates for every kernel how smooth the residuals of a group test are, and how many resels (resolution elements) the
brain has at that smoothness. \`threshold\` needs it for \`correction: rft-voxel\` and \`rft-cluster\`.

As SPM12 does (spm_est_smoothness): the residuals of the subjects, scaled at every voxel to a sum of squares of 1; the products
of their differences to the next voxel along x, y and z; from these the resels per voxel and the width of the equivalent
Gaussian. A voxel counts if it and its forward neighbours are in the mask. The resel counts are those of the mask: its Euler
characteristic, and its length, area and volume in units of the width.

The table has a row per kernel: \`fwhm_x\`, \`fwhm_y\`, \`fwhm_z\` in voxels, \`fwhm_x_mm\`, … in mm, \`resels_0\` to \`resels_3\`, \`voxels\` searched, \`df\`.

\`design\` and what belongs to it mean what they mean in \`group\`, and should be the same as there. All subjects are used (SPM
takes at most 64 residual images).`,
  sources: [
    'Kiebel et al. (1999), NeuroImage 10:756-766',
    'Hayasaka et al. (2004), NeuroImage 22:676-687',
    'Worsley et al. (1996), Human Brain Mapping 4:58-73: resels',
  ],
  inputs: permuteStep.inputs,
  outputs: { table: { type: 'table', description: 'Smoothness and resel counts, one row per kernel.' } },
  example: { name: 'smoothness', in: { fits: 'steps.fit', selection: 'steps.selection' } },
  params: {
    type: 'object',
    properties: {
      ...{ design: design!, group: group!, groups: groups!, covariates: covariates!, centre: centre! },
      ...{ contrast: contrast!, runs: runs!, kernels: kernels! },
    },
  },
  checkParams: permuteStep.checkParams!,
  needs: () => ({ memoryMB: 1536 }),
  methods: async (facts) => (await import('./methods.js')).methods(facts),
  run: async (context) => (await import('./run.js')).run(context),
};
