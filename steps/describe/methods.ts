import { type MethodsFacts, type MethodsText, sentences } from '../../engine/methods/text.js';
import { cited } from '../references.js';
import type { DescribeParams } from './index.js';

export function methods({ params }: MethodsFacts<DescribeParams>): MethodsText {
  const { components, standardise } = params;
  return cited(
    'stimulus',
    sentences(
      `The series of each layer were described by a principal component analysis over its kernels (the first ${components} components; kernels ${standardise ? 'standardised' : 'centred'}) and by their mean, whose Pearson correlation was computed for every pair of layers [@sohn2024].`,
    ),
  );
}
