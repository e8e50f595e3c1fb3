import { type MethodsFacts, type MethodsText, sentences } from '../../engine/methods/text.js';
import { designWords } from '../group/design-words.js';
import { kernelWords } from '../permute/kernel-words.js';
import { cited } from '../references.js';
import type { SurrogatesParams } from './index.js';

export function methods(facts: MethodsFacts<SurrogatesParams>): MethodsText {
  const { params, inputs, outputs } = facts;
  const { method, surrogates, seed, sides } = params;
  const made =
    method === 'phases'
      ? 'with randomised phases, the same for all kernels [@theiler1992; @prichard1994]'
      : 'shifted circularly in time';
  return cited(
    'group',
    sentences(
      `Whether the brain followed ${kernelWords(params.kernels, inputs)}, and not merely anything as slow, was tested with surrogate regressors: the analysis (${designWords(params, facts, outputs.maps?.[0])}) was repeated with at most ${surrogates} regressors ${made} (seed ${seed}), ${sides}-sided, and p values corrected for the voxels came from the distribution of the largest t [@nichols2002].`,
    ),
  );
}
