import type { RunEvent } from '../../engine/events.js';
import { reasonTexts } from '../../engine/reason-text.js';
import type { Colours } from './colour.js';
import { duration } from './text.js';

/** The one line that an event leaves behind for good, if any. Hits leave none: a study has thousands. */
export function eventLine(event: RunEvent, paint: Colours): string | undefined {
  switch (event.type) {
    case 'planned':
      return undefined;
    case 'finished':
      return `${paint.green('done')}    ${event.instance}  ${paint.dim(duration(event.seconds))}`;
    case 'failed':
      return `${paint.red('failed')}  ${event.instance}`;
    case 'retried': {
      const { instance, attempt, attempts, problems } = event;
      const why = paint.dim(`attempt ${attempt} of ${attempts}; ${problems[0]?.message ?? ''}`);
      return `${paint.yellow('again')}   ${instance}  ${why}`;
    }
    case 'waiting':
      return `${paint.yellow('waits')}   ${event.instance}  ${paint.dim(`another run (on ${event.host}) is making it`)}`;
    case 'skipped':
      return `${paint.yellow('skipped')} ${event.instance}  ${paint.dim(event.because)}`;
    default:
      return undefined;
  }
}

/** The line for a step that starts, with why it runs. */
export function startLine(event: Extract<RunEvent, { type: 'started' }>, paint: Colours): string {
  const why = reasonTexts(event.reasons, process.cwd()).join('; ');
  return `${paint.cyan('start')}   ${event.instance}${why ? `  ${paint.dim(`(${why})`)}` : ''}`;
}
