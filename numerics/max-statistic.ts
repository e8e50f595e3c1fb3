import { logIncompleteBeta } from './gamma-functions.js';

/*
 * Familywise p from the distribution of the largest statistic over permutations (Nichols & Holmes 2002, Human Brain Mapping
 * 15:1-25).
 */

/** Statistics that differ by less than this share of their size are equal: sums of the same numbers in another order. */
export const tieTolerance = 1e-9;

/** Largest statistics of all permutations, increasing; to be searched. */
export function sortedNull(maxima: ArrayLike<number>): Float64Array {
  return Float64Array.from(maxima).sort();
}

/** The share of permutations whose largest statistic is at least `value`; never below 1 / permutations. NaN gives NaN. */
export function maxStatisticP(sorted: Float64Array, value: number): number {
  if (Number.isNaN(value)) return Number.NaN;
  return Math.max(1, sorted.length - countBelow(sorted, lowered(value))) / sorted.length;
}

/**
 * The height from which on a statistic's p is at most `p`: just above the largest maximum that more permutations than that
 * reach. Infinity where the permutations are too few for any; above 0 always.
 */
export function criticalHeight(sorted: Float64Array, p: number): number {
  // A share of permutations such as 50/1000 counts as equal to 0.05 though it may differ in the last bit.
  const most = Math.floor(p * sorted.length * (1 + 1e-12));
  if (most < 1) return Number.POSITIVE_INFINITY;
  const below = most < sorted.length ? sorted[sorted.length - most - 1]! : 0;
  return Math.max(Number.MIN_VALUE, (below / (1 - tieTolerance)) * (1 + 2 ** -51));
}

/** Whether a corrected p is at most `level`, where both may be the same share written in two ways. */
export function reaches(p: number, level: number): boolean {
  return p <= level * (1 + 1e-12);
}

function lowered(value: number): number {
  return value - tieTolerance * Math.abs(value);
}

function countBelow(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Interval that holds the p of all permutations with a probability of 95 %, after `permutations` of which the first is the
 * identity, which counts without being drawn (Clopper & Pearson 1934, Biometrika 26:404-413). Of all permutations
 * (`exact`) p is no estimate.
 */
export function intervalOfP(p: number, permutations: number, exact: boolean): [low: number, high: number] {
  if (exact || Number.isNaN(p)) return [p, p];
  const drawn = permutations - 1;
  const hits = Math.round(p * permutations) - 1;
  const low = hits <= 0 ? 0 : betaQuantile(0.025, hits, drawn - hits + 1);
  const high = hits >= drawn ? 1 : betaQuantile(0.975, hits + 1, drawn - hits);
  return [low, high];
}

/** The x with I_x(a, b) = share, by bisection. */
function betaQuantile(share: number, a: number, b: number): number {
  let [low, high] = [0, 1];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (Math.exp(logIncompleteBeta(middle, 1 - middle, a, b)) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
