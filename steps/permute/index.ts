import type { Problem } from '../../artifacts/user-error.js';
import type { StepType } from '../../engine/step-type.js';
import type { Connectivity } from '../../numerics/clusters.js';
import { isF } from '../contrast/weights.js';
import { type GroupParams, groupStep } from '../group/index.js';

export type Inference = 'voxel' | 'extent' | 'mass' | 'tfce';

export interface PermuteParams extends Omit<GroupParams, 'statistics' | 'dtype'> {
  kernels?: readonly string[];
  permutations: number;
  seed: number;
  sides: 'one' | 'two';
  inference: readonly Inference[];
  cluster_p: number;
  connectivity: Connectivity;
  extent_power: number;
  height_power: number;
}

/** More kernels than these are permuted only when they are named. */
export const mostUnnamed = 100;

const { group, groups, covariates, centre, contrast, runs } = groupStep.params.properties;

export const permuteStep: StepType<PermuteParams> = {
  name: 'permute',
  version: 3,
  title: 'Corrected p by sign flips or permutations of subjects',
  description: `Tests the subjects' effects as \`group\` does, and says how large t, clusters and TFCE become by chance alone: the test is repeated
with the subjects' signs or places in the design rearranged, and of every repetition the largest value in the brain is
noted. The corrected p of a voxel or cluster is the share of repetitions whose largest value is at least as large. Each
kernel is corrected over the voxels of its map, not over kernels (\`family: all\` of \`threshold\` does that).

Wire the maps to \`threshold\` and choose there \`correction: fwe-voxel\`, \`fwe-cluster-extent\`, \`fwe-cluster-mass\` or \`tfce\`.

- \`t\`: as in \`group\`
- \`p_uncorrected\`: share of repetitions in which the voxel's own t is at least as large
- \`p_fwe\` (\`inference: voxel\`): corrected over the voxels, by the largest t
- \`p_fwe_extent\`, \`p_fwe_mass\` (\`extent\`, \`mass\`): corrected p of the cluster that holds the voxel, 1 outside clusters. Clusters
  are formed by \`t >= quantile of cluster_p\`; extent is the number of voxels, mass the sum of t above that height
- \`tfce\`, \`p_fwe_tfce\` (\`tfce\`): threshold-free cluster enhancement, the integral of \`extent^E height^H\` over all heights below t,
  computed exactly, not in steps; and its corrected p
- \`null_t.npy\`, \`null_extent.npy\`, …: the largest values of all repetitions \`[kernel, repetition]\`
- \`critical\`: a table of the values that reach a corrected p of 0.05, 0.01 and 0.001, and the largest observed

**What is rearranged.** Where a mean is tested (\`one-sample\`, \`paired\`): signs, since under the null hypothesis effects are
as likely positive as negative. Where groups or slopes are compared: places in the design. Covariates and everything else in the
design are taken out before (Freedman and Lane), and fitted again in every repetition. The observed data are the first
repetition, so no p is below 1 / repetitions. When there are no more than \`permutations\` different rearrangements
(2^subjects flips, 2^(subjects - 1) two-sided), all are made and p is exact; else they are drawn, all different, with
\`seed\`. All kernels get the same rearrangements.

**Which kernels**: those named under \`kernels\`, or those of the wired selection; without either all, when they are no more
than ${mostUnnamed}. A kernel of 70,000 voxels and 29 subjects takes about a second for 1,000 repetitions, with \`tfce\` ten.

\`design\` and what belongs to it mean what they mean in \`group\`. Effects are those of the fits' noise model; the rearranged
test is over subjects, so serial correlation inside a series does not matter to it.`,
  sources: [
    'Nichols & Holmes (2002), Human Brain Mapping 15:1-25',
    'Winkler et al. (2014), NeuroImage 92:381-397',
    'Bullmore et al. (1999), IEEE Transactions on Medical Imaging 18:32-42: cluster mass',
    'Smith & Nichols (2009), NeuroImage 44:83-98: TFCE',
  ],
  inputs: {
    ...groupStep.inputs,
    selection: { type: 'selection', optional: true, description: 'Kernels to permute: those that were selected.' },
  },
  outputs: {
    maps: { type: 'maps', description: 't and p of the kernels, one row each, with the null distributions.' },
    critical: { type: 'table', description: 'Critical values per kernel and statistic.' },
  },
  example: {
    name: 'permuted',
    in: { fits: 'steps.fit', selection: 'steps.selection' },
    with: { permutations: 5000, inference: ['voxel', 'extent'] },
  },
  params: {
    type: 'object',
    properties: {
      design: {
        enum: ['one-sample', 'two-sample', 'paired', 'regression'],
        default: 'one-sample',
        description: 'What is compared.',
      },
      ...{ group: group!, groups: groups!, covariates: covariates!, centre: centre!, contrast: contrast!, runs: runs! },
      kernels: {
        type: 'array',
        items: { type: 'string' },
        minItems: 1,
        uniqueItems: true,
        examples: [['conv5_3/k276'], ['conv1_1/*']],
        description: 'Kernels by name (`conv5_3/k276`); `*` stands for any text (`conv1_1/*`, or `*` for all).',
      },
      permutations: {
        type: 'integer',
        minimum: 10,
        default: 5000,
        description: 'Repetitions, the observed data included.',
      },
      seed: { type: 'integer', minimum: 0, maximum: 4294967295, default: 1, description: 'Of the random numbers.' },
      sides: {
        enum: ['one', 'two'],
        default: 'one',
        description: '`one`: large t count. `two`: large |t|, and clusters of either sign.',
      },
      inference: {
        type: 'array',
        items: { enum: ['voxel', 'extent', 'mass', 'tfce'] },
        minItems: 1,
        uniqueItems: true,
        default: ['voxel', 'extent', 'mass'],
        description: 'What p is corrected for.',
      },
      cluster_p: {
        type: 'number',
        exclusiveMinimum: 0,
        exclusiveMaximum: 0.5,
        default: 0.001,
        description: 'Height that forms clusters, as an uncorrected p (two-sided: `cluster_p / 2` on each side).',
      },
      connectivity: {
        enum: [6, 18, 26],
        default: 18,
        description:
          'Neighbours of a voxel, for clusters and for TFCE: 6 share a face, 18 also an edge, 26 also a corner.',
      },
      extent_power: { type: 'number', minimum: 0, maximum: 4, default: 0.5, description: 'E of TFCE.' },
      height_power: { type: 'number', minimum: 0, maximum: 4, default: 2, description: 'H of TFCE.' },
    },
  },
  checkParams,
  needs: () => ({ memoryMB: 1536 }),
  methods: async (facts) => (await import('./methods.js')).methods(facts),
  run: async (context) => (await import('./run.js')).run(context),
};

function checkParams(params: PermuteParams): readonly Problem[] {
  const problems = [...groupStep.checkParams!({ ...params, dtype: 'float64' })];
  if (params.contrast !== undefined && isF(params.contrast)) {
    problems.push({ message: 'an F contrast cannot be permuted', keys: ['contrast'], expected: 'a contrast of t' });
  }
  return problems;
}
