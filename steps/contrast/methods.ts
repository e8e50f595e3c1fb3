import { eachSubject, listOf, type MethodsFacts, type MethodsText } from '../../engine/methods/text.js';
import { cited } from '../references.js';
import type { ContrastParams } from './index.js';

export function methods({ params, count, subjects }: MethodsFacts<ContrastParams>): MethodsText {
  const { statistics, basis } = params;
  const of = basis ? ` of the ${listOf(basis)} regressor` : '';
  return cited(
    'subjects',
    `Maps of ${listOf(statistics.map((name) => (name === 'se' ? 'its standard error' : name)))}${of} were computed for every kernel and ${eachSubject({ count, subjects })}.`,
  );
}
