import type { StepType } from '../../engine/step-type.js';

export interface SelectParams {
  readonly layers?: readonly string[];
  readonly regions?: readonly string[];
  readonly sign: 'positive' | 'negative' | 'any';
  readonly min_voxels: number;
  readonly min_selectivity: number;
  readonly max_regions: number;
  readonly per_region: number;
  readonly region_from: 'union' | 'overlap' | 'atlas';
}

export const selectStep: StepType<SelectParams> = {
  name: 'select',
  version: 1,
  title: 'Kernels that activate one region only',
  description: `Finds the kernels whose activation lies in one region, and the region of the brain that they share.

Regions come from \`atlas\`, from \`masks\` (one region each, they may overlap), or, when neither is wired, from each
kernel's own clusters. An atlas or mask must be on the grid of the maps; of its voxels those inside the mask of the maps
count.

For each kernel, of its voxels above threshold (\`sign\`):

- a region is **activated** when at least \`min_voxels\` of them lie in it;
- the **main region** is the one with the most of them (of equals the first);
- **selectivity** = voxels in the main region / all voxels above threshold, 0 to 1. Voxels in no region count in the
  denominator, so activation outside the atlas makes a kernel less selective.

A kernel is selected when it activates at least one and at most \`max_regions\` regions and its selectivity is at least
\`min_selectivity\`. Of each layer and region the \`per_region\` most selective kernels are kept (equal selectivity: more
voxels, then the order of the kernels). All others are listed with the reason in left_out.tsv.

Without atlas and masks a kernel's regions are its own clusters. The selected kernels are then grouped: from the largest
main cluster to the smallest, each joins the group whose first cluster holds the most, and at least half, of its
voxels, or founds a group; the groups are named region-1, region-2, …

\`regions.nii.gz\` holds for every region that has selected kernels the voxels whose signal the reverse analysis reads
(\`region_from\`). A voxel of two regions belongs to the first.`,
  sources: ['Sohn et al. (2024), Psychoradiology 4, kkae021: Figures 5 and 6'],
  inputs: {
    thresholded: { type: 'thresholded', description: 'Thresholded maps, one per kernel.' },
    atlas: { type: 'atlas', optional: true, description: 'Regions: a label image with a table of names.' },
    masks: {
      type: 'mask',
      list: true,
      optional: true,
      description: 'Regions: one mask image each, named by its file.',
    },
  },
  outputs: {
    selection: { type: 'selection', description: 'Selected kernels with their regions; the others with the reason.' },
  },
  example: {
    name: 'selection',
    in: { thresholded: 'steps.significant', atlas: 'steps.regions' },
    with: { min_selectivity: 0.5, per_region: 10 },
  },
  params: {
    type: 'object',
    properties: {
      layers: {
        type: 'array',
        items: { type: 'string' },
        minItems: 1,
        uniqueItems: true,
        examples: [['conv1_1', 'conv5_3']],
        description: 'Layers whose kernels are considered. Default: all.',
      },
      regions: {
        type: 'array',
        items: { type: 'string' },
        minItems: 1,
        uniqueItems: true,
        examples: [['V1', 'FFA']],
        description: 'Names of the regions to consider, of those in the atlas or the masks. Default: all.',
      },
      sign: {
        enum: ['positive', 'negative', 'any'],
        default: 'positive',
        description: 'Which clusters count, after a two-sided threshold.',
      },
      min_voxels: {
        type: 'integer',
        minimum: 1,
        default: 10,
        unit: 'voxels',
        description: 'A region with fewer voxels above threshold does not count as activated.',
      },
      min_selectivity: {
        type: 'number',
        minimum: 0,
        maximum: 1,
        default: 0.5,
        description: 'Least share of a kernel’s voxels above threshold that must lie in its main region.',
      },
      max_regions: {
        type: 'integer',
        minimum: 1,
        default: 1,
        description: 'Kernels that activate more regions are left out.',
      },
      per_region: {
        type: 'integer',
        minimum: 0,
        default: 10,
        description: 'Most kernels to keep of each layer in each region; 0 keeps all.',
      },
      region_from: {
        enum: ['union', 'overlap', 'atlas'],
        default: 'union',
        description:
          'Voxels of a region in regions.nii.gz: those above threshold in any (`union`) or in all (`overlap`) of its selected kernels, inside the region; or the whole region (`atlas`, only with atlas or masks).',
      },
    },
  },
  methods: async (facts) => (await import('./methods.js')).methods(facts),
  run: async (context) => (await import('./run.js')).run(context),
};
