import type { StepType } from '../../engine/step-type.js';

export interface HrfParams {
  model: 'spm' | 'glover' | 'nilearn-spm' | 'none';
  tr?: number;
  oversampling: number;
  reference: 'onset' | 'middle' | number;
}

export const hrfStep: StepType<HrfParams> = {
  name: 'hrf',
  version: 1,
  title: 'Convolution of series with a haemodynamic response',
  description: `Turns series into regressors: what BOLD would follow from them.

Every sample is held over its interval (sample n from n * interval to (n + 1) * interval) on a micro-time grid of
\`tr / oversampling\`, convolved there with the response, and taken once per TR at the reference time. Before the first
sample the input is 0. A micro bin that two samples share takes their mean, weighted by time, so the interval of the
series need not be the TR. There is one volume for every TR whose reference time lies inside the series.

- \`spm\`: the canonical response of SPM12 (\`spm_hrf\`: gamma densities with delays 6 and 16 s, ratio 1/6, 32 s long).
- \`glover\`: Glover's response as nilearn has it. \`nilearn-spm\`: what nilearn calls \`spm\`, another curve than SPM's (one
  micro bin later, ratio 0.167; up to 5 % of the peak apart).
- \`none\`: no response; the held series at the reference time.

Responses are scaled to sum 1 over the micro bins, so a regressor keeps the unit and the size of its series.

**Reference time.** \`onset\` is the first micro bin of a volume, \`middle\` bin \`oversampling / 2\` (the bin that begins in the
middle of the TR). A number is the bin itself, counted from 0. SPM counts bins from 1: its default \`fmri_t0 = 8\` of 16 is
\`reference: 7\`, one bin (TR / 16) before the middle.

**Series without variance.** A kernel whose series never changes has no response to show; the transient at the start
would be made by the zeros before it alone. Its regressor is that constant value; \`glm\` reports it and leaves it out.`,
  sources: [
    'SPM12, spm_hrf.m and spm_get_ons.m',
    'Glover (1999), NeuroImage 9:416-429',
    'nilearn 0.10.4, nilearn.glm.first_level.hemodynamic_models',
  ],
  inputs: { series: { type: 'series', description: 'Series to convolve, one per kernel.' } },
  outputs: { regressors: { type: 'regressors', description: 'One regressor per kernel, one value per volume.' } },
  params: {
    type: 'object',
    properties: {
      model: {
        enum: ['spm', 'glover', 'nilearn-spm', 'none'],
        default: 'spm',
        description: 'The haemodynamic response.',
      },
      tr: {
        type: 'number',
        exclusiveMinimum: 0,
        unit: 's',
        description: 'Repetition time of the BOLD series. Default: the interval of the series.',
      },
      oversampling: {
        type: 'integer',
        minimum: 1,
        default: 16,
        unit: 'micro bins per TR',
        description: 'Fineness of the micro-time grid (SPM: `fmri_t`).',
      },
      reference: {
        anyOf: [{ enum: ['onset', 'middle'] }, { type: 'integer', minimum: 0 }],
        default: 'middle',
        description:
          'Micro bin of each TR at which the regressor is taken: `onset`, `middle`, or its number from 0 (SPM’s `fmri_t0` minus 1). Should be the time that slice timing correction aligned the slices to.',
      },
    },
  },
  checkParams({ reference, oversampling }) {
    if (typeof reference !== 'number' || reference < oversampling) return [];
    return [
      {
        message: `micro bin ${reference} does not exist: there are ${oversampling} in a TR`,
        keys: ['reference'],
        expected: `0 to ${oversampling - 1}`,
      },
    ];
  },
  run: async (context) => (await import('./run.js')).run(context),
};
