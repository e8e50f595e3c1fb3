import type { StepType } from '../../engine/step-type.js';
import type { MapsDtype, Statistic } from '../../numerics/glm/statistic-maps.js';
import { basisParam } from '../glm/basis-param.js';

export interface ContrastParams {
  readonly statistics: readonly Statistic[];
  readonly basis?: readonly string[];
  readonly dtype: MapsDtype;
}

export const contrastStep: StepType<ContrastParams> = {
  name: 'contrast',
  version: 4,
  title: 'Maps of one subject: effect, standard error, t, F, z, p of every kernel',
  description: `Computes the maps that a \`fit\` stands for: of every kernel at every voxel of the fit's mask.

- \`effect\`: the coefficient of the kernel, in BOLD units per unit of its regressor
- \`se\`: its standard error, in the same unit
- \`t\`: effect / se, with the degrees of freedom of the fit
- \`F\`: t squared, with 1 and those degrees of freedom
- \`p\`: P(T > t), one-sided (near 1 for effects far below 0). Stored in double precision whatever \`dtype\` is; what would
  underflow is held at 5e-324, so p is never 0. That far out use \`z\`
- \`z\`: the normal deviate with that p, computed from the logarithm of the tail: exact far out, never infinite
- \`residual_variance\`: sum of squared residuals / df; of the whitened residuals where the noise is not white
- \`r2\`: share of the variance of the series that the model explains, nuisance included: 1 - RSS / sum of squares about
  the mean. Of fits with \`noise: ols\` only

Kernels with several columns have one model with all of them; \`basis\` says which have maps. An effect is then the part
of a column that the kernel's others do not explain. All columns tested together: the step \`joint\`.

Rows of kernels that were not fitted are NaN. The group analysis does not need this step: \`group\` works from fits.`,
  inputs: { fit: { type: 'fit', description: 'The models of one subject.' } },
  outputs: { maps: { type: 'maps', description: 'One row per kernel and statistic.' } },
  example: {
    name: 'maps',
    foreach: 'inputs.bold',
    in: { fit: 'steps.fit' },
    with: { statistics: ['effect', 't', 'z'] },
  },
  params: {
    type: 'object',
    properties: {
      statistics: {
        type: 'array',
        items: { enum: ['effect', 'se', 't', 'F', 'z', 'p', 'r2', 'residual_variance'] },
        minItems: 1,
        uniqueItems: true,
        default: ['effect', 'se', 't'],
        description: 'Which maps to write.',
      },
      basis: basisParam,
      dtype: { enum: ['float32', 'float64'], default: 'float32', description: 'Precision of the stored maps.' },
    },
  },
  needs: () => ({ memoryMB: 512 }),
  methods: async (facts) => (await import('./methods.js')).methods(facts),
  run: async (context) => (await import('./run.js')).run(context),
};
