import { listOf, type MethodsFacts, type MethodsText, range, sentences } from '../../engine/methods/text.js';
import { cited } from '../references.js';
import type { AnnotationsParams } from './index.js';

export function methods({ params, outputs }: MethodsFacts<AnnotationsParams>): MethodsText {
  const { labels, measure, value } = params;
  const what = {
    presence: 'the share of the window in which it was there',
    sum:
      value === undefined
        ? 'how many there were at a time, on average'
        : `the mean over the window of the sum of \`${value}\``,
    onsets: 'how many began in it',
  }[measure];
  const interval = range(outputs.series, 'interval');
  return cited(
    'stimulus',
    sentences(
      `A table of events in the movie was made into one time series per label${labels ? ` (${listOf(labels)})` : ''}: for every window${interval && ` of ${interval} s`} ${what}.`,
    ),
  );
}
