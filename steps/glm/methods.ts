import {
  counted,
  eachSubject,
  type MethodsFacts,
  type MethodsText,
  range,
  sentences,
} from '../../engine/methods/text.js';
import { cited } from '../references.js';
import { confoundWords } from './confound-words.js';
import type { GlmParams } from './index.js';

export function methods({ params, count, subjects, inputs, outputs }: MethodsFacts<GlmParams>): MethodsText {
  const { drop, samples, confounds } = params;
  const volumes = range(outputs.fit, 'volumes');
  const tr = range(outputs.fit, 'tr');
  const df = range(outputs.fit, 'df');
  const who = eachSubject({ count, subjects });
  const drifts = driftWords(params);
  const nuisance = [...confoundWords(confounds), ...(drifts === '' ? [] : [drifts]), 'a constant'];
  return cited(
    'subjects',
    sentences(
      `For ${who}, ${count > 1 ? 'one' : 'a'} linear model per kernel was fitted at every voxel${inputs.mask ? ' of the mask' : ''}, of the kernel's regressor and nuisance regressors: ${nuisance.join('; ')}.`,
      drop > 0 && `The first ${counted(drop, 'volume')} ${drop === 1 ? 'was' : 'were'} left out.`,
      samples !== undefined && `Of each regressor ${counted(samples, 'sample')} were used.`,
      volumes && `Models had ${volumes} volumes${tr && ` (TR ${tr} s)`}${df && ` and ${df} degrees of freedom`}.`,
      'The nuisance was taken out of data and regressors before they were fitted [@lovell1963].',
      noiseWords(params),
    ),
  );
}

function driftWords({ drift, drift_order: order, high_pass: period }: GlmParams): string {
  if (drift === 'polynomial') {
    return order === undefined
      ? 'polynomials of time, one and one more for every 150 s [@cox1996]'
      : `polynomials of time up to degree ${order}`;
  }
  return drift === 'cosine' && period > 0 ? `discrete cosines with periods above ${period} s` : '';
}

function noiseWords({ noise, ar1_smooth: fwhm }: GlmParams): string {
  switch (noise) {
    case 'ols':
      return 'Noise was taken to be white (ordinary least squares).';
    case 'ar1':
      return `Serial correlation was modelled as a first-order autoregressive process, whose coefficient was estimated from the residuals without the bias that the design causes [@worsley2002]${fwhm > 0 ? `, smoothed over the mask with ${fwhm} mm FWHM` : ', for every kernel and voxel'}, and series and design were whitened with it.`;
    case 'ar1-nilearn':
      return 'Serial correlation was modelled as a first-order autoregressive process per voxel and kernel as in nilearn [@nilearn], and series and design were whitened.';
    case 'spm':
      return 'Serial correlation was modelled as in SPM12 [@spm12] by one covariance for the brain, estimated by restricted maximum likelihood from responsive voxels [@friston2002]; images were scaled to a grand mean of 100.';
  }
}
