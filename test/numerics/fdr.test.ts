import path from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { readNpy } from '../../artifacts/npy.js';
import { tQuantile } from '../../numerics/distributions.js';
import { adjustedP, candidateP, countAtLeast, countDiscoveries, dependenceFactor } from '../../numerics/fdr.js';
import { describeShared, shared } from '../support/shared.js';

/** Benjamini and Hochberg's rule as their paper has it. */
function byDefinition(p: readonly number[], q: number, factor = 1): number {
  const sorted = [...p].sort((a, b) => a - b);
  let count = 0;
  sorted.forEach((value, i) => {
    if (value <= (q * (i + 1)) / (p.length * factor)) count = i + 1;
  });
  return count;
}

/** A family whose statistic is 1 - p. */
const familyOf = (p: readonly number[], q: number, any = false) => ({
  candidates: p
    .filter((value) => value <= candidateP(q, p.length, any))
    .map((value) => 1 - value)
    .sort((a, b) => b - a),
  tests: p.length,
  heightOf: (value: number) => 1 - value,
});

describe('false discovery rate', () => {
  // Multiples of 2^-20, so that 1 - p is exact.
  const ps = fc.array(
    fc.integer({ min: 0, max: 2 ** 20 }).map((n) => (n / 2 ** 20) ** 2),
    { minLength: 1, maxLength: 60 },
  );
  const exact = ps.map((values) => values.map((value) => Math.round(value * 2 ** 20) / 2 ** 20));

  it('passes as many tests as the definition says, for independent tests and for any dependence', () => {
    fc.assert(
      fc.property(exact, fc.constantFrom(0.05, 0.2, 0.5), fc.boolean(), (p, q, any) => {
        const due = byDefinition(p, q, dependenceFactor(p.length, any));
        expect(countDiscoveries(familyOf(p, q, any), q, any)).toBe(due);
      }),
    );
  });

  it('adjusts p so that those up to q are the ones that pass at rate q, also of the smallest alone', () => {
    fc.assert(
      fc.property(exact, fc.constantFrom(0.05, 0.2, 0.5), (p, q) => {
        const sorted = [...p].sort((a, b) => a - b);
        const adjusted = adjustedP(sorted, p.length);
        const passing = byDefinition(p, q);
        expect(adjusted.filter((value) => value <= q * (1 + 1e-12)).length).toBe(passing);
        const few = adjustedP(sorted.slice(0, passing), p.length);
        few.forEach((value, i) => {
          expect(value).toBeCloseTo(adjusted[i]!, 14);
        });
      }),
    );
  });

  it('divides the level for any dependence by the harmonic sum', () => {
    expect(dependenceFactor(4, true)).toBeCloseTo(1 + 1 / 2 + 1 / 3 + 1 / 4, 14);
    expect(dependenceFactor(4, false)).toBe(1);
  });

  it('agrees with the example of Benjamini and Hochberg (1995): four of fifteen', () => {
    const p = [
      0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1,
    ];
    expect(countDiscoveries(familyOf(p, 0.05), 0.05)).toBe(4);
  });
});

describeShared('false discovery rate against the reference’s group maps', () => {
  const folder = path.join(shared, 'reference', 'arrays', 'group');
  const read = async (name: string) => (await readNpy(path.join(folder, `${name}.npy`))).data as Float64Array;
  let t: Float64Array;
  beforeAll(async () => {
    t = await read('t');
  });

  it.each(['one', 'two'] as const)('%s-sided: the same threshold and the same adjusted p', async (sides) => {
    const p = await read(`p_${sides}sided`);
    const [threshold, adjusted] = [
      await read(`fdr_${sides}sided_threshold_p`),
      await read(`fdr_${sides}sided_adjusted_p`),
    ];
    const voxels = p.length / 12;
    for (let k = 0; k < 12; k++) {
      const own = p.subarray(k * voxels, (k + 1) * voxels);
      const height = (level: number) => tQuantile(sides === 'two' ? level / 2 : level, 7);
      const statistic = t
        .subarray(k * voxels, (k + 1) * voxels)
        .map((value) => (sides === 'two' ? Math.abs(value) : value));
      const candidates = statistic.filter((value) => value >= height(0.05)).sort((a, b) => b - a);
      const count = countDiscoveries({ candidates, tests: voxels, heightOf: height }, 0.05);
      expect(count).toBe(own.filter((value) => threshold[k]! > 0 && value <= threshold[k]!).length);
      const order = [...own.keys()].sort((a, b) => own[a]! - own[b]!);
      const found = adjustedP(
        order.map((v) => own[v]!),
        voxels,
      );
      order.forEach((v, i) => {
        expect(found[i]).toBeCloseTo(adjusted[k * voxels + v]!, 13);
      });
    }
  });

  it('has Bonferroni’s thresholds', async () => {
    const due = await read('bonferroni');
    expect(0.05 / 447).toBeCloseTo(due[0]!, 16);
    // The reference's quantiles (scipy 1.10) leave a tail that is 7e-9 too small; ours leave the level to 1e-14.
    [0.05, 0.025].forEach((level, i) => {
      expect(Math.abs(tQuantile(level / 447, 7) / due[i + 1]! - 1)).toBeLessThan(2e-9);
    });
  });
});

describe('countAtLeast', () => {
  it('counts the values of a falling list that reach a height', () => {
    expect([6, 5, 4.5, 1, 0].map((height) => countAtLeast([5, 5, 3, 1], height))).toEqual([0, 2, 2, 4, 4]);
  });
});
