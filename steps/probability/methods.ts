import { listOf, type MethodsFacts, type MethodsText, sentences } from '../../engine/methods/text.js';
import { cited } from '../references.js';
import type { ProbabilityParams } from './index.js';

export function methods({ params }: MethodsFacts<ProbabilityParams>): MethodsText {
  const { layers, differences, sign } = params;
  const kind = { any: 'clusters', positive: 'positive clusters', negative: 'negative clusters' }[sign];
  const pairs = differences.map(([first, second]) => `${first} minus ${second}`);
  return cited(
    'group',
    sentences(
      `The activation probability map of a layer was, at every voxel, the share of its kernels with ${kind} there [@sohn2024]; it was computed for ${layers ? listOf(layers) : 'every layer'}.`,
      pairs.length > 0 && `Maps were subtracted: ${listOf(pairs)}.`,
    ),
  );
}
