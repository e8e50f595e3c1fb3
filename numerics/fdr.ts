/*
 * False discovery rate: Benjamini & Hochberg (1995), Journal of the Royal Statistical Society B 57:289-300, for tests that
 * are independent or positively dependent (smooth maps are taken to be); Benjamini & Yekutieli (2001), Annals of
 * Statistics 29:1165-1188, for any dependence.
 */

/** What the level is divided by: 1 for Benjamini-Hochberg; for any dependence the sum of 1/i up to the number of tests. */
export function dependenceFactor(tests: number, anyDependence: boolean): number {
  if (!anyDependence) return 1;
  let sum = 0;
  for (let i = tests; i >= 1; i--) sum += 1 / i;
  return sum;
}

/**
 * Adjusted p: the smallest rate q at which a test would count, `min over j >= i of p(j) tests factor / j`, at most 1.
 *
 * `p` [test], increasing. It may be the smallest of `tests` values only; what is left out must then be above the level
 * asked for, and values up to that level are exact.
 */
export function adjustedP(p: ArrayLike<number>, tests: number, factor = 1): Float64Array {
  const adjusted = new Float64Array(p.length);
  let least = 1;
  for (let i = p.length - 1; i >= 0; i--) {
    least = Math.min(least, (p[i]! * tests * factor) / (i + 1));
    adjusted[i] = least;
  }
  return adjusted;
}

/** The statistics of one family of tests: one map, or all maps together. */
export interface Family {
  /** Statistics [candidate] by falling size (absolute, two-sided); all that could pass, see `candidateHeight`. */
  readonly candidates: ArrayLike<number>;
  /** How many tests there are, candidates and others. */
  readonly tests: number;
  /** The statistic with a p (of the sides that count) of so much. */
  heightOf(p: number): number;
}

/** No statistic below the height of this p can pass: the largest p that Benjamini and Hochberg's rule lets through is q. */
export function candidateP(q: number, tests: number, anyDependence: boolean): number {
  return q / dependenceFactor(tests, anyDependence);
}

/**
 * The number of tests that pass at rate `q`: the largest k whose k-th smallest p is at most `q k / (tests factor)`.
 *
 * That is the largest k with `k = number of p up to q k / (tests factor)`, found from above: the number of candidates
 * beyond a height is known from their order, so one quantile a round is all, and no p is ever computed.
 */
export function countDiscoveries({ candidates, tests, heightOf }: Family, q: number, anyDependence = false): number {
  const level = candidateP(q, tests, anyDependence);
  let count = candidates.length;
  while (count > 0) {
    const passing = countAtLeast(candidates, heightOf((level * count) / tests));
    if (passing >= count) return count;
    count = passing;
  }
  return 0;
}

/** How many of `values`, by falling size, are at least `height`. */
export function countAtLeast(values: ArrayLike<number>, height: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! >= height) low = middle + 1;
    else high = middle;
  }
  return low;
}
