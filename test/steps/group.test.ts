import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Artifact } from '../../artifacts/artifact.js';
import { type FitData, writeFit } from '../../artifacts/fit.js';
import { makeGrid } from '../../artifacts/image.js';
import { readMaps } from '../../artifacts/maps.js';
import { createPool, type Pool } from '../../numerics/pool.js';
import { contrastStep } from '../../steps/contrast/index.js';
import { glmStep } from '../../steps/glm/index.js';
import { groupStep } from '../../steps/group/index.js';
import { autoregressive } from '../support/fit-models.js';
import { newFolder } from '../support/folders.js';
import {
  boldOf,
  confoundsOf,
  differences,
  groupMask,
  referenceMap,
  referenceRegressors,
  subjects,
} from '../support/haxby.js';
import { bytesOf, madeArtifact, runStep } from '../support/run-step.js';
import { describeShared } from '../support/shared.js';

let pool: Pool;
beforeAll(() => {
  pool = createPool(2);
});
afterAll(() => pool.close());

describeShared('group on real BOLD', () => {
  test('effects, errors, t and z equal the reference’s one-sample t over eight subjects', async () => {
    const regressors = await referenceRegressors();
    const fits: Artifact[] = [];
    for (const subject of subjects) {
      const inputs = { bold: boldOf(subject), mask: groupMask(), confounds: confoundsOf(subject), regressors };
      fits.push((await runStep(glmStep, inputs, { noise: 'ols', confounds: 'motion24' }, { pool })).outputs.fit!);
    }
    const params = { statistics: ['effect', 'se', 't', 'z', 'p'], dtype: 'float64' };
    const { outputs } = await runStep(groupStep, { fits }, params, { pool });
    const maps = await readMaps(outputs.maps!);
    expect(maps).toMatchObject({ kind: 'group', df: 7, n: 8, voxels: 447 });
    expect(maps.statistics.t).toEqual({ units: '1', df: 7 });
    const [mean, se] = [await referenceMap('group/mean', null), await referenceMap('group/se', null)];
    const effect = await maps.readRows('effect', 0, 12);
    // The reference's own first-level betas agree with ours to 1e-13 of the largest; their errors are the scale here.
    expect(Math.max(...effect.map((value, i) => Math.abs(value - mean[i]!) / se[i]!))).toBeLessThan(1e-10);
    expect(differences(await maps.readRows('se', 0, 12), se).relative).toBeLessThan(1e-10);
    expect(differences(await maps.readRows('t', 0, 12), await referenceMap('group/t', null)).absolute).toBeLessThan(
      1e-9,
    );
    expect(differences(await maps.readRows('z', 0, 12), await referenceMap('group/z', null)).absolute).toBeLessThan(
      1e-9,
    );
    const p = await referenceMap('group/p_onesided', null);
    expect(differences(await maps.readRows('p', 0, 12), p).relative).toBeLessThan(1e-9);
  });
});

describe('group', () => {
  const time = 20;
  const grid = makeGrid([20, 20, 10], [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1], 1);

  /** A fit whose voxels have series of their own seeds, so that a voxel is the same whatever mask it is in. */
  async function fitOf(subject: number, voxels: number[], change: Partial<FitData> = {}, count = 3): Promise<Artifact> {
    const kernels = autoregressive(count, time, 0.4, 50 + subject);
    const one = (v: number) => autoregressive(1, time, 0.2, subject * 1e5 + v)[0]!;
    const flat = (rows: Float64Array[]) => {
      const out = new Float64Array(rows.length * time);
      rows.forEach((row, i) => {
        const mean = row.reduce((sum, value) => sum + value, 0) / time;
        for (let t = 0; t < time; t++) out[i * time + t] = row[t]! - mean;
      });
      return out;
    };
    const data = {
      mask: { grid, voxels: Int32Array.from(voxels) },
      kernels: kernels.map((_, k) => ({ name: `a/k${k + 1}`, layer: 'a', kernel: k + 1, status: 'fitted' })),
      regressors: flat(kernels),
      nuisance: new Float64Array(time).fill(1 / Math.sqrt(time)),
      mean: new Float64Array(voxels.length),
      volumes: time,
      tr: 2,
      noise: 'ols',
      df: time - 2,
      rank: 1,
      ...change,
      bold: flat(voxels.map(one)),
    };
    const label = `sub-0${subject}`;
    return madeArtifact('fit', await writeFit(await newFolder('fit'), data), `steps.fit[${label}]`, label);
  }

  const range = (first: number, end: number) => Array.from({ length: end - first }, (_, i) => first + i);

  test('is the one-sample t of the subjects’ own maps, on the voxels that all have', async () => {
    const fits = [
      await fitOf(1, range(10, 60)),
      await fitOf(
        2,
        range(0, 200).filter((v) => v % 3 !== 0),
      ),
      await fitOf(3, range(5, 90)),
    ];
    const { outputs } = await runStep(
      groupStep,
      { fits },
      { statistics: ['effect', 'se', 't'], dtype: 'float64' },
      pool,
    );
    const maps = await readMaps(outputs.maps!);
    expect([...maps.mask.voxels]).toEqual(range(10, 60).filter((v) => v % 3 !== 0));
    const own = await Promise.all(
      fits.map(async (fit) => {
        const made = await runStep(contrastStep, { fit }, { statistics: ['effect'], dtype: 'float64' }, { pool });
        const subject = await readMaps(made.outputs.maps!);
        const rows = await subject.readRows('effect', 0, 3);
        return (k: number, voxel: number) => rows[k * subject.voxels + subject.mask.voxels.indexOf(voxel)]!;
      }),
    );
    const t = await maps.readRows('t', 0, 3);
    for (let k = 0; k < 3; k++) {
      maps.mask.voxels.forEach((voxel, v) => {
        const effects = own.map((of) => of(k, voxel));
        const mean = effects.reduce((sum, value) => sum + value, 0) / 3;
        const variance = effects.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 2;
        expect(t[k * maps.voxels + v]).toBeCloseTo(mean / Math.sqrt(variance / 3), 9);
      });
    }
  });

  // 2100 voxels are three blocks, 520 kernels two passes: what differs between threads is only who does which block.
  test.each(['ols', 'ar1-nilearn'])('%s: the same bits for 1, 2 and 4 workers', async (noise) => {
    const fits = [await fitOf(1, range(0, 2100), { noise }, 520), await fitOf(2, range(0, 2090), { noise }, 520)];
    const results = [];
    for (const threads of [1, 2, 4]) {
      const workers = createPool(threads);
      const group = await runStep(groupStep, { fits }, {}, { pool: workers });
      const subject = await runStep(contrastStep, { fit: fits[0]! }, {}, { pool: workers });
      results.push([await bytesOf(group.outputs.maps!), await bytesOf(subject.outputs.maps!)]);
      await workers.close();
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  test('the order of subjects changes nothing but rounding', async () => {
    const fits = [await fitOf(1, range(0, 40)), await fitOf(2, range(0, 40)), await fitOf(3, range(0, 40))];
    const t = async (list: Artifact[]) => {
      const { outputs } = await runStep(groupStep, { fits: list }, { statistics: ['t'], dtype: 'float64' }, { pool });
      return (await readMaps(outputs.maps!)).readRows('t', 0, 3);
    };
    const [forward, backward] = [await t(fits), await t([...fits].reverse())];
    forward.forEach((value, i) => {
      expect(backward[i]).toBeCloseTo(value, 10);
    });
  });

  test('one subject is a clear error', async () => {
    const fits = [await fitOf(1, range(0, 10))];
    await expect(runStep(groupStep, { fits }, {}, { pool })).rejects.toThrow(
      /one subject \(sub-01\)[\s\S]*two subjects or more/,
    );
  });

  test('a kernel that one subject lacks is left out, said, and NaN', async () => {
    const kernels = range(1, 4).map((k) => ({
      name: `a/k${k}`,
      layer: 'a',
      kernel: k,
      status: k === 2 ? 'collinear' : 'fitted',
    }));
    const fits = [await fitOf(1, range(0, 10)), await fitOf(2, range(0, 10), { kernels })];
    const { outputs, notes } = await runStep(groupStep, { fits }, {}, { pool });
    const maps = await readMaps(outputs.maps!);
    expect(maps.rows.map(({ status }) => status)).toEqual(['fitted', 'collinear', 'fitted']);
    expect(notes.join()).toContain('1 of 3 kernels were not fitted in every subject');
    const t = await maps.readRows('t', 0, 3);
    expect([...t.subarray(10, 20)].every(Number.isNaN)).toBe(true);
    expect([...t.subarray(0, 10), ...t.subarray(20)].every(Number.isFinite)).toBe(true);
  });

  test('fits that do not go together are errors that name both', async () => {
    const first = await fitOf(1, range(0, 10));
    const noise = await fitOf(2, range(0, 10), { noise: 'ar1-nilearn' });
    await expect(runStep(groupStep, { fits: [first, noise] }, {}, { pool })).rejects.toThrow(
      /ols in sub-01 and ar1-nilearn in sub-02/,
    );
    const fewer = await fitOf(2, range(0, 10), {}, 2);
    await expect(runStep(groupStep, { fits: [first, fewer] }, {}, { pool })).rejects.toThrow(
      /kernel 3 is a\/k3 in sub-01 and absent in sub-02/,
    );
    const elsewhere = await fitOf(2, range(20, 30));
    await expect(runStep(groupStep, { fits: [first, elsewhere] }, {}, { pool })).rejects.toThrow(/no voxel in common/);
  });

  test('equal subjects have no variance to test against: t is NaN, the effect stays', async () => {
    const fits = [await fitOf(1, range(0, 10)), { ...(await fitOf(1, range(0, 10))), label: 'sub-02' }];
    const { outputs } = await runStep(groupStep, { fits }, {}, { pool });
    const maps = await readMaps(outputs.maps!);
    expect([...(await maps.readRows('t', 0, 3))].every(Number.isNaN)).toBe(true);
    expect([...(await maps.readRows('effect', 0, 3))].every(Number.isFinite)).toBe(true);
  });
});
