import type { RunEvent } from '../../engine/events.js';

/** A reader of the event stream: turns it into something on a screen or in a pipe. */
export interface Reader {
  event(event: RunEvent): void;
  /** Leaves the terminal as it should be found. Safe to call twice. */
  close(): void;
}

/** Where text goes: a stream, or a list in a test. */
export interface Output {
  write(text: string): void;
  readonly isTTY?: boolean;
  readonly columns?: number;
}
