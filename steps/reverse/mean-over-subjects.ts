import { standardDeviation, standardise } from '../../numerics/standardise.js';

export interface MeanSeries {
  /** `[volume]` mean over the subjects that vary, standardised as asked. */
  readonly mean: Float64Array;
  /** `[volume]` standard deviation over those subjects (over n - 1), in the unit of `mean`; NaN for one subject. */
  readonly spread: Float64Array;
  /** Which subjects took part. */
  readonly used: readonly boolean[];
}

/**
 * Averages the series `[subject][volume]` of a region. Subjects without a series (null) or whose series does not vary
 * take no part. Null when no subject is left.
 */
export function meanOverSubjects(
  series: readonly (Float64Array | null)[],
  how: 'subjects' | 'mean' | 'both',
): MeanSeries | null {
  const z = series.map((values) => (values ? standardise(values) : null));
  const used = z.map((values) => values?.some((value) => value !== 0) ?? false);
  const taken = (how === 'mean' ? series : z).filter((_, n) => used[n]) as Float64Array[];
  if (taken.length === 0) return null;
  const mean = new Float64Array(taken[0]!.length);
  for (const values of taken) for (let n = 0; n < mean.length; n++) mean[n]! += values[n]! / taken.length;
  const spread = mean.map((middle, n) => {
    const squares = taken.reduce((sum, values) => sum + (values[n]! - middle) ** 2, 0);
    return Math.sqrt(squares / (taken.length - 1));
  });
  if (how === 'subjects') return { mean, spread, used };
  const sd = standardDeviation(mean);
  return { mean: standardise(mean), spread: spread.map((value) => value / sd), used };
}
