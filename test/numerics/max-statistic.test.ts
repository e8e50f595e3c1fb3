import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { criticalHeight, intervalOfP, maxStatisticP, reaches, sortedNull } from '../../numerics/max-statistic.js';
import { shuffles } from '../../numerics/shuffles.js';
import { signFlips } from '../../numerics/sign-flips.js';

const rowsOf = (values: ArrayLike<number>, width: number) =>
  Array.from({ length: values.length / width }, (_, r) =>
    Array.from(values)
      .slice(r * width, (r + 1) * width)
      .join(),
  );

describe('sign flips', () => {
  it('are all 2^n when these are no more than asked for, the identity first', () => {
    const { signs, count, exact } = signFlips(4, 16, 1, 'one');
    expect([count, exact, new Set(rowsOf(signs, 4)).size]).toEqual([16, true, 16]);
    expect([...signs.subarray(0, 4)]).toEqual([1, 1, 1, 1]);
  });

  it('are half as many two-sided, where a flip and its opposite give the same', () => {
    const { signs, count, exact } = signFlips(4, 8, 1, 'two');
    const rows = new Set(rowsOf(signs, 4));
    expect([count, exact, rows.size]).toEqual([8, true, 8]);
    for (const row of rows)
      expect(rows).not.toContain(
        row
          .split(',')
          .map((sign) => -sign)
          .join(),
      );
  });

  it('are else as many different ones as asked for, the same for the same seed', () => {
    const { signs, count, exact } = signFlips(14, 500, 3, 'one');
    expect([count, exact, new Set(rowsOf(signs, 14)).size]).toEqual([500, false, 500]);
    expect([...signs.subarray(0, 14)]).toEqual(Array(14).fill(1));
    expect(signFlips(14, 500, 3, 'one').signs).toEqual(signs);
    expect(signFlips(14, 500, 4, 'one').signs).not.toEqual(signs);
    // Half of all signs, give or take four standard deviations.
    const negative = signs.filter((sign) => sign === -1).length;
    expect(Math.abs(negative / signs.length - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / signs.length));
  });
});

describe('shuffles', () => {
  const kindsAfter = (order: ArrayLike<number>, kinds: number[]) => Array.from(order, (place) => kinds[place]!).join();

  it('of two groups are all ways of choosing one when these are few', () => {
    const kinds = [0, 0, 1, 1, 1];
    const { order, count, exact } = shuffles(kinds, 100, 1);
    expect([count, exact]).toEqual([10, true]);
    expect([...order.subarray(0, 5)]).toEqual([0, 1, 2, 3, 4]);
    const rows = rowsOf(order, 5).map((row) => kindsAfter(row.split(',').map(Number), kinds));
    expect(new Set(rows).size).toBe(10);
  });

  it('of a covariate are all n! orders when these are few, else different ones', () => {
    expect(shuffles([0, 1, 2, 3], 24, 1)).toMatchObject({ count: 24, exact: true });
    const many = shuffles([0, 1, 2, 3, 4, 5, 6, 7], 300, 5);
    expect([many.count, many.exact, new Set(rowsOf(many.order, 8)).size]).toEqual([300, false, 300]);
    for (const row of rowsOf(many.order, 8)) expect(row.split(',').sort().join()).toBe('0,1,2,3,4,5,6,7');
  });
});

describe('p by the largest statistic', () => {
  it('is the share of permutations that reach it, ties by rounding among them, and never 0', () => {
    const sorted = sortedNull([5, 3, 4, 2]);
    expect([2, 2.5, 4, 4 * (1 + 1e-12), 5, 6].map((t) => maxStatisticP(sorted, t))).toEqual([
      1, 0.75, 0.5, 0.5, 0.25, 0.25,
    ]);
    expect(maxStatisticP(sorted, Number.NaN)).toBeNaN();
  });

  it('is at most the level from the critical height on, and above it below', () => {
    const maxima = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 2, maxLength: 40 });
    fc.assert(
      fc.property(maxima, fc.constantFrom(0.05, 0.1, 0.25, 0.5), (values, level) => {
        const sorted = sortedNull(values);
        const height = criticalHeight(sorted, level);
        for (const value of [0.5, ...values.filter((v) => v > 0), 13]) {
          // The identity is one of the permutations, so nothing is beyond the largest.
          if (value > sorted.at(-1)!) continue;
          expect(value >= height).toBe(reaches(maxStatisticP(sorted, value), level));
        }
      }),
    );
  });

  it('cannot reach a level below one permutation', () => {
    expect(criticalHeight(sortedNull([1, 2, 3]), 0.05)).toBe(Number.POSITIVE_INFINITY);
  });

  it('has Clopper and Pearson’s interval, the identity not drawn; none when all permutations were taken', () => {
    // scipy.stats.binomtest(k, 999).proportion_ci(0.95, 'exact')
    const close = (low: number, high: number) => [expect.closeTo(low, 9), expect.closeTo(high, 9)];
    expect(intervalOfP(0.05, 1000, false)).toEqual(close(0.03650378349041397, 0.06432986442771638));
    expect(intervalOfP(0.001, 1000, false)).toEqual(close(0, 0.0036857628653051647));
    expect(intervalOfP(1, 1000, false)).toEqual(close(0.9963142371346952, 1));
    expect(intervalOfP(0.05, 1000, true)).toEqual([0.05, 0.05]);
  });
});
