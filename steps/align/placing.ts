import type { ShownPart } from '../../artifacts/aligned.js';
import { UserError } from '../../artifacts/user-error.js';
import type { AlignParams } from './index.js';

/** A showing before its length is settled. */
export interface Wanted extends Omit<ShownPart, 'duration'> {
  /** What the table says, s; null where it says nothing. */
  readonly duration: number | null;
  /** For messages. */
  readonly series: string;
  readonly place: string;
}

export interface Scan {
  readonly tr: number;
  readonly volumes: number;
  /** For messages. */
  readonly origin: string;
}

/** Rounding of tables, s. */
const tolerance = 1e-6;

/**
 * Settles how long each showing lasts, and makes sure that it lies in the scan and that no two are at the same time.
 * Returned in order of onset. Throws UserError naming both of what does not fit.
 */
export function placed(
  wanted: readonly Wanted[],
  interval: number,
  scan: Scan,
  { durations }: Pick<AlignParams, 'durations'>,
  note: (message: string) => void,
): ShownPart[] {
  const end = scan.volumes * scan.tr;
  const length = `${scan.volumes} volumes of ${scan.tr} s, ${seconds(end)}`;
  const parts = wanted.map((one) => {
    const duration = durationOf(one, interval, durations);
    const { onset, place, series } = one;
    if (onset >= end || onset + duration <= 0) {
      throw new UserError({
        message: `${series} was shown from ${seconds(onset)} to ${seconds(onset + duration)} (${place}), outside of ${scan.origin} (${length})`,
        expected: 'an onset in s after the first volume of the image began',
      });
    }
    if (onset + duration > end + interval) {
      note(`${series} goes on for ${seconds(onset + duration - end)} after the scan (${place}; ${length})`);
    }
    return { ...one, duration };
  });
  parts.sort((a, b) => a.onset - b.onset);
  parts.forEach((part, index) => {
    const before = parts[index - 1];
    if (!before || before.onset + before.duration <= part.onset + interval / 2) return;
    throw new UserError({
      message: `${before.series} is shown until ${seconds(before.onset + before.duration)} (${before.place}), ${part.series} from ${seconds(part.onset)} on (${part.place})`,
      expected: 'one movie at a time',
    });
  });
  return parts.map(({ movie, onset, duration, start, first, samples }, index) => {
    // Two that follow one another may overlap by rounding of onsets or a last window that is shorter.
    const next = parts[index + 1]?.onset ?? Number.POSITIVE_INFINITY;
    return { movie, onset, duration: Math.min(duration, next - onset), start, first, samples };
  });
}

function durationOf(
  { duration, start, samples, series, place }: Wanted,
  interval: number,
  rule: AlignParams['durations'],
) {
  const left = samples * interval - start;
  if (left <= tolerance) {
    throw new UserError({
      message: `${series} lasts ${seconds(samples * interval)}, but was started at ${seconds(start)} (${place})`,
      expected: 'a start inside the movie',
    });
  }
  if (duration === null || rule === 'series') return left;
  const apart = duration - left;
  if (apart > interval + tolerance || (rule === 'match' && -apart > interval + tolerance)) {
    const rest = start > 0 ? ` (${seconds(left)} from ${seconds(start)} on)` : '';
    throw new UserError({
      message: `${series} lasts ${seconds(samples * interval)}${rest}, but was shown for ${seconds(duration)} (${place})`,
      expected: `the same, to within one interval of the series (${interval} s)`,
      hint:
        apart < 0
          ? 'If it was stopped before its end: "durations: table". If the column means something else: "durations: series".'
          : 'If the column means something else than the length of the movie: "durations: series".',
      keys: ['durations'],
    });
  }
  return Math.min(duration, left);
}

function seconds(value: number): string {
  return `${Math.round(value * 1000) / 1000} s`;
}
