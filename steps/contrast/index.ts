import type { StepType } from '../../engine/step-type.js';
import type { MapsDtype, Statistic } from '../../numerics/glm/statistic-maps.js';

export interface ContrastParams {
  statistics: readonly Statistic[];
  dtype: MapsDtype;
}

export const contrastStep: StepType<ContrastParams> = {
  name: 'contrast',
  version: 1,
  title: 'Maps of one subject: effect, standard error, t and z of every kernel',
  description: `Computes the maps that a \`fit\` stands for: of every kernel at every voxel of the fit's mask.

- \`effect\`: the coefficient of the kernel, in BOLD units per unit of its regressor
- \`se\`: its standard error, in the same unit
- \`t\`: effect / se, with the degrees of freedom of the fit
- \`z\`: the normal deviate with the same tail probability as t, exact far out (no limit at p = 1e-300)

Rows of kernels that were not fitted are NaN. The group analysis does not need this step: \`group\` works from fits.`,
  inputs: { fit: { type: 'fit', description: 'The models of one subject.' } },
  outputs: { maps: { type: 'maps', description: 'One row per kernel and statistic.' } },
  params: {
    type: 'object',
    properties: {
      statistics: {
        type: 'array',
        items: { enum: ['effect', 'se', 't', 'z'] },
        minItems: 1,
        uniqueItems: true,
        default: ['effect', 'se', 't'],
        description: 'Which maps to write.',
      },
      dtype: { enum: ['float32', 'float64'], default: 'float32', description: 'Precision of the stored maps.' },
    },
  },
  needs: () => ({ memoryMB: 512 }),
  run: async (context) => (await import('./run.js')).run(context),
};
