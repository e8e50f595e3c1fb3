import { type MethodsFacts, type MethodsText, sentences } from '../../engine/methods/text.js';
import { cited } from '../references.js';
import { designWords } from './design-words.js';
import type { GroupParams } from './index.js';

export function methods(facts: MethodsFacts<GroupParams>): MethodsText {
  const { params, inputs, outputs } = facts;
  const meta = outputs.maps?.[0];
  const subjects = typeof meta?.n === 'number' ? meta.n : undefined;
  const runs = subjects !== undefined && (inputs.fits?.length ?? 0) > subjects;
  return cited(
    'group',
    sentences(
      runs &&
        `The runs of each subject were combined into one effect${params.runs === 'precision' ? ', weighted by precision' : ''} (fixed effects) [@worsley2002].`,
      `The effect of every kernel was tested at every voxel by ${designWords(params, facts, meta)}, with subjects as random effects [@holmes1998].`,
    ),
  );
}
