import { readAligned, type ShownPart } from '../../artifacts/aligned.js';
import { UserError } from '../../artifacts/user-error.js';
import { many, type StepContext } from '../../engine/step-type.js';
import type { ReverseParams } from './index.js';

/** Starts that differ by less than this part of a TR are averaged. */
const tolerance = 0.1;

/** When the movie was shown. Times in s. */
export interface Shown {
  /** When it began, after the first volume that is used: below 0 where that volume was scanned later. */
  readonly start: number;
  /** What was shown of it, from and to which of its own times. */
  readonly from: number;
  readonly to: number;
}

/**
 * When the movie was shown in the scans; without `shown` from the first volume on that is used. Throws UserError where the scans
 * do not show one movie at one time, since their signals are averaged.
 */
export async function movieShown({ inputs, params, note }: StepContext<ReverseParams>, tr: number): Promise<Shown> {
  if (!inputs.shown) return { start: 0, from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };
  const sources = many(inputs, 'shown');
  const scans = await Promise.all(
    sources.map(async (source) => {
      const { parts } = await readAligned(source);
      return { name: source.label ?? source.origin, parts };
    }),
  );
  const several = scans.find(({ parts }) => parts.length !== 1);
  if (several) {
    throw new UserError({
      message: `${several.name} shows ${several.parts.length} movies or parts of one`,
      expected: 'one movie, shown once, in every scan',
      hint: 'For each movie wire the scans that show it, from a `bids` input with "run: 1".',
    });
  }
  const [first, ...others] = scans.map(({ name, parts: [part] }) => {
    return { name, movie: part!.movie, zero: part!.onset - part!.start };
  });
  for (const other of others) {
    const apart = Math.abs(other.zero - first!.zero);
    if (other.movie === first!.movie && apart <= tolerance * tr) continue;
    const what = ({ movie, zero }: typeof other) =>
      `${movie ?? 'the movie'} from ${Math.round(zero * 1000) / 1000} s on`;
    throw new UserError({
      message: `${first!.name} shows ${what(first!)}, ${other.name} ${what(other)}`,
      expected: `one movie at one time (to ${tolerance} TR) in all scans, since their signals are averaged`,
      hint: 'For each movie wire the scans that show it, from a `bids` input with "run: 1".',
    });
  }
  const zeros = scans.map(({ parts: [part] }) => part!.onset - part!.start);
  const mean = zeros.reduce((sum, zero) => sum + zero, 0) / zeros.length;
  const spread = Math.max(...zeros) - Math.min(...zeros);
  if (spread > 1e-6)
    note(`the movie began within ${spread.toFixed(3)} s of one another in the scans; their mean is used`);
  const [{ start: from, duration }] = scans[0]!.parts as [ShownPart];
  return { start: mean - params.drop * tr, from, to: from + duration };
}
