import type { MethodsFacts, MethodsText } from '../../engine/methods/text.js';
import { cited } from '../references.js';
import type { CombineParams } from './index.js';

export function methods({ params, inputs }: MethodsFacts<CombineParams>): MethodsText {
  const how = params.weights === 'precision' ? 'weighted by their precision' : 'with equal weights';
  const runs = inputs.fits?.length ?? 0;
  return cited(
    'subjects',
    `Effects of ${runs > 1 ? `${runs} runs` : 'the runs'} were combined, ${how} (fixed effects) [@worsley2002].`,
  );
}
