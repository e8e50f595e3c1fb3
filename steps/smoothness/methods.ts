import type { MethodsFacts, MethodsText } from '../../engine/methods/text.js';
import { designWords } from '../group/design-words.js';
import { cited } from '../references.js';
import type { SmoothnessParams } from './index.js';

export function methods(facts: MethodsFacts<SmoothnessParams>): MethodsText {
  return cited(
    'group',
    `The smoothness of the standardised residuals of ${designWords(facts.params, facts)} and the resel counts of the mask were estimated for every kernel as in SPM12 [@kiebel1999; @hayasaka2004; @worsley1996].`,
  );
}
