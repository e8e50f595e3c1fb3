import type { Sound } from './sound-of-movie.js';

export interface SoundWindows {
  /** s */
  readonly window: number;
  readonly start: number;
  /** Windows that are wanted; without it all up to the end. */
  readonly count?: number;
}

/**
 * Root mean square of each window over samples and channels, and the length of the sound that was read, s. A sample belongs to the
 * window that holds its time.
 */
export async function rootMeanSquares(
  { rate, channels, samples }: Sound,
  { window, start, count = Number.POSITIVE_INFINITY }: SoundWindows,
): Promise<{ values: number[]; seconds: number }> {
  const values: number[] = [];
  let [time, sum, current, used] = [0, 0, 0, 0];
  // Of whole samples; rounding of n / rate must not put the first sample of a window into the one before.
  const windowOf = (sample: number) => Math.floor((sample / rate - start) / window + 1e-9);
  const finish = () => {
    values.push(Math.sqrt(used > 0 ? sum / (used * channels) : 0));
    [sum, used] = [0, 0];
    current++;
  };
  reading: for await (const chunk of samples) {
    for (let at = 0; at < chunk.length; at += channels, time++) {
      const index = windowOf(time);
      while (current < index) {
        finish();
        if (current >= count) break reading;
      }
      if (index < 0) continue;
      for (let channel = 0; channel < channels; channel++) sum += chunk[at + channel]! ** 2;
      used++;
    }
  }
  if (used > 0 && current < count) finish();
  return { values, seconds: time / rate };
}
