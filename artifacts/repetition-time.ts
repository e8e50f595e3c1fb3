import type { ImageHeader } from './nifti-header.js';
import { UserError } from './user-error.js';

/** A value and the file or entry that says it, for messages. */
export interface Stated {
  readonly seconds: number;
  readonly by: string;
}

/** Times that differ by more than this share of the larger are in conflict; below lies the rounding of headers. */
const tolerance = 1e-3;

/** Whether two repetition times (or intervals of series), in s, are one. */
export function sameTr(a: number, b: number): boolean {
  return Math.abs(a - b) <= tolerance * Math.max(a, b);
}

/**
 * Repetition time in s. The user's own `tr` comes first, then the JSON sidecar, then the image header; whatever of them is
 * there must agree. A header that says 0 or nothing is no statement; so is a header in an unknown unit whose value
 * could not be seconds (above 30). Throws UserError on conflict and where nobody says it.
 */
export function agreeOnTr(
  statements: readonly (Stated | null | undefined)[],
  header: Pick<ImageHeader, 'tr' | 'timeUnit'>,
  file: string,
  keys: readonly string[],
): number {
  const fromHeader = header.tr !== null && header.timeUnit === 'unknown' && header.tr > 30 ? null : header.tr;
  const all = [
    ...statements.filter((stated) => stated !== null && stated !== undefined),
    ...(fromHeader === null ? [] : [{ seconds: fromHeader, by: `${file} (pixdim[4])` }]),
  ];
  const first = all[0];
  if (!first) {
    const odd =
      header.tr === null
        ? 'no TR in the header (pixdim[4] is 0 or not a time)'
        : `pixdim[4] is ${header.tr} in an unknown unit`;
    throw new UserError({
      message: `no repetition time: ${odd}, and no JSON sidecar with RepetitionTime`,
      place: { file, what: 'pixdim[4]' },
      expected: 'a repetition time in seconds',
      hint: 'Add "tr: 2" (seconds) to this input, or a JSON sidecar with "RepetitionTime".',
      keys,
    });
  }
  const other = all.find(({ seconds }) => !sameTr(seconds, first.seconds));
  if (other) {
    throw new UserError({
      message: `the repetition time is ${first.seconds} s by ${first.by}, but ${other.seconds} s by ${other.by}`,
      expected: 'the same repetition time everywhere',
      hint: 'Correct the one that is wrong.',
      keys,
    });
  }
  return first.seconds;
}
