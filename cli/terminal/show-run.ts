import type { RunEvent } from '../../engine/events.js';
import { complainOf } from '../failure.js';
import { complain, print } from '../streams.js';
import { colours, wantsColour } from './colour.js';
import { jsonReader } from './json-lines.js';
import { liveReader } from './live.js';
import { plainReader } from './plain.js';
import { emptyProgress } from './progress-state.js';
import { summary } from './summary.js';

/** Shows a run on this process's terminal or pipe, in the form that fits it. */
export function showRun({ json, explain = false }: { json: boolean; explain?: boolean }): {
  /** Takes the events. */
  event(event: RunEvent): void;
  /** After the last event: failures in full, then the summary. */
  end(): void;
  /** Leaves the terminal in order, also after an error. */
  close(): void;
} {
  const state = emptyProgress();
  const { stdout } = process;
  const paint = colours(wantsColour(stdout));
  const live = stdout.isTTY === true && process.env.TERM !== 'dumb';
  const reader = json
    ? jsonReader(state, stdout)
    : live
      ? liveReader(state, stdout, paint, explain)
      : plainReader(state, stdout, paint);
  return {
    event: (event) => reader.event(event),
    end() {
      reader.close();
      for (const { instance, problems, stack } of state.failed) {
        complain('', `${instance} failed:`);
        complainOf(problems);
        if (stack) complain(stack);
      }
      if (json) return;
      if (state.failed.length > 0) print('');
      print(...summary(state, paint));
    },
    close: () => reader.close(),
  };
}
