import { Xoshiro128 } from './xoshiro.js';

/** Sign vectors for a one-sample test. */
export interface SignFlips {
  /** `[flip, subject]`, 1 or -1. Row 0 is the identity: the observed data count as one of the flips. */
  readonly signs: Int8Array;
  readonly count: number;
  /** Whether these are all that there are: p is then exact, not an estimate. */
  readonly exact: boolean;
}

/**
 * All sign vectors when they are no more than `count` (2^n, in the order of binary numbers whose lowest bit is the first
 * subject), else `count` different ones drawn with `seed`. Two-sided, a vector and its opposite give the same statistic: only
 * those that keep the first subject's sign are taken.
 */
export function signFlips(subjects: number, count: number, seed: number, sides: 'one' | 'two'): SignFlips {
  const free = sides === 'two' ? subjects - 1 : subjects;
  if (free < 31 && 2 ** free <= count) return every(subjects, free);
  const random = new Xoshiro128(seed);
  const signs = new Int8Array(count * subjects).fill(1);
  const drawn = new Set(['1'.repeat(subjects)]);
  for (let flip = 1; flip < count; ) {
    const bits = Array.from({ length: subjects }, (_, subject) =>
      subject < subjects - free ? 1 : random.next() >>> 31,
    );
    const key = bits.join('');
    if (drawn.has(key)) continue;
    drawn.add(key);
    for (let s = 0; s < subjects; s++) signs[flip * subjects + s] = 2 * bits[s]! - 1;
    flip += 1;
  }
  return { signs, count, exact: false };
}

function every(subjects: number, free: number): SignFlips {
  const count = 2 ** free;
  const signs = new Int8Array(count * subjects).fill(1);
  for (let flip = 0; flip < count; flip++) {
    for (let bit = 0; bit < free; bit++) {
      if ((flip >>> bit) & 1) signs[flip * subjects + (subjects - free) + bit] = -1;
    }
  }
  return { signs, count, exact: true };
}
