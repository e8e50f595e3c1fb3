import { type MethodsFacts, type MethodsText, range } from '../../engine/methods/text.js';
import { cited } from '../references.js';
import type { AggregateParams } from './index.js';
import { statisticWords } from './statistic-words.js';

export function methods({ params, outputs }: MethodsFacts<AggregateParams>): MethodsText {
  const interval = range(outputs.series, 'interval');
  return cited(
    'stimulus',
    `The ${statisticWords(params.statistic)} of every kernel's map over the images made one time series per kernel${interval && ` with a sample every ${interval} s`}.`,
  );
}
