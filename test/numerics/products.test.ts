import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { residualise } from '../../numerics/glm/residualise.js';
import { createPool, type Pool } from '../../numerics/pool.js';
import { timesTransposed } from '../../numerics/products.js';
import { toShared, unshared } from '../../numerics/shared-memory.js';
import { autoregressive } from '../support/fit-models.js';

describe('products', () => {
  test("a b' by hand, into a part of a larger array, from views", async () => {
    const numbers = Float64Array.from({ length: 20 }, (_, i) => i);
    const out = new Float64Array(10).fill(-1);
    // [2 3 4; 5 6 7] times the transpose of [8 9 10; 11 12 13]
    await timesTransposed(numbers.subarray(2, 8), numbers.subarray(8, 14), { m: 2, n: 2, k: 3 }, out.subarray(3, 7));
    expect([...out]).toEqual([-1, -1, -1, 83, 110, 164, 218, -1, -1, -1]);
  });

  test('equal sums by loops to rounding, at sizes that are no multiple of anything', async () => {
    const [m, n, k] = [37, 61, 163];
    const left = Float64Array.from(autoregressive(m, k, 0.5, 1).flatMap((row) => [...row]));
    const right = Float64Array.from(autoregressive(n, k, 0.5, 2).flatMap((row) => [...row]));
    const found = await timesTransposed(left, right, { m, n, k });
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let due = 0;
        for (let t = 0; t < k; t++) due += left[i * k + t]! * right[j * k + t]!;
        // Sums of 163 products of size 1: rounding is about 163 * 1e-16.
        expect(Math.abs(found[i * n + j]! - due)).toBeLessThan(1e-13);
      }
    }
  });

  test('nothing to sum over, or nothing to make', async () => {
    expect([...(await timesTransposed(new Float64Array(0), new Float64Array(0), { m: 2, n: 2, k: 0 }))]).toEqual([
      0, 0, 0, 0,
    ]);
    expect((await timesTransposed(new Float64Array(0), new Float64Array(3), { m: 0, n: 1, k: 3 })).length).toBe(0);
  });

  test('NaN in one row stays in that row', async () => {
    const left = Float64Array.of(1, 2, Number.NaN, 1, 3, 4);
    const found = await timesTransposed(left, Float64Array.of(1, 1, 2, 0), { m: 3, n: 2, k: 2 });
    expect([...found]).toEqual([3, 2, Number.NaN, Number.NaN, 7, 6]);
  });

  test('shared memory is copied before native code gets it', async () => {
    const shared = toShared(Float64Array.of(1, 2, 3));
    expect(shared.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(unshared(shared).buffer).toBeInstanceOf(ArrayBuffer);
    expect([...unshared(shared)]).toEqual([1, 2, 3]);
    const plain = Float64Array.of(4);
    expect(unshared(plain)).toBe(plain);
  });
});

describe('on the pool', () => {
  let pools: Pool[];
  beforeAll(() => {
    pools = [1, 2, 4].map((threads) => createPool(threads));
  });
  afterAll(() => Promise.all(pools.map((pool) => pool.close())));

  test('the same block gives the same bits on any worker of any pool', async () => {
    const time = 40;
    const flat = (count: number, seed: number) =>
      Float64Array.from(autoregressive(count, time, 0.5, seed).flatMap((row) => [...row]));
    const nuisance = new Float64Array(time).fill(1 / Math.sqrt(time));
    const residuals = async (count: number, seed: number) =>
      (await residualise(flat(count, seed), nuisance, { count, time, rank: 1 })).residuals;
    const model = {
      noise: 'ar1-nilearn',
      df: 38,
      time,
      kernels: 30,
      rank: 1,
      regressors: toShared(await residuals(30, 1)),
      nuisance: toShared(nuisance),
    };
    const bold = await residuals(500, 2);
    const results = await Promise.all(
      pools.flatMap((pool) =>
        Array.from({ length: 4 }, () =>
          pool.run<{ t: Float64Array }>('glm.maps', { model, bold, voxels: 500, statistics: ['t'], dtype: 'float64' }),
        ),
      ),
    );
    for (const { t } of results) expect(t).toEqual(results[0]!.t);
    expect(results[0]!.t.every(Number.isFinite)).toBe(true);
  });
});
