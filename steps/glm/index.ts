import type { StepType } from '../../engine/step-type.js';
import type { Noise } from '../../numerics/glm/model.js';

export type ConfoundStrategy = 'none' | 'motion6' | 'motion24' | 'friston24';

export interface GlmParams {
  drop: number;
  samples?: number;
  noise: Noise;
  drift: 'cosine' | 'none';
  high_pass: number;
  confounds: ConfoundStrategy | readonly string[];
}

export const glmStep: StepType<GlmParams> = {
  name: 'glm',
  version: 2,
  title: 'Linear models of one subject: one per kernel, all voxels',
  description: `Prepares one model per kernel: the kernel's regressor, the nuisance columns that all models share, and a
constant. The contrast is 1 on the kernel.

The nuisance is taken out of BOLD and regressors once (Frisch, Waugh and Lovell); the \`fit\` keeps what is left, from
which effect, standard error and t of any kernel at any voxel follow by a few products (steps \`contrast\` and \`group\`).
Maps of all kernels are never stored here. Degrees of freedom: volumes - rank of the nuisance - 1.

**Time.** The first \`drop\` volumes are left out. The regressors start with the first volume that is kept; of them the
first \`samples\` are used. The two lengths must then be the same: nothing is cut silently. BOLD and regressors must
have the same TR.

**Noise.**
- \`ols\`: white noise.
- \`ar1-nilearn\`: first-order autoregressive noise per voxel and kernel as in nilearn 0.10: from the OLS residuals
  \`rho = (sum r_t r_(t+1) / (T-1)) / (sum r_t^2 / T)\`, truncated toward zero to 1/100; series and design are whitened
  (first row unchanged) and fitted again. The same numbers as a separate fit of every kernel.

**Drifts.** \`cosine\`: the discrete cosines slower than \`high_pass\` seconds, the same columns in SPM and nilearn.

**Confounds** come from the wired table, one row per volume of the image (before \`drop\`):
- \`motion6\`: trans_x, trans_y, trans_z (mm), rot_x, rot_y, rot_z (rad)
- \`friston24\`: those six, their squares, the six of the volume before, and the squares of these (Friston et al. 1996).
  The volume before the first is 0; the lag is taken before volumes are dropped.
- \`motion24\`: fMRIPrep's 24: the six, \`_derivative1\`, \`_power2\`, \`_derivative1_power2\`
- a list of column names, or \`none\`

\`n/a\` in the first row of a column of differences (names with derivative, framewise_displacement, dvars, rmsd) counts as
0; \`n/a\` anywhere else is an error. Every column is scaled to unit norm before anything is solved. Columns that are
combinations of others are left out and named in a note.

**Voxels.** Those of the mask; without one, those whose mean over the volumes is above 0.4 times the 98th percentile of
the mean image. Voxels that never change, have a value that is not finite, or are explained by the nuisance are left
out of the fit's mask and counted in a note.

**Kernels** without variance (\`constant\`) or explained by the nuisance (\`collinear\`) are not fitted: their status says
so, their row is 0, and their maps are NaN.

BOLD is not scaled: effects are in BOLD units per unit of the regressor.`,
  sources: [
    'Friston et al. (1996), Magnetic Resonance in Medicine 35:346-355: 24 motion parameters',
    'nilearn 0.10.4, nilearn.glm.first_level.run_glm',
    'Lovell (1963), Journal of the American Statistical Association 58:993-1010',
  ],
  inputs: {
    bold: { type: 'bold', description: 'BOLD series of one subject and run.' },
    regressors: { type: 'regressors', description: 'One regressor per kernel, one value per volume.' },
    mask: { type: 'mask', description: 'Voxels to fit, on the grid of the BOLD image.', optional: true },
    confounds: { type: 'confounds', description: 'Confounds, one row per volume.', optional: true },
  },
  outputs: { fit: { type: 'fit', description: 'The models of all kernels, compact.' } },
  params: {
    type: 'object',
    properties: {
      drop: {
        type: 'integer',
        minimum: 0,
        default: 0,
        unit: 'volumes',
        description: 'Volumes at the start of the BOLD series (and rows of the confounds) that are left out.',
      },
      samples: {
        type: 'integer',
        minimum: 1,
        unit: 'volumes',
        description: 'Values of each regressor that are used, from the first. Default: all.',
      },
      noise: {
        enum: ['ols', 'ar1-nilearn'],
        default: 'ar1-nilearn',
        description: 'Model of the noise.',
      },
      drift: { enum: ['cosine', 'none'], default: 'cosine', description: 'Slow drifts among the nuisance columns.' },
      high_pass: {
        type: 'number',
        minimum: 0,
        default: 128,
        unit: 's',
        description: 'Cut-off period of the drifts: what is slower is taken out. 0: no drifts.',
      },
      confounds: {
        anyOf: [
          { enum: ['none', 'motion6', 'motion24', 'friston24'] },
          { type: 'array', items: { type: 'string' }, minItems: 1, uniqueItems: true },
        ],
        default: 'friston24',
        description:
          'Confounds to take out: a strategy, or a list of columns of the table. `none` where no table is wired.',
      },
    },
  },
  needs: () => ({ memoryMB: 1024 }),
  run: async (context) => (await import('./run.js')).run(context),
};
