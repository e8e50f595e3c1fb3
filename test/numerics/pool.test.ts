import { afterEach, describe, expect, it } from 'vitest';
import type { MapsPayload } from '../../numerics/glm/maps-task.js';
import { createPool, type Pool } from '../../numerics/pool.js';

let pool: Pool;
afterEach(() => pool.close());

// 'labels.block'-like tasks differ in length; an unknown task is the shortest one that any pool has.
const short = () => pool.run('no such task', {}).catch((error: Error) => error.message);

describe('the pool', () => {
  it('rejects with the error of a task and goes on', async () => {
    pool = createPool(2);
    expect(await Promise.all(Array.from({ length: 7 }, short))).toEqual(
      Array(7).fill('no pool task named no such task'),
    );
  });

  it('rejects with the code of the system where a task could not write', async () => {
    pool = createPool(1);
    const one = new Float64Array(4).fill(1);
    const payload: MapsPayload = {
      model: { noise: 'ols', df: 2, time: 4, kernels: 1, rank: 1, regressors: one, nuisance: one },
      ...{ bold: one, voxels: 1, statistics: ['t'], dtype: 'float32' },
      into: { files: { t: { file: '/no/such/folder/t.npy', offset: 0 } }, columns: 1, firstColumn: 0 },
    };
    const missing = { code: 'ENOENT', path: '/no/such/folder/t.npy', message: expect.stringContaining('no such file') };
    await expect(pool.run('glm.maps', payload)).rejects.toMatchObject(missing);
    expect(await short()).toContain('no pool task');
  });

  it('rejects at once on abort, waiting or begun, and still takes other work', async () => {
    pool = createPool(1);
    await short();
    const controller = new AbortController();
    const aborted = Array.from({ length: 3 }, () =>
      pool.run('no such task', {}, { signal: controller.signal }).catch((error: Error) => error.name),
    );
    controller.abort();
    expect(await Promise.all(aborted)).toEqual(Array(3).fill('AbortError'));
    expect(await short()).toContain('no pool task');
  });

  it('rejects what is asked for with a signal that has aborted', async () => {
    pool = createPool(1);
    await expect(pool.run('no such task', {}, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });
});
