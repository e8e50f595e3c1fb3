import { listOf, type MethodsFacts, type MethodsText } from '../../engine/methods/text.js';
import { cited } from '../references.js';
import type { FiguresParams } from './index.js';

export function methods({ params, inputs }: MethodsFacts<FiguresParams>): MethodsText {
  const { plane, slices, positions, threshold } = params;
  const at = positions ? `at ${listOf(positions)} mm` : `(${slices})`;
  const hidden =
    threshold === undefined ? 'less than 5 % of the upper end of the colour bar' : `less than ${threshold}`;
  const maps = inputs.probability
    ? `; maps are on ${plane} slices ${at}, where values of ${hidden} are transparent`
    : '';
  return cited('reverse', `Figures were drawn after the published ones [@sohn2024]${maps}.`);
}
