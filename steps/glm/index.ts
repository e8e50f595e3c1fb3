import type { StepType } from '../../engine/step-type.js';
import type { Noise } from '../../numerics/glm/model.js';
import { type Confounds, confoundProblems, confoundsSchema, strategies } from './confound-choices.js';

export interface GlmParams {
  drop: number;
  samples?: number;
  noise: Noise;
  ar1_smooth: number;
  drift: 'cosine' | 'polynomial' | 'none';
  high_pass: number;
  drift_order?: number;
  confounds: Confounds;
}

const strategyList = Object.entries(strategies)
  .map(([name, what]) => `- \`${name}\`: ${what}`)
  .join('\n');

export const glmStep: StepType<GlmParams> = {
  name: 'glm',
  version: 5,
  title: 'Linear models of one subject: one per kernel, all voxels',
  description: `Prepares one model per kernel: the kernel's regressor, the nuisance columns that all models share, and a
constant. The contrast is 1 on the kernel.

The nuisance is taken out of BOLD and regressors once (Frisch, Waugh and Lovell); the \`fit\` keeps what is left, from
which effect, standard error and t of any kernel at any voxel follow by a few products (steps \`contrast\` and \`group\`).
Maps of all kernels are never stored here. Degrees of freedom: volumes - rank of the nuisance - 1 (less of \`noise: spm\`).

**Time.** The first \`drop\` volumes are left out. The regressors start with the first volume that is kept; of them the
first \`samples\` are used. The two lengths must then be the same: nothing is cut silently. BOLD and regressors must
have the same TR. Regressors of series that the step \`align\` placed in the scan have a value for every volume of the
image: there \`drop\` leaves out volumes and values alike, and \`samples\` says how many of both are used after that.

**Noise.**
- \`ar1\`: first-order autoregressive noise. rho is the value, to 1/100 and within 0.99, at which the residuals of the OLS
  fit would be expected to have the lag-1 autocorrelation that they have: a model of many columns leaves residuals that
  are less autocorrelated than the noise, by an amount that its design tells (Worsley et al. 2002, here for the whole of
  an AR(1) process, not to first order in rho). Series and design are whitened (first row times \`sqrt(1 - rho^2)\`) and
  fitted again. One voxel's few volumes say little of rho, which makes t too large in short scans; so the map of rho is
  smoothed over the mask by \`ar1_smooth\` mm, one rho for all kernels of a voxel, from the residuals of a model with the
  nuisance and the leading principal components of the regressors (as few as explain 99 %, at most 20, at most a third of
  the dimensions). With \`ar1_smooth: 0\` rho belongs to the voxel and the kernel, from the residuals of the kernel's own
  model. docs/validation.md has the calibration of all four.
- \`ols\`: white noise. Films make slow regressors, and BOLD noise is slow: t is too large, see docs/validation.md.
- \`ar1-nilearn\`: first-order autoregressive noise per voxel and kernel as in nilearn 0.10: from the OLS residuals
  \`rho = (sum r_t r_(t+1) / (T-1)) / (sum r_t^2 / T)\`, truncated toward zero to 1/100; series and design are whitened
  (first row unchanged) and fitted again. The same numbers as a separate fit of every kernel. Biased towards 0.
- \`spm\`: as SPM12, one whitening for the whole brain: a covariance of two components around AR(0.2), by ReML from the
  voxels that respond to any column (confounds included) at p < 0.001; the drifts are a filter after the whitening. SPM
  estimates it for every model anew; here once per subject, with the leading principal components of the regressors in
  their place (as few as explain 99 %, at most 20), so that all kernels share it. With one kernel the numbers are SPM's.
  As SPM, it scales the image to a grand mean of 100 (effects are in % of it), fits only voxels that are above 0.8 of the
  global mean in every volume, and keeps whitened series in the fit. Needs an image with its mean.

**Drifts.**
- \`cosine\`: the discrete cosines slower than \`high_pass\` seconds, the same columns in SPM and nilearn
- \`polynomial\`: polynomials of time up to \`drift_order\`, by default one and one more for every 150 s, as AFNI

**Confounds** come from the wired table, one row per volume of the image (before \`drop\`). One strategy, or a list of
strategies, columns, and columns by \`*\`; \`acompcor\` and \`scrub\` may have settings:

\`\`\`yaml
confounds: friston24
confounds: [friston24, { acompcor: 5 }, csf, "edge_comp_*"]
confounds:
  - motion24
  - acompcor: { n: 5, mask: [CSF, WM] }              # n of each mask: combined, CSF, WM; or n: all
  - scrub: { fd: 0.5, std_dvars: 1.5, after: 1 }     # a column for each volume above
  - cosine                                           # with drift: none
\`\`\`

${strategyList}

\`acompcor\` takes the first components of a mask, which explain the most. The JSON file beside the table says which columns
those are; without one it is told by their names (\`a_comp_cor\` combined, \`c_comp_cor\` CSF, \`w_comp_cor\` WM: fMRIPrep 21 and later).
fMRIPrep computes them after a high-pass filter of 128 s, so they go with drifts of that period, not without.

\`scrub\` makes one column for each volume whose \`framewise_displacement\` is above \`fd\` (mm) or \`std_dvars\` above the given
number, for \`before\` volumes before it and \`after\` after it, and for stretches shorter than \`min_segment\` between such
volumes; a note names them. Such a volume plays no part in the fit.

A column that is chosen twice is taken once. What the table lacks is an error that lists what it has; only \`motion_outliers\`,
\`non_steady_state\` and \`scrub\` may find nothing. \`n/a\` in the first row of a column of differences (names with derivative,
framewise_displacement, dvars, rmsd) counts as 0, and in rows that are dropped it does not matter; \`n/a\` anywhere else is
an error. Every column is scaled to unit norm before anything is solved. Columns that are combinations of others are left out and named in a note.

**Voxels.** Those of the mask; without one, those whose mean over the volumes is above 0.4 times the 98th percentile of
the mean image. Voxels that never change, have a value that is not finite, or are explained by the nuisance are left
out of the fit's mask and counted in a note.

**Kernels with several columns** (\`basis\` of the step \`hrf\`) are kept column by column. \`contrast\`, \`group\` and
\`combine\` fit one model per kernel with all its columns (not with \`ar1_smooth: 0\`), \`joint\` one with all kernels;
steps that change the regressors (\`permute\`, \`surrogates\`) and those that read residuals refuse them.

**Kernels** without variance (\`constant\`) or explained by the nuisance (\`collinear\`) are not fitted: their status says
so, their row is 0, and their maps are NaN.

BOLD is not scaled, except for \`noise: spm\`: effects are in BOLD units per unit of the regressor.`,
  sources: [
    'Friston et al. (1996), Magnetic Resonance in Medicine 35:346-355: 24 motion parameters',
    'Behzadi et al. (2007), NeuroImage 37:90-101: aCompCor',
    'Power et al. (2012), NeuroImage 59:2142-2154: scrubbing',
    'nilearn 0.10.4, nilearn.glm.first_level.run_glm',
    'Friston et al. (2002), NeuroImage 16:484-512: ReML for the serial correlation of a brain; SPM12 r7738',
    'Worsley et al. (2002), NeuroImage 15:1-15: bias of autocorrelations of residuals',
    'Lovell (1963), Journal of the American Statistical Association 58:993-1010',
  ],
  inputs: {
    bold: { type: 'bold', description: 'BOLD series of one subject and run.' },
    regressors: { type: 'regressors', description: 'One regressor per kernel, one value per volume.' },
    mask: { type: 'mask', description: 'Voxels to fit, on the grid of the BOLD image.', optional: true },
    confounds: { type: 'confounds', description: 'Confounds, one row per volume.', optional: true },
  },
  outputs: { fit: { type: 'fit', description: 'The models of all kernels, compact.' } },
  example: {
    name: 'fit',
    foreach: 'inputs.bold',
    in: { bold: 'steps.smoothed', mask: 'item.mask', confounds: 'item.confounds', regressors: 'steps.regressors' },
    with: { drop: 5, high_pass: 128, confounds: 'friston24' },
  },
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
        examples: [163],
        description:
          'Values of each regressor that are used, from the first, or with `align` from the first that is kept. Default: all.',
      },
      noise: {
        enum: ['ar1', 'ols', 'ar1-nilearn', 'spm'],
        default: 'ar1',
        description: 'Model of the noise.',
      },
      ar1_smooth: {
        type: 'number',
        minimum: 0,
        default: 8,
        unit: 'mm',
        description: 'Smoothing (FWHM) of the map of rho, for `noise: ar1`. 0: rho is estimated for every kernel.',
      },
      drift: {
        enum: ['cosine', 'polynomial', 'none'],
        default: 'cosine',
        description: 'Slow drifts among the nuisance columns.',
      },
      high_pass: {
        type: 'number',
        minimum: 0,
        default: 128,
        unit: 's',
        description: 'Cut-off period of `drift: cosine`: what is slower is taken out. 0: no drifts.',
      },
      drift_order: {
        type: 'integer',
        minimum: 1,
        maximum: 50,
        examples: [3],
        description: 'Highest degree of `drift: polynomial`. Default: 1, and 1 more for every 150 s.',
      },
      confounds: {
        ...confoundsSchema,
        default: 'friston24',
        examples: [['friston24', 'csf', 'wm']],
        description:
          'Confounds to take out: a strategy, a map with `acompcor` or `scrub`, or a list of these, of columns of the table, and of columns by `*`. `none` where no table is wired.',
      },
    },
  },
  checkParams({ drift, drift_order: order, confounds }) {
    const problems = confoundProblems(confounds);
    if (order === undefined || drift === 'polynomial') return problems;
    const message = `"drift_order" has no meaning with "drift: ${drift}"`;
    return [...problems, { message, keys: ['drift_order'], expected: 'drift: polynomial' }];
  },
  needs: () => ({ memoryMB: 1024 }),
  methods: async (facts) => (await import('./methods.js')).methods(facts),
  run: async (context) => (await import('./run.js')).run(context),
};
