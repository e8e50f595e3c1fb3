import type { StepType } from '../../engine/step-type.js';
import type { JointNoise } from '../../numerics/glm/joint.js';
import type { MapsDtype, Statistic } from '../../numerics/glm/statistic-maps.js';
import { type ContrastSpec, contrastSchema } from '../contrast/weights.js';

export interface JointParams {
  readonly contrasts?: Readonly<Record<string, ContrastSpec>>;
  readonly noise?: JointNoise;
  readonly statistics: readonly Statistic[];
  readonly dtype: MapsDtype;
}

export const jointStep: StepType<JointParams> = {
  name: 'joint',
  version: 1,
  title: 'One model of one subject with all regressors, and contrasts of them',
  description: `Puts all regressors of a \`fit\` into one model, where \`contrast\` has a model for each: an effect is what a
regressor explains beyond all others. Series, regressors and nuisance are those that \`glm\` prepared.

**Contrasts** are named, with weights by the names of the regressors:

\`\`\`yaml
contrasts:
  faces: k01                           # one regressor
  faces-over-voices: { k01: 1, k07: -1 }   # weights: a t contrast
  any: { F: [k01, k07] }               # tested together: an F contrast
  layer5: { F: ["conv5_3/*"] }         # * stands for any text
  differences: { F: [{ k01: 1, k07: -1 }, { k07: 1, k09: -1 }] }
\`\`\`

Without \`contrasts\` there is one t contrast per regressor, of its own name.

**Statistics.** \`effect\`, \`se\`, \`t\` of t contrasts (NaN for F contrasts); \`F\`, which is t squared for a t contrast;
\`p\`, P(T > t) or P(F > f), in double precision and never 0; \`z\`, the normal deviate with that p, exact far out. Of the
model, so the same in every row: \`residual_variance\` and \`r2\`, the share of the variance of the series that it
explains, nuisance included. Degrees of freedom: volumes - rank of nuisance and regressors together.

**Noise**: rho per voxel from the residuals of this model, series and design whitened, fitted again.
- \`ols\`: rho is 0
- \`ar1\`: the smoothed map of rho of a fit with \`noise: ar1\`; of other fits, and with \`ar1_smooth: 0\`, corrected for what
  all columns of this model take from the residuals; to the nearest 1/100
- \`ar1-nilearn\`: truncated to 1/100, first row not scaled; the numbers of nilearn's \`run_glm(noise_model='ar1')\`. Its
  \`r2\` is nilearn's pseudo R2, which may exceed 1; that of the others is 1 - RSS / the sum of squares about the constant

**Regressors that depend on each other** stay in the model: a contrast that the data cannot tell (one of two equal
regressors, one that \`glm\` left out) is NaN, its row says \`collinear\`, and a note names it; contrasts that can be told,
such as the sum of both, are right. An F contrast tests as many degrees of freedom as its rows are independent.`,
  sources: [
    'nilearn 0.10.4, nilearn.glm.first_level.run_glm and nilearn.glm.contrasts.compute_contrast',
    'Searle (1971), Linear Models: estimable functions',
  ],
  inputs: { fit: { type: 'fit', description: 'Series, regressors and nuisance of one subject.' } },
  outputs: { maps: { type: 'maps', description: 'One row per contrast and statistic.' } },
  example: {
    name: 'beside_sound',
    foreach: 'inputs.bold',
    in: { fit: 'steps.fit' },
    with: { contrasts: { layer: { F: ['conv1_1/*'] }, sound: 'audio_rms' } },
  },
  params: {
    type: 'object',
    properties: {
      contrasts: {
        type: 'object',
        additionalProperties: contrastSchema,
        minProperties: 1,
        description: 'Contrasts by name. Default: every regressor.',
      },
      noise: { enum: ['ols', 'ar1', 'ar1-nilearn'], description: 'Model of the noise. Default: that of the fit.' },
      statistics: {
        type: 'array',
        items: { enum: ['effect', 'se', 't', 'F', 'z', 'p', 'r2', 'residual_variance'] },
        minItems: 1,
        uniqueItems: true,
        default: ['effect', 'se', 't', 'F', 'z'],
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
