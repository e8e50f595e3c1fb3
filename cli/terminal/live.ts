import type { Colours } from './colour.js';
import { eventLine, startLine } from './event-line.js';
import { liveBlock } from './live-block.js';
import { apply, type ProgressState } from './progress-state.js';
import type { Output, Reader } from './reader.js';

/** Ten pictures a second look smooth and cost nothing. */
const INTERVAL = 100;

/**
 * Progress for a terminal: finished steps scroll up, a block of running steps stays at the foot.
 * @param explain every step that starts leaves a line that says why, too
 */
export function liveReader(state: ProgressState, output: Output, paint: Colours, explain = false): Reader {
  let shown = 0;
  let drawn = 0;
  let closed = false;
  const erase = () => {
    if (shown > 0) output.write(`\u001b[${shown}A\u001b[0J`);
    shown = 0;
  };
  const draw = () => {
    const lines = liveBlock(state, Date.now(), output.columns || 80, paint);
    erase();
    output.write(`${lines.join('\n')}\n`);
    shown = lines.length;
    drawn = Date.now();
  };
  const timer = setInterval(draw, INTERVAL);
  timer.unref();
  return {
    event(event) {
      apply(state, event);
      const line = explain && event.type === 'started' ? startLine(event, paint) : eventLine(event, paint);
      if (line !== undefined) {
        erase();
        output.write(`${line}\n`);
      }
      if (line !== undefined || Date.now() - drawn >= INTERVAL) draw();
    },
    close() {
      if (closed) return;
      closed = true;
      clearInterval(timer);
      erase();
    },
  };
}
