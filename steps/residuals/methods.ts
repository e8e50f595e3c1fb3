import type { MethodsFacts, MethodsText } from '../../engine/methods/text.js';
import { kernelWords } from '../permute/kernel-words.js';
import { cited } from '../references.js';
import type { ResidualsParams } from './index.js';

export function methods({ params, inputs }: MethodsFacts<ResidualsParams>): MethodsText {
  return cited(
    'subjects',
    `Whether the residuals of ${kernelWords(params.kernels, inputs)} were white was checked by their lag-1 autocorrelation, the Durbin-Watson statistic [@durbin1950] and their periodogram, against those of white noise in the same design [@luo2003].`,
  );
}
