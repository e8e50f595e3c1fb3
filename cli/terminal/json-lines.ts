import { apply, type ProgressState } from './progress-state.js';
import type { Output, Reader } from './reader.js';

/** Every event as one line of JSON, unchanged: for scripts and other programs. */
export function jsonReader(state: ProgressState, output: Output): Reader {
  return {
    event(event) {
      apply(state, event);
      output.write(`${JSON.stringify(event)}\n`);
    },
    close() {},
  };
}
