import type { Problem } from '../../artifacts/user-error.js';
import type { StepType } from '../../engine/step-type.js';
import type { HrfBasis } from '../../numerics/hrf-basis.js';

export interface HrfParams {
  readonly model: 'spm' | 'glover' | 'nilearn-spm' | 'none';
  readonly tr?: number;
  readonly oversampling: number;
  readonly reference: 'onset' | 'middle' | number;
  readonly basis: HrfBasis;
  readonly orthogonal: 'response' | 'regressor' | 'none';
  readonly fir_delays?: readonly number[];
  readonly outside: 'zero' | 'mean';
}

export const hrfStep: StepType<HrfParams> = {
  name: 'hrf',
  version: 1,
  title: 'Convolution of series with a haemodynamic response',
  description: `Turns series into regressors: what BOLD would follow from them.

Every sample is held over its interval (sample n from n * interval to (n + 1) * interval) on a micro-time grid of
\`tr / oversampling\`, convolved there with the response, and taken once per TR at the reference time. A micro bin that
two samples share takes their mean, weighted by time, so the interval of the series need not be the TR.

**Where the series begins.** A \`series\` begins with the first volume that \`glm\` keeps, and there is one volume for
every TR whose reference time lies inside it. Series from the step \`align\` have their place in the scan: they are
shifted on the micro-time grid by their onset, exactly also where it lies inside a bin, and there is one value for every
volume of the image. Where nothing is shown (\`outside\`) the input is 0, as before a screen lights up, or the kernel's own mean
over what is shown, so that the regressor tells nothing of the movie's being there at all, only of its changes.

- \`spm\`: the canonical response of SPM12 (\`spm_hrf\`: gamma densities with delays 6 and 16 s, ratio 1/6, 32 s long).
- \`glover\`: Glover's response as nilearn has it. \`nilearn-spm\`: what nilearn calls \`spm\`, another curve than SPM's (one
  micro bin later, ratio 0.167; up to 5 % of the peak apart).
- \`none\`: no response; the held series at the reference time.

Responses are scaled to sum 1 over the micro bins, so a regressor keeps the unit and the size of its series.

**Reference time.** \`onset\` is the first micro bin of a volume, \`middle\` bin \`oversampling / 2\` (the bin that begins in the
middle of the TR). A number is the bin itself, counted from 0. SPM counts bins from 1: its default \`fmri_t0 = 8\` of 16 is
\`reference: 7\`, one bin (TR / 16) before the middle.

**Several columns per kernel** (\`basis\`), for responses that are not the canonical one everywhere:
- \`canonical+time\`, \`canonical+time+dispersion\`: further columns from the derivatives of the response, as differences of
  two responses divided by the difference of onset (SPM12: 1 s, nilearn: 0.1 s) or dispersion (0.01). A positive weight
  of the first means an earlier, of the second a narrower response.
- \`fir\`: no response is assumed; column \`delay2\` is the held series two TRs before the reference time. \`model\` plays no part.

The first column keeps the kernel's name, the others are called \`conv1_1/k7_time\`, \`conv1_1/k7_dispersion\`; with \`fir\` all have
the delay in their name (\`conv1_1/k7_delay2\`). These names are what contrasts of \`joint\` use.

The derivatives overlap with the response itself, so \`orthogonal\` says what the weight of the canonical column means:
\`response\` takes out of each function what those before it explain, on the micro grid, as SPM12 (\`spm_get_bf\`);
\`regressor\` does the same with the finished columns, as nilearn; \`none\` leaves them as they are.

**Series without variance.** A kernel whose series never changes has no response to show; the transient at the start
would be made by the zeros before it alone. Its regressor is that constant value (that of a derivative 0); \`glm\` reports
it and leaves it out.`,
  sources: [
    'SPM12, spm_hrf.m, spm_get_bf.m and spm_get_ons.m',
    'Glover (1999), NeuroImage 9:416-429',
    'Friston et al. (1998), NeuroImage 7:30-40: derivatives of the response',
    'nilearn 0.10.4, nilearn.glm.first_level.hemodynamic_models',
  ],
  inputs: {
    series: {
      type: ['series', 'aligned'],
      description: 'Series to convolve, one per kernel; from `align` with its place in the scan.',
    },
  },
  outputs: {
    regressors: {
      type: 'regressors',
      description: 'The columns of each kernel (one, unless `basis` says otherwise), one value per volume.',
    },
  },
  example: { name: 'regressors', in: { series: 'steps.series' }, with: { model: 'spm', tr: 2 } },
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
        examples: [1.5],
        description: 'Repetition time of the BOLD series. Default: that of `align`, else the interval of the series.',
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
      basis: {
        enum: ['canonical', 'canonical+time', 'canonical+time+dispersion', 'fir'],
        default: 'canonical',
        description: 'Columns of each kernel: the response alone, with its derivatives, or delays.',
      },
      orthogonal: {
        enum: ['response', 'regressor', 'none'],
        default: 'response',
        description: 'Where each derivative is made orthogonal to the columns before it.',
      },
      fir_delays: {
        type: 'array',
        items: { type: 'integer', minimum: 0, maximum: 100 },
        minItems: 1,
        uniqueItems: true,
        unit: 'TR',
        examples: [[1, 2, 3, 4, 5]],
        description: 'Delays of `basis: fir`.',
      },
      outside: {
        enum: ['zero', 'mean'],
        default: 'zero',
        description:
          'What a series is where nothing is shown (before it and, in a scan, after it): 0, or its own mean.',
      },
    },
  },
  checkParams: problemsOf,
  methods: async (facts) => (await import('./methods.js')).methods(facts),
  run: async (context) => (await import('./run.js')).run(context),
};

function problemsOf({ reference, oversampling, model, basis, fir_delays: delays }: HrfParams): Problem[] {
  const problems: Problem[] = [];
  if (typeof reference === 'number' && reference >= oversampling) {
    problems.push({
      message: `micro bin ${reference} does not exist: there are ${oversampling} in a TR`,
      keys: ['reference'],
      expected: `0 to ${oversampling - 1}`,
    });
  }
  if (model === 'none' && basis.startsWith('canonical+')) {
    problems.push({
      message: `"basis" is ${basis}, but with "model: none" there is no response to take derivatives of`,
      keys: ['basis'],
      expected: 'canonical or fir, or another model',
    });
  }
  if (basis === 'fir' && !delays) {
    problems.push({
      message: '"basis: fir" needs its delays',
      keys: ['basis'],
      expected: '"fir_delays: [1, 2, 3, 4, 5]", in TRs',
    });
  }
  if (basis !== 'fir' && delays) {
    problems.push({
      message: `"fir_delays" has no meaning with "basis: ${basis}"`,
      keys: ['fir_delays'],
      expected: 'basis: fir',
    });
  }
  return problems;
}
