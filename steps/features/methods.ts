import { listOf, type MethodsFacts, type MethodsText, range, sentences } from '../../engine/methods/text.js';
import { cited } from '../references.js';
import type { FeaturesParams } from './index.js';

export function methods({ params, inputs, outputs }: MethodsFacts<FeaturesParams>): MethodsText {
  const { features, frequencies, orientations } = params;
  const words: Readonly<Record<(typeof features)[number], string>> = {
    luminance: 'mean relative luminance',
    contrast: 'RMS contrast [@peli1990]',
    saturation: 'mean saturation [@smith1978]',
    gabor: `energy of Gabor filters in quadrature [@adelson1985; @daugman1985] at ${listOf(frequencies)} cycles per picture height and orientations of ${listOf(orientations)} degrees`,
    motion: 'motion energy, the mean squared change of luminance from frame to frame [@pymoten]',
  };
  const of = inputs.video ? 'every frame of the movie, averaged in windows' : 'the averaged images';
  const interval = range(outputs.series, 'interval');
  return cited(
    'stimulus',
    sentences(
      `Low-level features were measured on ${of}${interval && ` (one value every ${interval} s)`}: ${listOf(features.map((feature) => words[feature]))}.`,
      features.some((feature) => feature !== 'saturation') && 'Luminance was that of linear light [@itu2015].',
    ),
  );
}
