import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Artifact } from '../../artifacts/artifact.js';
import { readMaps } from '../../artifacts/maps.js';
import { readNpy } from '../../artifacts/npy.js';
import { readTable } from '../../artifacts/table.js';
import { createPool, type Pool } from '../../numerics/pool.js';
import { phaseSurrogates } from '../../numerics/surrogates.js';
import { contrastStep } from '../../steps/contrast/index.js';
import { glmStep } from '../../steps/glm/index.js';
import { groupStep } from '../../steps/group/index.js';
import { type SurrogatesParams, surrogatesStep } from '../../steps/surrogates/index.js';
import { thresholdStep } from '../../steps/threshold/index.js';
import { boldOf, confoundsOf, groupMask, referenceRegressors } from '../support/haxby.js';
import { bytesOf, noThreads, runStep } from '../support/run-step.js';
import { fitAtRho, separateFit } from '../support/separate-fit.js';
import { describeShared } from '../support/shared.js';
import { fitsOf, regressorsOf, syntheticStudy } from '../support/synthetic-fits.js';

let pool: Pool;
beforeAll(() => {
  pool = createPool(2);
});
afterAll(() => pool.close());

async function tested(inputs: Record<string, Artifact | Artifact[]>, params: Partial<SurrogatesParams> = {}) {
  const { outputs, notes } = await runStep(surrogatesStep, inputs, params, { pool });
  const maps = await readMaps(outputs.maps!);
  const all = (statistic: string) => maps.readRows(statistic, 0, maps.rows.length);
  const nulls = (await readNpy(outputs.maps!.files['null_t.npy']!)).data;
  const table = await readTable(outputs.critical!.files['table.tsv']!);
  return { maps, all, nulls, notes, table, artifact: outputs.maps! };
}

/** t of a sample, by its definition. */
function tOf(values: readonly number[]): number {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  return mean / Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1) / n);
}

describe('surrogates', () => {
  const study = syntheticStudy({});
  const voxels = 6;
  const count = 12;

  it.each([
    ['ols', undefined],
    ['ar1-nilearn', undefined],
    ['ar1', undefined],
    ['ar1', 0.37],
  ] as const)('%s (rho %s): t, maxima and p of separate fits of every surrogate', async (noise, rho) => {
    const fits = await fitsOf(study, noise, rho);
    const { all, nulls } = await tested(
      { fits, regressors: await regressorsOf(study) },
      { surrogates: count, seed: 5, sides: 'two' },
    );
    const [t, p, uncorrected] = [await all('t'), await all('p_fwe'), await all('p_uncorrected')];
    const made = phaseSurrogates(study.time, count, 5);
    for (const [k, kernel] of study.kernels.entries()) {
      const rows = await made.of(kernel);
      const due = Array.from({ length: count }, (_, s) => {
        const x = rows.subarray(s * study.time, (s + 1) * study.time);
        return Array.from({ length: voxels }, (_, v) =>
          tOf(
            study.subjects.map(({ voxels: series, nuisance }) =>
              rho === undefined
                ? separateFit(series[v]!, x, nuisance, noise).effect
                : fitAtRho(series[v]!, x, nuisance, rho).effect,
            ),
          ),
        );
      });
      const maxima = due.map((map) => Math.max(...map.map(Math.abs)));
      maxima.forEach((value, s) => {
        expect(Math.abs(nulls[k * count + s]! - value)).toBeLessThan(1e-8 * value);
      });
      for (let v = 0; v < voxels; v++) {
        const own = due[0]![v]!;
        const reached = (value: number) => Math.abs(value) >= Math.abs(own) * (1 - 1e-8);
        expect(Math.abs(t[k * voxels + v]! - own)).toBeLessThan(1e-8 * (1 + Math.abs(own)));
        expect(p[k * voxels + v]).toBe(maxima.filter(reached).length / count);
        expect(uncorrected[k * voxels + v]).toBe(due.filter((map) => reached(map[v]!)).length / count);
      }
    }
  });

  it('shifts: every shift once, p exact', async () => {
    const { maps, nulls, notes, table, all } = await tested(
      { fits: await fitsOf(study, 'ols'), regressors: await regressorsOf(study) },
      { method: 'shifts', kernels: ['a/k2'] },
    );
    expect(maps.more?.permutation).toMatchObject({ rearranged: 'shifts', count: 48, exact: true, seed: null });
    expect(nulls.length).toBe(48);
    expect(notes.join()).toContain('all 48 shifts');
    const column = (name: string) => Number(table.rows[0]![table.columns.indexOf(name)]);
    expect(column('largest')).toBe(Math.max(...(await all('t'))));
    expect(column('p_low')).toBe(column('p_corrected'));
  });

  it('has the t of group over subjects, and of contrast for one subject', async () => {
    const inputs = { fits: await fitsOf(study, 'ar1', 0.4), regressors: await regressorsOf(study) };
    const asked = { statistics: ['t'], dtype: 'float64' };
    const ofAll = await readMaps((await runStep(groupStep, { fits: inputs.fits }, asked)).outputs.maps!);
    const ofOne = await readMaps((await runStep(contrastStep, { fit: inputs.fits[0]! }, asked)).outputs.maps!);
    const one = { ...inputs, fits: [inputs.fits[0]!] };
    const single = await tested(one, { surrogates: 10 });
    for (const [found, due] of [
      [await tested(inputs, { surrogates: 10 }), ofAll],
      [single, ofOne],
    ] as const) {
      const t = await due.readRows('t', 0, 3);
      (await found.all('t')).forEach((value, i) => {
        expect(Math.abs(value - t[i]!)).toBeLessThan(1e-10);
      });
      expect(found.maps.df).toBe(due.df);
    }
    expect(single.notes.join()).toContain('one subject (sub-01)');
  });

  it('goes into threshold: fwe-voxel, of one map and of all', async () => {
    const inputs = { fits: await fitsOf(study, 'ols'), regressors: await regressorsOf(study) };
    const { artifact, nulls } = await tested(inputs, { surrogates: 40 });
    const thresholded = async (params: Record<string, unknown>) => {
      const { outputs } = await runStep(thresholdStep, { maps: artifact }, params, { pool });
      const { rows, columns } = await readTable(outputs.thresholded!.files['thresholds.tsv']!);
      return rows.map((row) => Number(row[columns.indexOf('height')]));
    };
    const largest = (of: number[]) => of.sort((a, b) => b - a)[4];
    const own = await thresholded({ correction: 'fwe-voxel', p: 0.1 });
    own.forEach((height, k) => {
      expect(height).toBeCloseTo(largest([...nulls.subarray(k * 40, (k + 1) * 40)])!, 6);
    });
    const family = Array.from({ length: 40 }, (_, s) => Math.max(...[0, 1, 2].map((k) => nulls[k * 40 + s]!)));
    const ofAll = await thresholded({ correction: 'fwe-voxel', p: 0.1, family: 'all' });
    expect(ofAll[1]).toBeCloseTo(largest(family)!, 6);
    await expect(thresholded({ correction: 'tfce' })).rejects.toThrow('no permutations for the correction tfce');
  });

  it('gives the same bytes on 1, 2 and 4 workers', async () => {
    const large = syntheticStudy({ kernels: 2, subjects: 3, voxels: 2100 });
    const inputs = { fits: await fitsOf(large, 'ar1-nilearn'), regressors: await regressorsOf(large) };
    const made: unknown[] = [];
    for (const threads of [1, 2, 4]) {
      const workers = createPool(threads);
      const { outputs } = await runStep(surrogatesStep, inputs, { surrogates: 30 }, { pool: workers, threads });
      await workers.close();
      made.push([await bytesOf(outputs.maps!), await bytesOf(outputs.critical!)]);
    }
    expect(made[1]).toEqual(made[0]);
    expect(made[2]).toEqual(made[0]);
  });

  it('counts a surrogate that the nuisance explains against every voxel', async () => {
    // The nuisance spans a frequency, and the kernel is of that frequency but for a spike: some shifts of it are explained.
    const time = 12;
    const wave = (phase: number) => Float64Array.from({ length: time }, (_, t) => Math.cos((Math.PI * t) / 6 + phase));
    const one = syntheticStudy({ time, kernels: 1, subjects: 3, voxels: 2 });
    const spike = Float64Array.from({ length: time }, (_, t) => (t === 3 ? 1 : 0));
    const atFive = Float64Array.from({ length: time }, (_, t) => (t === 5 ? 1 : 0));
    const planned = {
      ...one,
      kernels: [spike],
      subjects: one.subjects.map((subject) => ({ ...subject, nuisance: [subject.nuisance[0]!, wave(0), atFive] })),
    };
    const { nulls, all } = await tested(
      { fits: await fitsOf(planned, 'ols'), regressors: await regressorsOf(planned) },
      { method: 'shifts' },
    );
    expect(nulls[2]).toBe(Number.POSITIVE_INFINITY);
    expect(nulls.filter((value) => value === Number.POSITIVE_INFINITY)).toHaveLength(1);
    expect(Math.min(...(await all('p_fwe')))).toBeGreaterThanOrEqual(2 / 12);
  });

  it('leaves kernels that were not fitted empty', async () => {
    const planned = { ...study, kernels: [study.kernels[0]!, study.subjects[1]!.nuisance[1]!] };
    const { all, nulls, notes, table } = await tested(
      { fits: await fitsOf(planned, 'ols'), regressors: await regressorsOf(planned) },
      { surrogates: 10 },
    );
    for (const name of ['t', 'p_fwe', 'p_uncorrected']) {
      const values = await all(name);
      expect(values.subarray(0, voxels).every(Number.isFinite)).toBe(true);
      expect(values.subarray(voxels).every(Number.isNaN)).toBe(true);
    }
    expect(nulls.subarray(10).every(Number.isNaN)).toBe(true);
    expect(table.rows).toHaveLength(1);
    expect(notes.join()).toContain('1 of 2 kernels were not fitted in every subject');
  });

  it('refuses regressors that are not those of the fits, naming what differs', async () => {
    const fits = await fitsOf(study, 'ols');
    const wired = (other: Parameters<typeof regressorsOf>[0], more?: number) =>
      regressorsOf(other, more).then((regressors) =>
        runStep(surrogatesStep, { fits, regressors }, { surrogates: 10 }, { pool: noThreads }),
      );
    const changed = study.kernels.map((kernel, k) => (k === 2 ? kernel.map((value) => value ** 3) : kernel));
    await expect(wired({ ...study, kernels: changed })).rejects.toThrow('other values of a/k3 than the fit of sub-01');
    await expect(wired({ ...study, kernels: changed.slice(0, 2) })).rejects.toThrow('2 regressors');
    await expect(wired(study, -4)).rejects.toThrow('44 values each, and the fit of sub-01 has 48 volumes');
    const other = await fitsOf(syntheticStudy({ time: 50 }), 'ols');
    const regressors = await regressorsOf(study);
    await expect(runStep(surrogatesStep, { fits: [fits[0]!, other[1]!], regressors })).rejects.toThrow(
      'sub-01 has 48 volumes, sub-02 has 50',
    );
  });
});

describeShared('surrogates of real BOLD', () => {
  it('whitens surrogates as the fit did its regressors (noise spm)', async () => {
    const regressors = await referenceRegressors();
    const fits: Artifact[] = [];
    for (const subject of [1, 2]) {
      const inputs = { bold: boldOf(subject), mask: groupMask(), confounds: confoundsOf(subject), regressors };
      const { outputs } = await runStep(glmStep, inputs, { noise: 'spm' }, { pool });
      fits.push({ ...outputs.fit!, label: `sub-0${subject}` });
    }
    // The step compares the observed regressors, made anew from the wired ones, with those of the fit.
    const inputs = { fits: [fits[0]!], regressors };
    const { all, maps } = await tested(inputs, { surrogates: 20, kernels: ['*'] });
    const { outputs } = await runStep(contrastStep, { fit: fits[0]! }, { statistics: ['t'], dtype: 'float64' });
    const due = await (await readMaps(outputs.maps!)).readRows('t', 0, 12);
    // The standard errors of surrogates have what the whitening leaves to the mean regressor (see surrogate-models.ts).
    (await all('t')).forEach((value, i) => {
      expect(Math.abs(value - due[i]!)).toBeLessThan(1e-6 * (1 + Math.abs(due[i]!)));
    });
    expect(maps.rows).toHaveLength(12);
    expect((await tested({ fits, regressors }, { surrogates: 20 })).maps.n).toBe(2);
  });
});
