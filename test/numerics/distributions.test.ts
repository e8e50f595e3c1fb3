import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readNpy } from '../../artifacts/npy.js';
import {
  fQuantile,
  fTail,
  logFTail,
  logNormalTail,
  logTTail,
  normalQuantile,
  normalTail,
  pOfF,
  pOfT,
  tQuantile,
  tTail,
  zOfF,
  zOfT,
} from '../../numerics/distributions.js';
import { describeShared, shared } from '../support/shared.js';

async function rows(name: string): Promise<number[][]> {
  const { shape, data } = await readNpy(path.join(shared, 'reference', 'arrays', 'distributions', `${name}.npy`));
  return Array.from({ length: shape[0]! }, (_, row) => [...data.subarray(row * shape[1]!, (row + 1) * shape[1]!)]);
}

const relative = (found: number, due: number) => (found === due ? 0 : Math.abs(found / due - 1));

// The reference has 60 digits and is rounded to double. 1e-12 leaves room for the exponent of a tail: a relative
// error of 1e-16 in log p = -690 is 1e-13 in p.
describeShared('t and normal tails against mpmath', () => {
  test('P(T > t) and both sides, df 1 to 200, |t| up to 40', async () => {
    for (const [t, df, one, two] of await rows('t_p_z')) {
      expect(relative(tTail(t!, df!), one!), `t ${t}, df ${df}`).toBeLessThan(1e-12);
      expect(relative(2 * tTail(Math.abs(t!), df!), two!), `t ${t}, df ${df}`).toBeLessThan(1e-12);
    }
  });

  test('z of t is exact near 0 and in the far tails', async () => {
    for (const [t, df, , , z] of await rows('t_p_z')) {
      expect(relative(zOfT(t!, df!), z!), `t ${t}, df ${df}`).toBeLessThan(1e-12);
    }
  });

  test('quantiles of t and of the normal distribution, p from 0.4 to 1e-30', async () => {
    for (const [p, df, t, z] of await rows('critical_values')) {
      expect(relative(tQuantile(p!, df!), t!), `p ${p}, df ${df}`).toBeLessThan(1e-12);
      expect(relative(normalQuantile(p!), z!), `p ${p}`).toBeLessThan(1e-12);
      expect(relative(normalTail(z!), p!), `z ${z}`).toBeLessThan(1e-12);
    }
  });
});

describeShared('F tails against mpmath', () => {
  test('P(F > f) and its z, 1 to 24 and 3 to 200 degrees of freedom, F up to 1000', async () => {
    for (const [f, df1, df2, p, z] of await rows('f_p_z')) {
      expect(relative(fTail(f!, df1!, df2!), p!), `F ${f}, df ${df1}, ${df2}`).toBeLessThan(1e-12);
      // z passes through 0 at the median, where p has all its digits and their place is absolute.
      expect(Math.abs(zOfF(f!, df1!, df2!) - z!), `F ${f}, df ${df1}, ${df2}`).toBeLessThan(
        1e-12 * Math.max(1, Math.abs(z!)),
      );
    }
  });
});

describe('F tails', () => {
  test('with one degree of freedom above, F is t squared', () => {
    for (const [t, df] of [
      [0.3, 4],
      [2, 7],
      [40, 20],
      [1e5, 100],
    ] as const) {
      expect(relative(fTail(t * t, 1, df), 2 * tTail(t, df))).toBeLessThan(1e-12);
    }
  });

  test('with two degrees of freedom above, P(F > f) = (1 + 2 f / df)^(-df / 2)', () => {
    for (const [f, df] of [
      [0.01, 5],
      [3, 10],
      [4000, 91],
    ] as const) {
      expect(relative(fTail(f, 2, df), (1 + (2 * f) / df) ** (-df / 2))).toBeLessThan(1e-12);
    }
  });

  test('quantiles undo tails', () => {
    for (const [df1, df2] of [
      [1, 5],
      [3, 91],
      [24, 200],
    ] as const) {
      for (const p of [1e-100, 1e-9, 0.05, 0.5, 0.99])
        expect(relative(fTail(fQuantile(p, df1, df2), df1, df2), p)).toBeLessThan(1e-11);
    }
    expect(fQuantile(0, 2, 5)).toBe(Number.POSITIVE_INFINITY);
    expect(fQuantile(1, 2, 5)).toBe(0);
    expect(fQuantile(-1, 2, 5)).toBeNaN();
  });

  test('p is never 0 and z never infinite for a finite statistic above 0', () => {
    expect(pOfT(40, 20)).toBe(tTail(40, 20));
    expect(pOfT(1e10, 100)).toBe(Number.MIN_VALUE);
    expect(pOfF(1e20, 1, 100)).toBe(Number.MIN_VALUE);
    expect(Number.isFinite(zOfF(1e20, 1, 100))).toBe(true);
    expect(Number.isFinite(logFTail(1e20, 1, 100))).toBe(true);
    expect(pOfT(Number.NaN, 5)).toBeNaN();
    expect(zOfF(Number.NaN, 1, 5)).toBeNaN();
    expect(zOfF(0, 1, 5)).toBe(Number.NEGATIVE_INFINITY);
    expect(fTail(0, 2, 5)).toBe(1);
  });
});

describe('tails', () => {
  test('with one degree of freedom t is Cauchy: P(T > t) = atan(1/t) / pi', () => {
    for (const t of [0.01, 0.5, 1, 3, 100, 1e8])
      expect(relative(tTail(t, 1), Math.atan(1 / t) / Math.PI)).toBeLessThan(1e-13);
  });

  test('stay finite in logarithms where the probability itself underflows', () => {
    expect(tTail(1e10, 100)).toBe(0);
    expect(Number.isFinite(logTTail(1e10, 100))).toBe(true);
    // Mills' ratio far out: P(Z > z) = density / z * (1 - 1/z^2 + 3/z^4 - ...), terms below 1e-16 at z = 1000 left out.
    const z = 1000;
    const due = -0.5 * z * z - 0.5 * Math.log(2 * Math.PI) - Math.log(z) + Math.log1p(-1e-6 + 3e-12);
    expect(relative(logNormalTail(z), due)).toBeLessThan(1e-15);
    expect(zOfT(1e10, 100)).toBeGreaterThan(60);
    expect(zOfT(-1e10, 100)).toBe(-zOfT(1e10, 100));
  });

  test('quantiles undo tails', () => {
    for (const df of [1, 1.5, 3, 28, 131, 5000]) {
      for (const p of [1e-100, 1e-20, 1e-4, 0.2, 0.49, 0.5, 0.7, 0.999]) {
        expect(relative(tTail(tQuantile(p, df), df), p), `p ${p}, df ${df}`).toBeLessThan(1e-11);
      }
    }
    for (const p of [1e-300, 1e-9, 0.1, 0.3, 0.5, 0.8])
      expect(relative(normalTail(normalQuantile(p)), p)).toBeLessThan(1e-12);
  });

  test('ends and nonsense', () => {
    expect(tQuantile(0, 5)).toBe(Number.POSITIVE_INFINITY);
    expect(tQuantile(1, 5)).toBe(Number.NEGATIVE_INFINITY);
    expect(tQuantile(0.5, 5)).toBe(0);
    expect(tQuantile(1.2, 5)).toBeNaN();
    expect(normalQuantile(Number.NaN)).toBeNaN();
    expect(tTail(Number.NaN, 5)).toBeNaN();
    expect(zOfT(Number.NaN, 5)).toBeNaN();
    expect(zOfT(0, 5)).toBe(0);
    expect(tTail(Number.POSITIVE_INFINITY, 5)).toBe(0);
    expect(tTail(Number.NEGATIVE_INFINITY, 5)).toBe(1);
    expect(normalTail(Number.NEGATIVE_INFINITY)).toBe(1);
    expect(normalTail(Number.POSITIVE_INFINITY)).toBe(0);
  });
});
