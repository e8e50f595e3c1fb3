import { counted, type MethodsFacts, type MethodsText, range, sentences, theMost } from '../../engine/methods/text.js';
import { cited } from '../references.js';
import type { ReverseParams } from './index.js';

export function methods({ params, inputs, outputs }: MethodsFacts<ReverseParams>): MethodsText {
  const { drop, delay, standardise, prominence, height, distance, peaks, kernels } = params;
  const signal = inputs.fits
    ? 'after motion, drifts and other nuisance had been taken out'
    : `${drop > 0 ? `without its first ${counted(drop, 'volume')}` : 'as it was'}`;
  const scores = {
    both: 'z-scored in each subject, averaged over subjects and z-scored again',
    subjects: 'z-scored in each subject and averaged over subjects',
    mean: 'averaged over subjects and z-scored',
  }[standardise];
  const subjects = range(outputs.reversal, 'subjects');
  const limits = `prominence at least ${prominence}${height === undefined ? '' : `, height at least ${height}`}, at least ${distance} s apart`;
  const shown = inputs.frames && inputs.weights;
  return cited(
    'reverse',
    sentences(
      `In a reverse analysis [@sohn2024] the mean BOLD signal of each region${subjects && ` of ${subjects} subjects`}, ${signal}, was ${scores}; its peaks were found (${limits}) by the rules of SciPy [@virtanen2020]${peaks > 0 ? `, and ${theMost(peaks, 'highest peak')} of a region ${peaks === 1 ? 'was' : 'were'} kept` : ''}.`,
      `The stimulus of a peak was what had been shown ${delay} s before it.`,
      shown &&
        `Its image was shown with the feature maps of ${kernels > 0 ? `${theMost(kernels, 'most selective kernel')} of each layer and region` : 'the selected kernels'}.`,
    ),
  );
}
