import type { Colours } from './colour.js';
import { eventLine, startLine } from './event-line.js';
import { apply, type ProgressState } from './progress-state.js';
import type { Output, Reader } from './reader.js';

/** A log file wants to know that a long step is alive, not every frame of it. */
const EVERY_MS = 15_000;

/** Progress for a pipe or a log file: a line when a step starts and ends, and now and then how far it is. */
export function plainReader(state: ProgressState, output: Output, paint: Colours): Reader {
  const reported = new Map<string, number>();
  return {
    event(event) {
      apply(state, event);
      if (event.type === 'started') {
        reported.set(event.instance, event.time);
        output.write(`${startLine(event, paint)}\n`);
      } else if (event.type === 'progress' && event.time - (reported.get(event.instance) ?? 0) >= EVERY_MS) {
        reported.set(event.instance, event.time);
        output.write(`        ${event.instance}  ${event.done}/${event.total} ${event.unit}\n`);
      }
      const line = eventLine(event, paint);
      if (line !== undefined) output.write(`${line}\n`);
    },
    close() {},
  };
}
