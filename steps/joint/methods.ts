import { counted, eachSubject, type MethodsFacts, type MethodsText, sentences } from '../../engine/methods/text.js';
import { cited } from '../references.js';
import type { JointParams } from './index.js';

export function methods({ params, count, subjects }: MethodsFacts<JointParams>): MethodsText {
  const { contrasts, noise } = params;
  const tested = contrasts
    ? `${counted(Object.keys(contrasts).length, 'contrast')} (${Object.keys(contrasts).join(', ')})`
    : 'one contrast per regressor';
  const white = noise === 'ols' && 'Noise was taken to be white in it.';
  const nilearn = noise === 'ar1-nilearn' && 'Its autoregressive noise was estimated as in nilearn [@nilearn].';
  const unbiased = noise === 'ar1' && 'Its noise was autoregressive of first order [@worsley2002].';
  return cited(
    'subjects',
    sentences(
      `For ${eachSubject({ count, subjects })}, all regressors were put into one linear model, in which ${tested} ${contrasts && Object.keys(contrasts).length > 1 ? 'were' : 'was'} tested.`,
      white,
      nilearn,
      unbiased,
    ),
  );
}
