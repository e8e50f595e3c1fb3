import type { StepType } from '../../engine/step-type.js';
import { mostUnnamed, type PermuteParams, permuteStep } from '../permute/index.js';

export interface SurrogatesParams
  extends Pick<
    PermuteParams,
    'group' | 'groups' | 'covariates' | 'centre' | 'contrast' | 'runs' | 'kernels' | 'seed' | 'sides'
  > {
  design: 'one-sample' | 'two-sample' | 'regression';
  method: 'phases' | 'shifts';
  surrogates: number;
}

const { group, groups, covariates, centre, contrast, runs, kernels, seed, sides } = permuteStep.params.properties;

export const surrogatesStep: StepType<SurrogatesParams> = {
  name: 'surrogates',
  version: 1,
  title: 'Corrected p by regressors that are as slow as the movie’s, but not of the movie',
  description: `A film is slow, and so are its regressors, BOLD, and the noise: two slow series correlate by chance more often than white ones. At
the level of the group there is more to it: all subjects saw the same film, so whatever it does to the brain is common to them, also where it
has nothing to do with a kernel; t of a group (and its permutations, which rearrange subjects) says that the brain follows the film,
not that it follows this kernel. This step asks the latter: the analysis is repeated with surrogates in the place of the regressor,
series of the same spectrum at other times, and of every repetition the largest t in the brain is noted. The corrected p of a voxel is the share
of repetitions whose largest t is at least as large.

Wire the maps to \`threshold\` and choose there \`correction: fwe-voxel\`.

- \`t\`: as in \`group\`; of the fits of one subject its own t, of the noise model of the fit
- \`p_uncorrected\`: share of repetitions in which the voxel's own t is at least as large
- \`p_fwe\`: corrected over the voxels, by the largest t
- \`null_t.npy\`: the largest t of all repetitions \`[kernel, repetition]\`
- \`critical\`: a table of the t that reach a corrected p of 0.05, 0.01 and 0.001, the largest observed, its p, and the 95 % interval of
  this p (\`p_low\`, \`p_high\`), which is an estimate

| \`method\` | a surrogate is the regressor … | how many |
| --- | --- | --- |
| \`phases\` | turned at every frequency by an angle drawn at random; the amplitude at every frequency stays | \`surrogates\` |
| \`shifts\` | begun at another volume, its end moved to the beginning | one per volume: all, if that is no more than \`surrogates\`, and p is then exact |

Shifts keep the shape of the series, which phases make Gaussian; but there are few, and a slow series shifted by a few volumes is still much
like itself, so p cannot be small: with 163 volumes hardly below 0.05. Neither suits stimuli that repeat at a steady interval: a series of one
frequency has no surrogates but itself at other times, which the responses to it follow as well. The observed regressor is the first repetition. All kernels are turned or
shifted alike, so that what kernels share they keep; all subjects get the same surrogate.

Surrogates are made of the convolved regressors, then the nuisance of each subject is taken out of them, as it was of the regressors,
and all of them are fitted by the same matrix products as so many kernels; rho is that of the voxel (\`ar1\`) or estimated anew
for every surrogate (\`ar1\` with \`ar1_smooth: 0\`, \`ar1-nilearn\`); the whitening of \`spm\` stays. \`regressors\` must be those that the fits were made of.

**Which kernels**: those named under \`kernels\`, or those of the wired selection; without either all, when they are no more than
${mostUnnamed}. 1,000 surrogates cost as much as a group test of 1,000 kernels.

\`design\` and what belongs to it mean what they mean in \`group\`. Everything is exact where series are stationary and as if
wound up on a circle; docs/validation.md has the share of false finds in simulations.`,
  sources: [
    'Theiler et al. (1992), Physica D 58:77-94: phase randomisation',
    'Prichard & Theiler (1994), Physical Review Letters 73:951-954: the same phases for several series',
    'Nichols & Holmes (2002), Human Brain Mapping 15:1-25: the largest statistic',
  ],
  inputs: {
    fits: { type: 'fit', list: true, description: 'Fits of all subjects, or of one.' },
    regressors: { type: 'regressors', description: 'What the fits were made of.' },
    participants: permuteStep.inputs.participants!,
    selection: { type: 'selection', optional: true, description: 'Kernels to test: those that were selected.' },
  },
  outputs: {
    maps: { type: 'maps', description: 't and p of the kernels, one row each, with the null distributions.' },
    critical: { type: 'table', description: 'Critical values per kernel.' },
  },
  example: {
    name: 'surrogates',
    in: { fits: 'steps.fit', regressors: 'steps.regressors', selection: 'steps.selection' },
    with: { surrogates: 1000 },
  },
  params: {
    type: 'object',
    properties: {
      method: { enum: ['phases', 'shifts'], default: 'phases', description: 'How surrogates are made.' },
      surrogates: {
        type: 'integer',
        minimum: 10,
        maximum: 100000,
        default: 1000,
        description: 'Repetitions, the observed regressor included.',
      },
      design: {
        enum: ['one-sample', 'two-sample', 'regression'],
        default: 'one-sample',
        description: 'What is compared.',
      },
      ...{ group: group!, groups: groups!, covariates: covariates!, centre: centre!, contrast: contrast!, runs: runs! },
      ...{ kernels: kernels!, seed: seed! },
      sides: { ...sides!, description: '`one`: large t count. `two`: large |t|.' },
    },
  },
  checkParams: (params) =>
    permuteStep.checkParams!({
      ...params,
      permutations: params.surrogates,
      inference: ['voxel'],
      cluster_p: 0.001,
      connectivity: 18,
      extent_power: 0.5,
      height_power: 2,
    }),
  needs: () => ({ memoryMB: 2048 }),
  methods: async (facts) => (await import('./methods.js')).methods(facts),
  run: async (context) => (await import('./run.js')).run(context),
};
