import type { StepType } from '../../engine/step-type.js';
import { mostUnnamed, permuteStep } from '../permute/index.js';

export interface ResidualsParams {
  kernels?: readonly string[];
}

export const residualsStep: StepType<ResidualsParams> = {
  name: 'residuals',
  version: 1,
  title: 'Whether the residuals of a fit are white: autocorrelation, Durbin-Watson, periodogram',
  description: `t is what it says it is where the noise is as the model takes it to be: white, once the series are whitened by the noise model of the
fit. This step looks at what is left, the residuals of the models in that metric (of \`ols\` as they are), for some kernels.

- \`lag1\`: their autocorrelation at one volume, \`sum r_t r_(t+1) / sum r_t²\`
- \`durbin_watson\`: \`sum (r_t - r_(t-1))² / sum r_t²\`; about 2, less where neighbours are alike
- \`rho\`: by which the series were whitened (0 of \`ols\`; \`spm\` whitens by another matrix, and is 0 here)

**Residuals of white noise are not white**: a model takes what its columns span, slow drifts above all. So everything is held against what the
residuals of this design would be if its noise were white, which the design tells exactly (of the Durbin-Watson statistic mean and
standard deviation; its 95 % bounds are 1.96 of these around the mean).

- \`summary\` has a row per kernel, means over the voxels: \`rho\`, \`lag1\` and the \`lag1_expected\` of white noise, \`durbin_watson\` and its bounds, the
  shares of voxels \`below\` them (noise is left that is slower than the model takes it to be), \`above\` (whitened too much) and \`outside\`.
  Of white noise 0.05 are outside. Where rho is estimated in every voxel, fewer: the estimate makes residuals white at that lag.
- \`periodogram\`: mean over the voxels of \`|sum r_t e^(-iwt)|² / (T s²)\` by frequency (Hz), \`expected\` of white noise, and their \`ratio\`: 1 is
  white, above 1 at low frequencies is noise that the model has no term for.
- \`figure\`: the ratio by frequency, mean of the kernels and their range.

A kernel explains little of a series, so the residuals of different kernels are much alike: a few kernels say how a noise model does.
All kernels, or those named under \`kernels\` or of the wired selection, if they are no more than ${mostUnnamed}.`,
  sources: [
    'Durbin & Watson (1950), Biometrika 37:409-428',
    'Luo & Nichols (2003), NeuroImage 19:1014-1032: diagnosis of residuals of fMRI models',
  ],
  inputs: {
    fit: { type: 'fit', description: 'Fit of one subject and run.' },
    selection: permuteStep.inputs.selection!,
  },
  outputs: {
    maps: { type: 'maps', description: 'lag1, durbin_watson and rho, one row per kernel.' },
    summary: { type: 'table', description: 'Means over the voxels, shares outside the bounds.' },
    periodogram: { type: 'table', description: 'Mean periodogram by kernel and frequency.' },
    figure: { type: 'figures', description: 'Periodogram, as a share of that of white noise.' },
  },
  example: { name: 'residuals', foreach: 'inputs.bold', in: { fit: 'steps.fit' }, with: { kernels: ['conv5_3/*'] } },
  params: { type: 'object', properties: { kernels: permuteStep.params.properties.kernels! } },
  needs: () => ({ memoryMB: 512 }),
  methods: async (facts) => (await import('./methods.js')).methods(facts),
  run: async (context) => (await import('./run.js')).run(context),
};
