import { type MethodsFacts, type MethodsText, sentences } from '../../engine/methods/text.js';
import { designWords } from '../group/design-words.js';
import { kernelWords } from '../permute/kernel-words.js';
import { repetitionWords } from '../permute/repetition-words.js';
import { cited } from '../references.js';
import type { SurrogatesParams } from './index.js';

export function methods(facts: MethodsFacts<SurrogatesParams>): MethodsText {
  const { params, inputs, outputs } = facts;
  const { method, surrogates, seed, sides } = params;
  const meta = outputs.maps?.[0];
  const what =
    method === 'phases'
      ? 'sets of regressors with randomised phases, the same for all kernels [@theiler1992; @prichard1994],'
      : 'circular shifts of the regressors in time';
  return cited(
    'group',
    sentences(
      `Whether the brain followed ${kernelWords(params.kernels, inputs)}, and not merely anything as slow, was tested with surrogates: the analysis (${designWords(params, facts, meta)}) was repeated, ${sides}-sided, with ${repetitionWords(meta, surrogates, seed, what)}, and p values corrected for the voxels came from the distribution of the largest t [@nichols2002].`,
    ),
  );
}
