import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readNpy } from '../../artifacts/npy.js';
import { correlationMatrix } from '../../numerics/correlation.js';
import { standardise } from '../../numerics/standardise.js';
import { describeShared, shared } from '../support/shared.js';

describe('standardised series', () => {
  it('have mean 0 and standard deviation 1 over n', () => {
    expect([...standardise([1, 3])]).toEqual([-1, 1]);
  });

  it('are zero where the series does not vary, even where its value is not exact in binary', () => {
    expect([...standardise(new Array(175).fill(0.1))].every((value) => value === 0)).toBe(true);
  });

  it('keep a variation that is small beside the mean', () => {
    const z = standardise([1e6 + 1e-4, 1e6 - 1e-4]);
    expect(z[0]).toBeCloseTo(1, 12);
  });
});

describe('correlation of series', () => {
  it('is 1 with itself and -1 with its mirror image', () => {
    expect([
      ...correlationMatrix([
        [1, 2, 4],
        [-1, -2, -4],
      ]),
    ]).toEqual([1, -1, -1, 1].map((r) => expect.closeTo(r, 15)));
  });

  it('is not defined for a series without variance or with NaN', () => {
    const r = correlationMatrix([
      [1, 2, 4],
      [3, 3, 3],
      [1, Number.NaN, 2],
    ]);
    expect([...r.slice(1)].every(Number.isNaN)).toBe(true);
    expect(r[0]).toBeCloseTo(1, 15);
  });
});

describeShared('correlation against numpy.corrcoef', () => {
  const folder = path.join(shared, 'reference', 'arrays', 'layers');
  it.each(['AB', 'wide'])('agrees on the mean series of %s', async (name) => {
    const { data, shape } = await readNpy(path.join(folder, `mean_series_${name}.npy`));
    const samples = shape[1]!;
    const expected = (await readNpy(path.join(folder, `correlation_${name}.npy`))).data;
    const r = correlationMatrix([data.subarray(0, samples), data.subarray(samples)]);
    // A sum of about 150 products of order 1.
    for (const [n, value] of expected.entries()) expect(Math.abs(r[n]! - value)).toBeLessThan(1e-14);
  });
});
