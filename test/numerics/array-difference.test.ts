import { describe, expect, it } from 'vitest';
import { ArrayComparison } from '../../numerics/array-difference.js';
import { mapDifference } from '../../numerics/map-pair.js';

/** Anscombe (1973), American Statistician 27:17-21, data set I. */
const X = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5];
const Y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];

function compared(a: readonly number[], b: readonly number[], block: number) {
  const comparison = new ArrayComparison();
  for (let from = 0; from < a.length; from += block)
    comparison.add(a.slice(from, from + block), b.slice(from, from + block), from);
  return comparison.result();
}

describe('the difference of two arrays', () => {
  it('has the correlation that the literature gives, in one block or several, and around a large mean', () => {
    // R: cor(anscombe$x1, anscombe$y1).
    for (const block of [1, 3, 11]) {
      expect(compared(X, Y, block).correlation).toBeCloseTo(0.81642051634484, 12);
      const far = (values: readonly number[]) => values.map((value) => value + 1e6);
      expect(compared(far(X), far(Y), block).correlation).toBeCloseTo(0.81642051634484, 8);
    }
  });

  it('is that of the maps that `compare` reads whole', () => {
    const whole = mapDifference(X, Y);
    const parts = compared(X, Y, 4);
    expect(parts).toMatchObject({ compared: 11, maxAbsolute: whole.maxAbsolute, largest: { at: whole.maxAt } });
    expect(parts.correlation).toBeCloseTo(whole.correlation, 14);
  });

  it('says where absolute and relative differences are largest, with both numbers', () => {
    const found = compared([1000, 2, 0, -1e-3, 5], [1001, 2.5, 0, 1e-3, 5], 2);
    expect(found).toMatchObject({ compared: 5, differing: 3, unpaired: 0, maxAbsolute: 1, maxRelative: 2 });
    expect(found.largest).toEqual({ at: 0, a: 1000, b: 1001 });
    expect(found.relative).toEqual({ at: 3, a: -1e-3, b: 1e-3 });
  });

  it('gives the digits in common, the median over the numbers that differ', () => {
    // Relative differences 1e-3, 1e-5, 1e-7, and equal numbers, which say nothing.
    const a = [1, 1, 1, 0, 7, 8, 9];
    const b = [0.9990001, 0.9999901, 0.99999990001, 0, 7, 8, 9];
    expect(compared(a, b, 3).digits).toBe(5);
    expect(compared(a, a, 3).digits).toBe(16);
    expect(compared([1, 1], [-1, -1], 2).digits).toBe(0);
  });

  it('leaves out what is not finite and counts where only one of them is', () => {
    const { NaN: none, POSITIVE_INFINITY: infinite } = Number;
    const found = compared([none, 1, infinite, 3], [none, none, 2, 4], 4);
    expect(found).toMatchObject({ compared: 1, differing: 1, unpaired: 2, maxAbsolute: 1, largest: { at: 3 } });
    expect(found.correlation).toBeNaN();
    expect(compared([], [], 1)).toMatchObject({ compared: 0, differing: 0, maxAbsolute: 0 });
  });
});
