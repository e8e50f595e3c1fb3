import type { MovieFrame } from './frames-of-movie.js';
import { endOfFrames, ROUNDING } from './time-stamps.js';

/**
 * What a movie shows at the moments `start + i / fps` for every integer i (from time 0 on), as frames with those time
 * stamps: the last frame stamped at or before each, and the first of all before that begins. The last frame lasts as long
 * as the one before it, but not beyond the length `stated` by the file.
 */
export async function* sampledFrames(
  frames: AsyncIterable<MovieFrame>,
  { fps, start, stated }: { readonly fps: number; readonly start: number; readonly stated: number | null },
): AsyncGenerator<MovieFrame> {
  let at = -Math.floor(start * fps);
  const moment = () => start + at / fps;
  let shown: MovieFrame | null = null;
  let interval = 0;
  let given = false;
  for await (const frame of frames) {
    shown ??= frame;
    for (; moment() < frame.seconds - ROUNDING; at++) {
      given = true;
      yield { seconds: moment(), data: shown.data };
    }
    if (frame !== shown) interval = Math.max(0, frame.seconds - shown.seconds);
    shown = frame;
  }
  if (shown === null) return;
  const end = endOfFrames(shown.seconds + interval, shown.seconds, stated);
  // A single frame has no length, and is shown all the same.
  for (; !given || moment() < end - ROUNDING; at++) {
    given = true;
    yield { seconds: moment(), data: shown.data };
  }
}
