import { fQuantile, normalQuantile, normalTail, pOfF, pOfT, tQuantile } from './distributions.js';
import { adjustedP, candidateP, countAtLeast, countDiscoveries, dependenceFactor } from './fdr.js';

/** What a statistic is distributed as where nothing is to be found. */
export type NullDistribution =
  | { readonly of: 't'; readonly df: number }
  | { readonly of: 'z' }
  | { readonly of: 'F'; readonly df1: number; readonly df: number };

export type Sides = 'one' | 'two';

/** The height that a share `p` of the distribution is beyond; two-sided, half of it on each side. */
export function heightOfP(p: number, distribution: NullDistribution, sides: Sides): number {
  const tail = sides === 'two' ? p / 2 : p;
  if (distribution.of === 'z') return normalQuantile(tail);
  return distribution.of === 't'
    ? tQuantile(tail, distribution.df)
    : fQuantile(tail, distribution.df1, distribution.df);
}

/** The p of a value: never 0, at most 1. */
export function pOfHeight(value: number, distribution: NullDistribution, sides: Sides): number {
  const beyond = sides === 'two' ? Math.abs(value) : value;
  const tail =
    distribution.of === 'z'
      ? Math.max(normalTail(beyond), Number.MIN_VALUE)
      : distribution.of === 't'
        ? pOfT(beyond, distribution.df)
        : pOfF(beyond, distribution.df1, distribution.df);
  return sides === 'two' ? Math.min(1, 2 * tail) : tail;
}

/** A correction that a map's own values decide, or those of several maps together. */
export interface CountedCorrection {
  readonly kind: 'fdr' | 'bonferroni';
  readonly level: number;
  /** Of `fdr`: Benjamini and Yekutieli's. */
  readonly anyDependence: boolean;
  readonly distribution: NullDistribution;
  readonly sides: Sides;
}

/** What a correction found in a family of tests. */
export interface Corrected {
  /** The smallest value that passes (absolute, two-sided); Infinity where none does. */
  readonly height: number;
  /** Corrected p of a value that passes. */
  pOf(value: number): number;
}

/** The values that could pass, by falling size (absolute, two-sided), and the number of all values. */
export interface Candidates {
  readonly values: Float64Array;
  readonly tests: number;
}

/** The candidates among some values; NaN is no test. */
export function candidatesOf(values: ArrayLike<number>, { level, distribution, sides }: CountedCorrection): Candidates {
  const height = heightOfP(level, distribution, sides);
  let [tests, count] = [0, 0];
  const found = new Float64Array(values.length);
  for (let v = 0; v < values.length; v++) {
    const value = sides === 'two' ? Math.abs(values[v]!) : values[v]!;
    if (!Number.isNaN(value)) tests += 1;
    if (value >= height) found[count++] = value;
  }
  return { values: found.slice(0, count).sort().reverse(), tests };
}

export function correct({ values, tests }: Candidates, correction: CountedCorrection): Corrected {
  const { kind, level, anyDependence, distribution, sides } = correction;
  if (kind === 'bonferroni') {
    return {
      height: tests === 0 ? Number.POSITIVE_INFINITY : heightOfP(level / tests, distribution, sides),
      pOf: (value) => Math.min(1, tests * pOfHeight(value, distribution, sides)),
    };
  }
  const heightOf = (p: number) => heightOfP(p, distribution, sides);
  // A candidate up to the level itself is more than enough: the rule divides it.
  const below = heightOf(candidateP(level, tests, anyDependence));
  const candidates = values.subarray(0, countAtLeast(values, below));
  const count = countDiscoveries({ candidates, tests, heightOf }, level, anyDependence);
  if (count === 0) return { height: Number.POSITIVE_INFINITY, pOf: () => Number.NaN };
  let adjusted: Float64Array | undefined;
  return {
    height: candidates[count - 1]!,
    pOf(value) {
      adjusted ??= adjustedP(
        candidates.subarray(0, count).map((candidate) => pOfHeight(candidate, distribution, sides)),
        tests,
        dependenceFactor(tests, anyDependence),
      );
      return adjusted[countAtLeast(candidates, sides === 'two' ? Math.abs(value) : value) - 1] ?? Number.NaN;
    },
  };
}
