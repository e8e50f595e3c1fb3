import type { StepType } from '../../engine/step-type.js';
import type { MapsDtype, Statistic } from '../../numerics/glm/statistic-maps.js';

export interface GroupParams {
  statistics: readonly Statistic[];
  dtype: MapsDtype;
}

export const groupStep: StepType<GroupParams> = {
  name: 'group',
  version: 1,
  title: 'One-sample t over subjects, per kernel',
  description: `Tests for every kernel and voxel whether the effects of the subjects have a mean other than 0.

- \`effect\`: mean of the subjects' effects, in BOLD units per unit of the regressor
- \`se\`: standard error of that mean, sd (n - 1) / sqrt(n)
- \`t\`: effect / se, with n - 1 degrees of freedom
- \`z\`: the normal deviate with the same tail probability as t

Effects are computed from the \`fit\`s block by block of voxels, for all subjects, and are not kept: memory and disk do not
grow with kernels x voxels x subjects. A subject's effect counts once, however precise it is.

**Voxels**: those that every fit has (the intersection of the masks). **Kernels** must be the same in all fits. A kernel
that could not be fitted in every subject is left out: its status names what was wrong, its row is NaN, a note counts it.
One row, one set of subjects.

The order of subjects is that of the list; it changes nothing but the rounding.`,
  sources: ['Holmes & Friston (1998), NeuroImage 7:S754: summary statistics'],
  inputs: { fits: { type: 'fit', list: true, description: 'The fits of all subjects, two or more.' } },
  outputs: { maps: { type: 'maps', description: 'One row per kernel and statistic.' } },
  params: {
    type: 'object',
    properties: {
      statistics: {
        type: 'array',
        items: { enum: ['effect', 'se', 't', 'z'] },
        minItems: 1,
        uniqueItems: true,
        default: ['effect', 't'],
        description: 'Which maps to write.',
      },
      dtype: { enum: ['float32', 'float64'], default: 'float32', description: 'Precision of the stored maps.' },
    },
  },
  needs: () => ({ memoryMB: 1536 }),
  run: async (context) => (await import('./run.js')).run(context),
};
