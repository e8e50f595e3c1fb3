import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readNpy } from '../../artifacts/npy.js';
import { readTable } from '../../artifacts/table.js';
import { pca } from '../../numerics/pca.js';
import { numericMatrix } from '../support/matrix.js';
import { describeShared, shared } from '../support/shared.js';

describe('principal components', () => {
  it('gives one component to kernels that move together and two to kernels that do not', () => {
    const together = Float64Array.of(1, 2, 2, 4, 3, 6, 4, 8);
    expect(pca(together, 4, 2, false).share[0]).toBeCloseTo(1, 14);
    const apart = Float64Array.of(1, 1, -1, 1, 1, -1, -1, -1);
    const { share, totalVariance } = pca(apart, 4, 2, false);
    expect([...share]).toEqual([expect.closeTo(0.5, 14), expect.closeTo(0.5, 14)]);
    expect(totalVariance).toBeCloseTo(8 / 3, 14);
  });

  it('gives the same shares from few samples of many kernels, along the shorter side', () => {
    // Two samples: one direction, whatever the number of kernels.
    const { share } = pca(Float64Array.of(0, 1, 5, 2, 8, 1), 2, 3, false);
    expect(share).toHaveLength(2);
    expect(share[0]).toBeCloseTo(1, 14);
  });

  it('counts kernels without variance and lets them add nothing', () => {
    const varying = Float64Array.of(1, 0.3, 4, 0.9, 2, 0.1, 7, 0.2);
    const withConstant = Float64Array.of(1, 0.1, 0.3, 4, 0.1, 0.9, 2, 0.1, 0.1, 7, 0.1, 0.2);
    for (const standardised of [false, true]) {
      const expected = pca(varying, 4, 2, standardised);
      const found = pca(withConstant, 4, 3, standardised);
      expect(found.constant).toBe(1);
      expect(found.totalVariance).toBeCloseTo(expected.totalVariance, 13);
      expect([...found.share.slice(0, 2)]).toEqual([...expected.share].map((value) => expect.closeTo(value, 13)));
    }
  });

  it('has no shares when no kernel varies', () => {
    const { share, constant } = pca(new Float64Array(12).fill(0.1), 4, 3, false);
    expect([...share]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    expect(constant).toBe(3);
  });
});

describeShared('principal components against scikit-learn', () => {
  const folder = path.join(shared, 'reference');

  async function seriesOf(name: string): Promise<{ data: Float64Array; samples: number; kernels: number }> {
    if (name.startsWith('wide')) {
      const { data, shape } = await readNpy(path.join(folder, 'series', `${name}.npy`));
      return { data: data as Float64Array, samples: shape[0]!, kernels: shape[1]! };
    }
    const file = path.join(folder, 'series', 'kernels.tsv');
    const table = await readTable(file);
    const all = numericMatrix(table, file);
    const first = name === 'A' ? 0 : 6;
    const rows = table.rows.map((_, n) => [...all.subarray(n * 12 + first, n * 12 + first + 6)]);
    return { data: Float64Array.from(rows.flat()), samples: rows.length, kernels: 6 };
  }

  for (const name of ['A', 'B', 'wide_a', 'wide_b']) {
    for (const standardised of [false, true]) {
      it(`agrees on ${name}, ${standardised ? 'standardised' : 'centred only'}`, async () => {
        const { data, samples, kernels } = await seriesOf(name);
        const file = `${standardised ? 'pca_standardised' : 'pca'}_ratio_${name}.npy`;
        const expected = (await readNpy(path.join(folder, 'arrays', 'layers', file))).data;
        const { share } = pca(data, samples, kernels, standardised);
        // Both are backward stable decompositions: shares differ by a small multiple of 2^-53.
        for (const [component, value] of expected.entries())
          expect(Math.abs(share[component]! - value)).toBeLessThan(1e-13);
      });
    }
  }
});
