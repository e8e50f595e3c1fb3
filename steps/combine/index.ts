import type { StepType } from '../../engine/step-type.js';
import type { Weighting } from '../../numerics/glm/group-task.js';
import type { MapsDtype, Statistic } from '../../numerics/glm/statistic-maps.js';

export interface CombineParams {
  weights: Weighting;
  statistics: readonly Statistic[];
  dtype: MapsDtype;
}

export const combineStep: StepType<CombineParams> = {
  name: 'combine',
  version: 2,
  title: 'Fixed effects over runs: one effect from several, per kernel',
  description: `Combines the effects \`b\` of several runs of a subject, with standard errors \`s\`, into one.

- \`weights: precision\`: \`effect = sum(b / s²) / sum(1 / s²)\`, \`se = 1 / sqrt(sum(1 / s²))\`: noisy runs count less
- \`weights: mean\`: \`effect = mean(b)\`, \`se = sqrt(sum(s²)) / runs\`
- \`t\`: effect / se; its degrees of freedom are those of all runs together. \`F\`: t squared; \`p\`: P(T > t), float64,
  never 0; \`z\`: the normal deviate with that p

It says something about these runs only (a fixed effect): the variance between them does not enter. For an inference
about people, wire the fits of all runs to \`group\`, which combines the runs of each subject in the same way.

Voxels are those that every run has; kernels must be the same, and one that a run could not fit is NaN.`,
  sources: ['Worsley et al. (2002), NeuroImage 15:1-15', 'nilearn 0.10.4, nilearn.glm.contrasts.compute_fixed_effects'],
  inputs: {
    fits: { type: ['fit', 'maps'], list: true, description: 'Fits (or maps with effect and se) of the runs.' },
  },
  outputs: { maps: { type: 'maps', description: 'One row per kernel and statistic.' } },
  example: { name: 'over_runs', in: { fits: 'steps.fit' }, with: { weights: 'precision' } },
  params: {
    type: 'object',
    properties: {
      weights: { enum: ['precision', 'mean'], default: 'precision', description: 'How much a run counts.' },
      statistics: {
        type: 'array',
        items: { enum: ['effect', 'se', 't', 'F', 'z', 'p'] },
        minItems: 1,
        uniqueItems: true,
        default: ['effect', 'se', 't'],
        description: 'Which maps to write.',
      },
      dtype: {
        enum: ['float32', 'float64'],
        default: 'float32',
        description: 'Precision of the stored maps (p is always float64).',
      },
    },
  },
  needs: () => ({ memoryMB: 768 }),
  methods: async (facts) => (await import('./methods.js')).methods(facts),
  run: async (context) => (await import('./run.js')).run(context),
};
