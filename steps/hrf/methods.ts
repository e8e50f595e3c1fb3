import { listOf, type MethodsFacts, type MethodsText, range, sentences } from '../../engine/methods/text.js';
import { cited } from '../references.js';
import type { HrfParams } from './index.js';

const responses: Readonly<Record<HrfParams['model'], string>> = {
  spm: 'the canonical haemodynamic response of SPM12 [@spm12]',
  glover: "Glover's haemodynamic response [@glover1999]",
  'nilearn-spm': 'the double-gamma haemodynamic response of nilearn [@nilearn]',
  none: '',
};

export function methods({ params, outputs }: MethodsFacts<HrfParams>): MethodsText {
  const { model, oversampling, reference, basis, orthogonal, fir_delays: delays, outside } = params;
  const tr = range(outputs.regressors, 'tr');
  const at =
    reference === 'onset' ? 'the onset' : reference === 'middle' ? 'the middle' : `micro bin ${reference} (from 0)`;
  const sampled = `sampled at ${at} of every volume${tr && ` (TR ${tr} s)`}`;
  const grid = `on a grid of ${oversampling} bins per TR`;
  return cited('subjects', sentences(first(), derivatives(), outside === 'mean' && MEAN));

  function first(): string {
    if (basis === 'fir') {
      return `Regressors were the series, held over their windows, at delays of ${listOf(delays ?? [])} TR (a finite impulse response model), ${sampled}.`;
    }
    if (model === 'none')
      return `Regressors were the series, held over their windows, without a haemodynamic response, ${sampled}.`;
    return `Each series was held over its window, convolved with ${responses[model]} ${grid}, and ${sampled}.`;
  }

  function derivatives(): string {
    if (!basis.startsWith('canonical+')) return '';
    const which = basis === 'canonical+time' ? 'the temporal derivative' : 'the temporal and the dispersion derivative';
    const made = { response: ', orthogonalised as responses,', regressor: ', orthogonalised as regressors,', none: '' };
    return `Regressors with ${which} of the response${made[orthogonal]} were added for every kernel [@friston1998].`;
  }
}

const MEAN = 'Where nothing was shown, a series had its own mean.';
