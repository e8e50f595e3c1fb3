import type { MovieFrame } from './frames-of-movie.js';
import { endOfFrames, ROUNDING } from './time-stamps.js';
import type { WindowAverage } from './window-average.js';

export interface WindowImage {
  /** Mean RGB image [y, x, colour], or the frame held when none begins in the window. */
  readonly image: Uint8Array;
  /** Begin after `start`, and length, in s. */
  readonly onset: number;
  readonly duration: number;
  /** Number of frames averaged; 0 when one is held. */
  readonly frames: number;
}

export interface WindowOptions {
  /** Length of a window, in s. */
  readonly window: number;
  /** Begin of the first window, in s. */
  readonly start: number;
  /** No window goes beyond this time, in s. */
  readonly stop?: number;
  /** Length that the file states, in s, known to 10 ms; null when it states none. */
  readonly stated: number | null;
  /** Adds up the frames. */
  readonly average: WindowAverage;
}

/** What has been seen of the movie so far. */
export interface Seen {
  frames: number;
  /** Time at which the last frame begins, and at which it ends (as long as the frame before it), in s. */
  last: number;
  end: number;
}

/**
 * Averages frames in windows by their time stamps, one window in memory at a time. `seen` is kept up to date for
 * progress and for checks after the last window.
 */
export async function* averageInWindows(
  frames: AsyncIterable<MovieFrame>,
  options: WindowOptions,
  seen: Seen,
): AsyncGenerator<WindowImage> {
  const { window, start, stop = Number.POSITIVE_INFINITY, average } = options;
  let current = 0;
  let previous: Uint8Array | null = null;

  const finish = (limit: number, held: Uint8Array): WindowImage => {
    const onset = current * window;
    const count = average.frames;
    const duration = Math.min(window, Math.min(limit, stop) - start - onset);
    current++;
    return {
      image: count > 0 ? average.take() : held.slice(),
      onset: tidy(onset),
      duration: tidy(duration),
      frames: count,
    };
  };

  for await (const frame of frames) {
    if (frame.seconds >= stop - ROUNDING) {
      seen.last = frame.seconds;
      seen.end = Math.max(seen.end, stop);
      break;
    }
    const interval = seen.frames > 0 ? Math.max(0, frame.seconds - seen.last) : 0;
    if (interval > 0 || seen.frames === 0) seen.end = frame.seconds + interval;
    seen.last = frame.seconds;
    seen.frames++;
    const index = Math.floor((frame.seconds - start + ROUNDING) / window);
    while (current < index) yield finish(Number.POSITIVE_INFINITY, previous ?? frame.data);
    if (index >= 0) average.add(frame.data);
    previous = frame.data;
  }
  if (previous === null) return;
  seen.end = endOfFrames(seen.end, seen.last, options.stated);
  const end = Math.min(seen.end, stop);
  while (average.frames > 0 || start + current * window < end - ROUNDING)
    yield finish(Math.max(end, seen.last), previous);
}

/** Microseconds: below them there is only rounding. */
function tidy(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6;
}
