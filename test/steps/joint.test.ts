import path from 'node:path';
import fc from 'fast-check';
import { Matrix, pseudoInverse } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import type { Artifact } from '../../artifacts/artifact.js';
import { type FitData, readFit, writeFit } from '../../artifacts/fit.js';
import { makeGrid } from '../../artifacts/image.js';
import { readMaps } from '../../artifacts/maps.js';
import { readNpy } from '../../artifacts/npy.js';
import { seriesMoments } from '../../numerics/glm/moments.js';
import { createPool } from '../../numerics/pool.js';
import { contrastStep } from '../../steps/contrast/index.js';
import { glmStep } from '../../steps/glm/index.js';
import { groupStep } from '../../steps/group/index.js';
import { jointStep } from '../../steps/joint/index.js';
import { autoregressive } from '../support/fit-models.js';
import { newFolder } from '../support/folders.js';
import {
  boldOf,
  confoundsOf,
  differences,
  groupMask,
  referenceMap,
  referenceRegressors,
  voxels,
} from '../support/haxby.js';
import { bytesOf, madeArtifact, runStep } from '../support/run-step.js';
import { describeShared, shared } from '../support/shared.js';

const everything = ['effect', 'se', 't', 'F', 'z', 'p', 'r2', 'residual_variance'];

async function jointMaps(fit: Artifact, params: Record<string, unknown> = {}) {
  const { outputs, notes } = await runStep(jointStep, { fit }, { statistics: everything, dtype: 'float64', ...params });
  const maps = await readMaps(outputs.maps!);
  const row = (name: string, statistic: string) => {
    const index = maps.rows.findIndex((candidate) => candidate.name === name);
    return maps.readRows(statistic, index, index + 1);
  };
  return { maps, notes, row, artifact: outputs.maps! };
}

/** [voxel] of one subject, in file order. */
async function referenceOfModel(name: string, subject: number): Promise<Float64Array> {
  const { data } = await readNpy(path.join(shared, 'reference', 'arrays', 'glm', `${name}.npy`));
  const offsets = (await readNpy(path.join(shared, 'reference', 'arrays', 'mask', 'file_offset.npy'))).data;
  const order = [...offsets.keys()].sort((a, b) => offsets[a]! - offsets[b]!);
  return Float64Array.from(order, (v) => data[(subject - 1) * voxels + v]!);
}

// Two float64 solutions of one least squares problem, as in glm.test.ts; the design has 41 columns.
describeShared('joint on real BOLD', () => {
  test.each([
    ['ols', 'joint_ols', 1],
    ['ols', 'joint_ols', 6],
    ['ar1-nilearn', 'joint_ar1', 1],
    ['ar1-nilearn', 'joint_ar1', 2],
    ['ar1-nilearn', 'joint_ar1', 3],
    ['ar1-nilearn', 'joint_ar1', 4],
    ['ar1-nilearn', 'joint_ar1', 5],
    ['ar1-nilearn', 'joint_ar1', 6],
    ['ar1-nilearn', 'joint_ar1', 7],
    ['ar1-nilearn', 'joint_ar1', 8],
  ])(
    '%s equals nilearn’s %s, run %i: effects, SE, t, F with p and z, R2, residual variance',
    async (noise, name, subject) => {
      const inputs = {
        bold: boldOf(subject),
        mask: groupMask(),
        confounds: confoundsOf(subject),
        regressors: await referenceRegressors(),
      };
      const { outputs } = await runStep(glmStep, inputs, { noise, confounds: 'motion24' });
      const { maps } = await jointMaps(outputs.fit!);
      expect(maps).toMatchObject({ kind: 'subject', df: 80, voxels });
      const due = (statistic: string) => referenceMap(`glm/${name}/${statistic}`, subject);
      const [effect, se] = [await due('beta'), await due('se')];
      const inErrors = (await maps.readRows('effect', 0, 12)).map((value, i) => (value - effect[i]!) / se[i]!);
      expect(Math.max(...inErrors.map(Math.abs))).toBeLessThan(1e-9);
      expect(differences(await maps.readRows('se', 0, 12), se).relative).toBeLessThan(1e-9);
      expect(differences(await maps.readRows('t', 0, 12), await due('t')).absolute).toBeLessThan(1e-9);

      const { row, maps: tested } = await jointMaps(outputs.fit!, { contrasts: { any: { F: ['k*'] } } });
      expect(tested.statistics.F).toEqual({ units: '1', df: 80, df1: 12 });
      const ofModel = (statistic: string) => referenceOfModel(`${name}/${statistic}`, subject);
      expect(differences(await row('any', 'F'), await ofModel('F')).relative).toBeLessThan(1e-9);
      expect(differences(await row('any', 'p'), await ofModel('F_p')).relative).toBeLessThan(1e-8);
      expect(differences(await row('any', 'z'), await ofModel('F_z')).absolute).toBeLessThan(1e-9);
      expect(
        differences(await row('any', 'residual_variance'), await ofModel('residual_variance')).relative,
      ).toBeLessThan(1e-9);
      expect(differences(await row('any', 'r2'), await ofModel('r2')).absolute).toBeLessThan(1e-9);
      expect([...(await row('any', 't'))].every(Number.isNaN)).toBe(true);
    },
  );
});

describe('joint', () => {
  const time = 40;
  const grid = makeGrid([5, 4, 2], [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1], 1);

  const centred = (row: Float64Array) => {
    const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
    return row.map((value) => value - mean);
  };

  /** A fit whose only nuisance is the constant. */
  async function fitOf(
    rows: Float64Array[],
    change: Partial<FitData> = {},
    series = autoregressive(40, time, 0.4, 3),
  ): Promise<Artifact> {
    const flat = (list: Float64Array[]) => Float64Array.from(list.flatMap((row) => [...row]));
    const bold = flat(series.map(centred));
    const data = {
      mask: { grid, voxels: Int32Array.from(series.keys()) },
      kernels: rows.map((_, k) => ({ name: `a/k${k + 1}`, layer: 'a', kernel: k + 1, status: 'fitted' })),
      regressors: flat(rows.map(centred)),
      nuisance: new Float64Array(time).fill(1 / Math.sqrt(time)),
      mean: Float64Array.from(series, (row) => row.reduce((sum, value) => sum + value, 0) / time),
      moments: seriesMoments(flat(series), time),
      volumes: time,
      tr: 2,
      noise: 'ols',
      df: time - 2,
      rank: 1,
      ...change,
      bold,
    };
    return madeArtifact('fit', await writeFit(await newFolder('fit'), data), 'steps.fit');
  }

  const regressors = autoregressive(4, time, 0.5, 77);

  test.each(['ols', 'ar1', 'ar1-nilearn'])('%s: with one regressor it is that regressor’s own model', async (noise) => {
    const fit = await fitOf(regressors.slice(0, 1), { noise });
    const { maps } = await jointMaps(fit);
    const single = await runStep(
      contrastStep,
      { fit },
      { statistics: ['effect', 'se', 't', 'F', 'z', 'p', 'residual_variance'], dtype: 'float64' },
    );
    const own = await readMaps(single.outputs.maps!);
    for (const statistic of ['effect', 'se', 't', 'F', 'z', 'p', 'residual_variance']) {
      const found = await maps.readRows(statistic, 0, 1);
      expect(differences(found, await own.readRows(statistic, 0, 1)).relative, statistic).toBeLessThan(1e-9);
    }
  });

  test('ar1: R2 is the share that a separate whitened fit leaves of the whitened series about its constant', async () => {
    // rho of noise 0.8 is large; the reference is least squares by the pseudo-inverse on whitened columns.
    const series = autoregressive(6, time, 0.8, 21).map((row) => row.map((value) => value + 500));
    const fit = await fitOf(regressors, { noise: 'ar1' }, series);
    const { row } = await jointMaps(fit);
    const [r2, variance] = [await row('a/k1', 'r2'), await row('a/k1', 'residual_variance')];
    const ones = new Float64Array(time).fill(1);
    series.forEach((y, v) => {
      const whiten = (values: Float64Array, rho: number) =>
        values.map((value, t) => (t === 0 ? Math.sqrt(1 - rho * rho) * value : value - rho * values[t - 1]!));
      const rss = (columns: Float64Array[], rho: number) => {
        const design = new Matrix(columns.map((column) => [...whiten(column, rho)])).transpose();
        const whitened = Matrix.columnVector([...whiten(y, rho)]);
        const left = Matrix.sub(whitened, design.mmul(pseudoInverse(design)).mmul(whitened));
        return left.norm('frobenius') ** 2;
      };
      // The step does not say rho: it is the hundredth that gives the residual variance, and then R2 has to be right.
      const hundredths = Array.from({ length: 199 }, (_, i) => (i - 99) / 100);
      const errors = hundredths.map((rho) => Math.abs(rss([...regressors, ones], rho) / (time - 5) / variance[v]! - 1));
      const best = errors.indexOf(Math.min(...errors));
      expect(errors[best]).toBeLessThan(1e-9);
      const rho = hundredths[best]!;
      expect(r2[v]).toBeCloseTo(1 - rss([...regressors, ones], rho) / rss([ones], rho), 9);
    });
  });

  test('an F contrast of one row is t squared, and an F contrast does not depend on how its rows are written', async () => {
    const { row } = await jointMaps(await fitOf(regressors), {
      contrasts: {
        one: { 'a/k1': 1, 'a/k2': -1 },
        alone: { F: [{ 'a/k1': 1, 'a/k2': -1 }] },
        both: { F: ['a/k1', 'a/k2'] },
        mixed: { F: [{ 'a/k1': 3, 'a/k2': 1 }, { 'a/k1': 1, 'a/k2': -2 }, { 'a/k1': 7 }] },
      },
    });
    expect(
      differences(
        await row('alone', 'F'),
        (await row('one', 't')).map((t) => t * t),
      ).relative,
    ).toBeLessThan(1e-10);
    expect(differences(await row('one', 'F'), await row('alone', 'F')).relative).toBeLessThan(1e-10);
    expect(differences(await row('mixed', 'F'), await row('both', 'F')).relative).toBeLessThan(1e-10);
    expect(differences(await row('mixed', 'p'), await row('both', 'p')).relative).toBeLessThan(1e-9);
  });

  test('F is the share by which leaving the regressors out raises the residuals', async () => {
    const [all, fewer] = [
      await jointMaps(await fitOf(regressors), { contrasts: { two: { F: ['a/k3', 'a/k4'] } } }),
      await jointMaps(await fitOf(regressors.slice(0, 2))),
    ];
    const [full, reduced] = [await all.row('two', 'residual_variance'), await fewer.row('a/k1', 'residual_variance')];
    const due = full.map((variance, v) => (reduced[v]! * (time - 3) - variance * (time - 5)) / 2 / variance);
    expect(differences(await all.row('two', 'F'), due).relative).toBeLessThan(1e-9);
  });

  test('of two equal regressors neither can be told, their sum can; both are named', async () => {
    const twice = [regressors[0]!, regressors[1]!, regressors[0]!];
    const contrasts = {
      first: 'a/k1',
      sum: { 'a/k1': 0.5, 'a/k3': 0.5 },
      other: 'a/k2',
      any: { F: ['a/k2', { 'a/k1': 1, 'a/k3': 1 }] },
    };
    const { maps, notes, row } = await jointMaps(await fitOf(twice), { contrasts });
    expect(maps.rows.map(({ status }) => status)).toEqual(['collinear', 'fitted', 'fitted', 'fitted']);
    expect(notes.join()).toMatch(/1 of 4 contrasts cannot be told[\s\S]*first/);
    expect(maps.df).toBe(time - 3);
    const { row: apart } = await jointMaps(await fitOf(regressors.slice(0, 2)));
    // The sum of two halves of one regressor has half its coefficient each: 0.5 (b1 + b3) with b1 + b3 the one coefficient.
    expect(differences(await row('sum', 't'), await apart('a/k1', 't')).absolute).toBeLessThan(1e-9);
    expect(differences(await row('other', 't'), await apart('a/k2', 't')).absolute).toBeLessThan(1e-9);
    expect([...(await row('first', 't'))].every(Number.isNaN)).toBe(true);
  });

  test('a regressor that glm left out keeps its status; the others are fitted without it', async () => {
    const rows = [regressors[0]!, new Float64Array(time), regressors[1]!];
    const kernels = ['fitted', 'constant', 'fitted'].map((status, k) => ({
      name: `a/k${k + 1}`,
      layer: 'a',
      kernel: k + 1,
      status,
    }));
    const { maps, row } = await jointMaps(await fitOf(rows, { kernels }));
    expect(maps.rows.map(({ status }) => status)).toEqual(['fitted', 'constant', 'fitted']);
    expect([...(await row('a/k2', 't'))].every(Number.isNaN)).toBe(true);
    expect((await row('a/k3', 't')).every(Number.isFinite)).toBe(true);
  });

  test('names that do not exist, weights of 0, and too many regressors are errors that say so', async () => {
    const fit = await fitOf(regressors);
    await expect(jointMaps(fit, { contrasts: { x: { 'a/k9': 1 } } })).rejects.toThrow(
      /"x" names "a\/k9"[\s\S]*a\/k1, a\/k2/,
    );
    await expect(jointMaps(fit, { contrasts: { x: { F: ['b*'] } } })).rejects.toThrow(/names "b\*"/);
    await expect(jointMaps(fit, { contrasts: { x: { 'a/k1': 0 } } })).rejects.toThrow(
      /all weights of the contrast "x" are 0/,
    );
    await expect(jointMaps(await fitOf(autoregressive(39, time, 0, 5)))).rejects.toThrow(
      /no degrees of freedom: 40 volumes[\s\S]*39 regressors/,
    );
    await expect(jointMaps(await fitOf(regressors, { noise: 'spm' }))).rejects.toThrow(
      /noise spm[\s\S]*ols, ar1 or ar1-nilearn/,
    );
  });

  describe.each(['ols', 'ar1', 'ar1-nilearn'])('%s, whatever the numbers', (noise) => {
    const seeds = fc.integer({ min: 1, max: 1e6 });
    const runs = { numRuns: 10 };
    const contrasts = { one: 'a/k1', two: { 'a/k1': 1, 'a/k2': -1 }, any: { F: ['a/k1', 'a/k2'] } };
    const rowsOf = (seed: number) => autoregressive(2, time, 0.5, seed);
    const voxelsOf = (seed: number) => autoregressive(5, time, 0.4, seed + 7);
    const read = async (rows: Float64Array[], series: Float64Array[]) => {
      const { maps } = await jointMaps(await fitOf(rows, { noise }, series), { contrasts });
      const values: Record<string, number[]> = {};
      for (const statistic of everything) values[statistic] = [...(await maps.readRows(statistic, 0, 3))];
      return values;
    };
    const near = (found: readonly number[], due: readonly number[]) => {
      // |rho| at a border between two hundredths may fall to either side by rounding; no seed of the search has.
      expect(
        found
          .map((value, i) => (Number.isNaN(value) && Number.isNaN(due[i]) ? 0 : value - due[i]!))
          .map((apart, i) => Math.abs(apart) / Math.max(1e-3, Math.abs(due[i]!) || 0))
          .every((apart) => apart < 1e-7),
      ).toBe(true);
    };

    test('scaling a series scales effect and error, not t, F, z, p, R2', async () => {
      await fc.assert(
        fc.asyncProperty(seeds, fc.constantFrom(-4, 0.125, 1024), async (seed, scale) => {
          const plain = await read(rowsOf(seed), voxelsOf(seed));
          const scaled = await read(
            rowsOf(seed),
            voxelsOf(seed).map((row) => row.map((value) => value * scale)),
          );
          near(
            scaled.effect!,
            plain.effect!.map((value) => value * scale),
          );
          near(
            scaled.se!,
            plain.se!.map((value) => value * Math.abs(scale)),
          );
          near(
            scaled.residual_variance!,
            plain.residual_variance!.map((value) => value * scale * scale),
          );
          for (const statistic of ['F', 'r2']) near(scaled[statistic]!, plain[statistic]!);
        }),
        runs,
      );
    });

    test('scaling all regressors scales effects and errors by the inverse', async () => {
      await fc.assert(
        fc.asyncProperty(seeds, fc.constantFrom(4, 0.125, 1e6), async (seed, scale) => {
          const plain = await read(rowsOf(seed), voxelsOf(seed));
          const scaled = await read(
            rowsOf(seed).map((row) => row.map((value) => value * scale)),
            voxelsOf(seed),
          );
          near(
            scaled.effect!.map((value) => value * scale),
            plain.effect!,
          );
          near(
            scaled.se!.map((value) => value * scale),
            plain.se!,
          );
          for (const statistic of ['t', 'F', 'z', 'p', 'r2', 'residual_variance'])
            near(scaled[statistic]!, plain[statistic]!);
        }),
        runs,
      );
    });

    test('a regressor in the span of the others changes nothing that can be told', async () => {
      await fc.assert(
        fc.asyncProperty(seeds, async (seed) => {
          const rows = rowsOf(seed);
          const sum = rows[0]!.map((value, t) => 2 * value - rows[1]![t]!);
          const { maps } = await jointMaps(await fitOf([...rows, sum], { noise }, voxelsOf(seed)), {
            contrasts: { any: { F: ['a/*'] } },
          });
          const plain = await jointMaps(await fitOf(rows, { noise }, voxelsOf(seed)), {
            contrasts: { any: { F: ['a/*'] } },
          });
          expect(maps.df).toBe(plain.maps.df);
          // The F of all three is not: the coefficients of each cannot be told.
          for (const statistic of ['r2', 'residual_variance']) {
            near([...(await maps.readRows(statistic, 0, 1))], [...(await plain.maps.readRows(statistic, 0, 1))]);
          }
        }),
        runs,
      );
    });

    test('permuting voxels permutes the maps; a voxel alone gives the same', async () => {
      await fc.assert(
        fc.asyncProperty(seeds, async (seed) => {
          const series = voxelsOf(seed);
          const plain = await read(rowsOf(seed), series);
          const turned = await read(rowsOf(seed), [...series].reverse());
          const alone = await read(rowsOf(seed), series.slice(2, 3));
          for (const statistic of everything) {
            const byRow = (values: number[]) => [0, 1, 2].map((row) => values.slice(row * 5, row * 5 + 5));
            near(
              byRow(turned[statistic]!).flatMap((row) => row.reverse()),
              plain[statistic]!,
            );
            near(
              alone[statistic]!,
              byRow(plain[statistic]!).map((row) => row[2]!),
            );
          }
        }),
        runs,
      );
    });
  });

  test('a constant voxel and one with NaN are NaN, and only they', async () => {
    const series = autoregressive(4, time, 0.4, 3);
    series[1]!.fill(0);
    series[2]![5] = Number.NaN;
    for (const noise of ['ols', 'ar1', 'ar1-nilearn']) {
      const { row } = await jointMaps(await fitOf(regressors, { noise }, series));
      for (const statistic of ['t', 'z', 'p', 'residual_variance']) {
        expect([...(await row('a/k1', statistic))].map(Number.isNaN), `${noise} ${statistic}`).toEqual([
          false,
          true,
          true,
          false,
        ]);
      }
    }
  });

  test('what descends from synthetic weights stays marked', async () => {
    const { artifact } = await jointMaps(await fitOf(regressors, { untrained: true }));
    expect(artifact.meta.untrained).toBe(true);
  });

  test('group tests the effects of contrasts, and leaves F contrasts out', async () => {
    const contrasts = { one: 'a/k1', any: { F: ['a/*'] } };
    const fits: Artifact[] = [];
    for (const subject of [1, 2, 3]) {
      const fit = await fitOf(autoregressive(2, time, 0.5, subject), {}, autoregressive(4, time, 0.2, 10 + subject));
      fits.push({ ...(await jointMaps(fit, { contrasts })).artifact, label: `sub-0${subject}` });
    }
    const { outputs, notes } = await runStep(groupStep, { fits }, { statistics: ['effect', 't'], dtype: 'float64' });
    const maps = await readMaps(outputs.maps!);
    expect(maps.rows.map(({ name, status }) => [name, status])).toEqual([
      ['one', 'fitted'],
      ['any', 'F contrast'],
    ]);
    expect(notes.join()).toContain('1 of 2 kernels were not fitted in every subject');
    const own = await Promise.all(fits.map(async (maps) => (await readMaps(maps)).readRows('effect', 0, 1)));
    const mean = own[0]!.map((value, v) => (value + own[1]![v]! + own[2]![v]!) / 3);
    expect(differences(await maps.readRows('effect', 0, 1), mean).relative).toBeLessThan(1e-12);
  });

  test('the same bits for 1 and 2 workers', async () => {
    const fit = await fitOf(regressors, { noise: 'ar1-nilearn' });
    const results = [];
    for (const threads of [1, 2]) {
      const pool = createPool(threads);
      results.push(await bytesOf((await runStep(jointStep, { fit }, {}, { pool })).outputs.maps!));
      await pool.close();
    }
    expect(results[1]).toEqual(results[0]);
    expect((await readFit(fit)).noise).toBe('ar1-nilearn');
  });
});
