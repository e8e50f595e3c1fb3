import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Artifact } from '../../artifacts/artifact.js';
import { readBold } from '../../artifacts/bold.js';
import { readFit } from '../../artifacts/fit.js';
import { readVoxelSeries } from '../../artifacts/image.js';
import { readMaps } from '../../artifacts/maps.js';
import { readRegressors } from '../../artifacts/regressors.js';
import { writeSeries } from '../../artifacts/series.js';
import { numericColumn, readTable } from '../../artifacts/table.js';
import { cosineDrifts, polynomialDrifts } from '../../numerics/drift.js';
import { createPool, type Pool } from '../../numerics/pool.js';
import { contrastStep } from '../../steps/contrast/index.js';
import { confoundColumns } from '../../steps/glm/confounds.js';
import { glmStep } from '../../steps/glm/index.js';
import { groupStep } from '../../steps/group/index.js';
import { hrfStep } from '../../steps/hrf/index.js';
import { jointStep } from '../../steps/joint/index.js';
import { permuteStep } from '../../steps/permute/index.js';
import { newFolder } from '../support/folders.js';
import { boldOf, confoundsOf, groupMask, referenceRegressors, volumes } from '../support/haxby.js';
import { madeArtifact, runStep } from '../support/run-step.js';
import { separateFit } from '../support/separate-fit.js';
import { describeShared, shared } from '../support/shared.js';

let pool: Pool;
beforeAll(() => {
  pool = createPool(1);
});
afterAll(() => pool.close());

/** A kernel of the reference, convolved with the basis that is asked for. */
async function regressorsOf(kernel: string, params: Record<string, unknown>) {
  const file = path.join(shared, 'reference', 'series', 'kernels.tsv');
  const values = numericColumn(await readTable(file), kernel, file);
  const kernels = [{ name: kernel, layer: 'A', kernel: 1 }];
  const data = { values: values.slice(0, volumes), samples: volumes, kernels, interval: 2.5 };
  const series = madeArtifact('series', await writeSeries(await newFolder('series'), data));
  return (await runStep(hrfStep, { series }, { reference: 'onset', ...params }, { pool })).outputs.regressors!;
}

/** Series of every 40th voxel of the mask, and what a model of run 1 holds beside the kernel. */
async function byHand(confounds: 'motion24', drifts: readonly Float64Array[]) {
  const bold = await readBold(boldOf(1));
  const mask = (await readFit((await fitOf(await regressorsOf('k01', {}), {})).fit)).mask.voxels;
  const some = mask.filter((_, v) => v % 40 === 0);
  const series = await readVoxelSeries(bold.file, some);
  const motion = await confoundColumns(confoundsOf(1), confounds, { volumes, drop: 0, note: () => {} });
  const nuisance = [...motion.map(({ values }) => values), ...drifts, new Float64Array(volumes).fill(1)];
  const rows = Array.from(some, (_, v) => series.subarray(v * volumes, (v + 1) * volumes));
  return { rows, nuisance, every: 40 };
}

async function fitOf(regressors: Awaited<ReturnType<typeof regressorsOf>>, params: Record<string, unknown>) {
  const inputs = { bold: boldOf(1), mask: groupMask(), confounds: confoundsOf(1), regressors };
  const settings = { noise: 'ols', confounds: 'motion24', ...params };
  const { outputs, notes } = await runStep(glmStep, inputs, settings, { pool });
  return { fit: outputs.fit!, notes };
}

// Two float64 solutions of one least squares problem, by projections and by a pseudo-inverse of scaled columns.
const tolerance = 1e-9;

describeShared('a kernel with several columns', () => {
  test('is fitted with all of them by joint, as a separate model with the derivative among its columns', async () => {
    const regressors = await regressorsOf('k01', { model: 'glover', basis: 'canonical+time', orthogonal: 'none' });
    const { fit } = await fitOf(regressors, {});
    expect(fit.meta).toMatchObject({ rank: 29, df: volumes - 31 });
    expect((await readFit(fit)).kernels.map(({ name, basis }) => [name, basis])).toEqual([
      ['k01', 'canonical'],
      ['k01_time', 'time'],
    ]);
    const contrasts = { k01: 'k01', time: 'k01_time' };
    const { outputs } = await runStep(jointStep, { fit }, { contrasts, dtype: 'float64' }, { pool });
    const maps = await readMaps(outputs.maps!);
    const [effect, t] = [await maps.readRows('effect', 0, 2), await maps.readRows('t', 0, 2)];
    const { rows, nuisance, every } = await byHand('motion24', cosineDrifts(volumes, 2.5, 128));
    const { values } = await readRegressors(regressors);
    const columns = [0, 1].map((c) => values.filter((_, i) => i % 2 === c));
    const total = effect.length / 2;
    rows.forEach((y, v) => {
      for (const c of [0, 1]) {
        const due = separateFit(y, columns[c]!, [columns[1 - c]!, ...nuisance], 'ols');
        const at = c * total + v * every;
        expect(Math.abs(effect[at]! - due.effect) / due.se).toBeLessThan(tolerance);
        expect(Math.abs(t[at]! - due.effect / due.se)).toBeLessThan(tolerance);
      }
    });
  });

  test('of delays has a column each', async () => {
    const { fit } = await fitOf(await regressorsOf('k01', { basis: 'fir', fir_delays: [1, 2, 3, 4] }), {});
    expect(fit.meta).toMatchObject({ df: volumes - 29 - 4 });
    const contrasts = { any: { F: ['k01_*'] } };
    const { outputs } = await runStep(jointStep, { fit }, { contrasts, statistics: ['F'] }, { pool });
    expect((await (await readMaps(outputs.maps!)).readRows('F', 0, 1)).every(Number.isFinite)).toBe(true);
  });

  // One kernel: then its own model is also the joint one, which is held against nilearn and least squares elsewhere.
  test.each([
    { noise: 'ols', basis: ['canonical', 'time'] },
    { noise: 'ar1', basis: ['time'] },
    { noise: 'ar1', basis: undefined },
    { noise: 'ar1-nilearn', basis: ['canonical', 'time'] },
  ])('has one model with all of them in contrast: $noise, $basis', async ({ noise, basis }) => {
    const { fit } = await fitOf(await regressorsOf('k01', { basis: 'canonical+time', orthogonal: 'none' }), { noise });
    const statistics = ['effect', 'se', 't', 'residual_variance'];
    const params = { statistics, dtype: 'float64', ...(basis && { basis }) };
    const { outputs } = await runStep(contrastStep, { fit }, params, { pool });
    const maps = await readMaps(outputs.maps!);
    const wanted = (basis ?? ['canonical']).map((name) => (name === 'canonical' ? 'k01' : `k01_${name}`));
    expect(maps.rows.map(({ name }) => name)).toEqual(wanted);
    const contrasts = { k01: 'k01', k01_time: 'k01_time' };
    const joint = await runStep(jointStep, { fit }, { contrasts, statistics, dtype: 'float64' }, { pool });
    const due = await readMaps(joint.outputs.maps!);
    for (const [row, name] of wanted.entries()) {
      const at = due.rows.findIndex((one) => one.name === name);
      const se = await due.readRows('se', at, at + 1);
      for (const statistic of statistics) {
        const [found, other] = [
          await maps.readRows(statistic, row, row + 1),
          await due.readRows(statistic, at, at + 1),
        ];
        expect(found.length).toBe(447);
        found.forEach((value, v) => {
          const scale = statistic === 'effect' ? se[v]! : Math.max(1, Math.abs(other[v]!));
          expect(Math.abs(value - other[v]!) / scale).toBeLessThan(tolerance);
        });
      }
    }
  });

  test('is tested over subjects by its canonical column, as from maps of the same', async () => {
    const regressors = await regressorsOf('k01', { basis: 'canonical+time' });
    const fits: Artifact[] = [];
    for (const run of [1, 2, 3]) {
      const inputs = { bold: boldOf(run), mask: groupMask(), confounds: confoundsOf(run), regressors };
      const { outputs } = await runStep(glmStep, inputs, { noise: 'ols', confounds: 'motion24' }, { pool });
      fits.push({ ...outputs.fit!, label: `sub-0${run}` });
    }
    const maps: Artifact[] = [];
    for (const fit of fits) {
      const { outputs } = await runStep(contrastStep, { fit }, { dtype: 'float64' }, { pool });
      maps.push({ ...outputs.maps!, label: fit.label });
    }
    const tOf = async (list: readonly Artifact[]) => {
      const { outputs } = await runStep(groupStep, { fits: list }, { dtype: 'float64' }, { pool });
      const read = await readMaps(outputs.maps!);
      expect(read.rows.map(({ name }) => name)).toEqual(['k01']);
      return read.readRows('t', 0, 1);
    };
    const [direct, byMaps] = [await tOf(fits), await tOf(maps)];
    direct.forEach((value, v) => {
      expect(Math.abs(value - byMaps[v]!)).toBeLessThan(1e-9);
    });
  });

  test('is refused by name where one regressor is needed, and where the noise has no form for it', async () => {
    const regressors = await regressorsOf('k01', { basis: 'canonical+time' });
    const { fit } = await fitOf(regressors, {});
    await expect(runStep(permuteStep, { fits: [fit, { ...fit, label: 'sub-02' }] }, {}, { pool })).rejects.toThrow(
      /k01_time[\s\S]*contrast/,
    );
    await expect(runStep(contrastStep, { fit }, { basis: ['dispersion'] }, { pool })).rejects.toThrow(
      /no column dispersion[\s\S]*canonical, time/,
    );
    const { fit: other } = await fitOf(regressors, { noise: 'ar1', ar1_smooth: 0 });
    await expect(runStep(contrastStep, { fit: other }, {}, { pool })).rejects.toThrow(/ar1_smooth: 0[\s\S]*above 0/);
    // One delay is one column.
    const { fit: delayed } = await fitOf(await regressorsOf('k01', { basis: 'fir', fir_delays: [3] }), {});
    await runStep(contrastStep, { fit: delayed }, {}, { pool });
  });
});

describeShared('drifts', () => {
  test('polynomial: the fit equals a separate model with these columns', async () => {
    const regressors = await regressorsOf('k01', {});
    const { fit } = await fitOf(regressors, { drift: 'polynomial', drift_order: 3 });
    const { outputs } = await runStep(contrastStep, { fit }, { dtype: 'float64' }, { pool });
    const t = await (await readMaps(outputs.maps!)).readRows('t', 0, 1);
    const { rows, nuisance, every } = await byHand('motion24', polynomialDrifts(volumes, 3));
    const { values } = await readRegressors(regressors);
    rows.forEach((y, v) => {
      const due = separateFit(y, values, nuisance, 'ols');
      expect(Math.abs(t[v * every]! - due.effect / due.se)).toBeLessThan(tolerance);
    });
  });

  test('polynomial: 1 and 1 more per 150 s unless an order is given', async () => {
    const regressors = await regressorsOf('k01', {});
    const rankOf = async (params: object) =>
      (await fitOf(regressors, { confounds: 'none', drift: 'polynomial', ...params })).fit.meta.rank;
    // 121 volumes of 2.5 s last 302.5 s.
    expect(await rankOf({})).toBe(1 + 3);
    expect(await rankOf({ drift_order: 5 })).toBe(1 + 5);
    expect(glmStep.checkParams!({ drift: 'cosine', drift_order: 2, confounds: 'none' } as never)).toHaveLength(1);
  });

  test('of the table and of the model together are said in a note', async () => {
    const regressors = await regressorsOf('k01', {});
    const { notes: same } = await fitOf(regressors, { confounds: ['cosine'] });
    expect(same.join()).toMatch(/^left out of the nuisance.*: cosine00, cosine01, cosine02, cosine03$/);
    // After five volumes less, the cosines of the table are no longer those of the model.
    const { notes: other } = await fitOf(regressors, { confounds: ['cosine'], drop: 5, samples: volumes - 5 });
    expect(other.join()).toContain('drifts twice');
    const { fit } = await fitOf(regressors, { confounds: ['cosine'], drift: 'none' });
    expect(fit.meta.rank).toBe(1 + 4);
  });
});

describeShared('nuisance columns', () => {
  test('a column that others span changes nothing; a volume that is scrubbed plays no part', async () => {
    const inputs = { bold: boldOf(1), mask: groupMask(), regressors: await referenceRegressors() };
    const source = await readTable(confoundsOf(1).files['confounds.tsv']!);
    const columns = ['trans_x', 'rot_z', 'framewise_displacement'];
    const write = async (spike: number) => {
      const at = columns.map((name) => source.columns.indexOf(name));
      const lines = source.rows.map((row, t) => {
        const [x, z, fd] = at.map((index) => row[index]!) as [string, string, string];
        // A spike in volume 60 of both motion columns, and in no other.
        const moved = t === 60 ? [Number(x) + spike, Number(z) - 3 * spike] : [x, z];
        return [...moved, t === 60 ? 9 : fd, Number(moved[0]) - 2 * Number(moved[1]) + 5].join('\t');
      });
      const file = path.join(await newFolder('confounds'), 'confounds.tsv');
      await writeFile(file, [[...columns, 'spanned'].join('\t'), ...lines].join('\n'));
      return madeArtifact('confounds', { files: { 'confounds.tsv': file } });
    };
    const scrub = { scrub: { fd: 5 } };
    const tOf = async (spike: number, confounds: unknown[]) => {
      const wired = { ...inputs, confounds: await write(spike) };
      const { outputs } = await runStep(glmStep, wired, { noise: 'ols', confounds }, { pool });
      const made = await runStep(contrastStep, { fit: outputs.fit! }, { dtype: 'float64' }, { pool });
      return (await readMaps(made.outputs.maps!)).readRows('t', 0, 12);
    };
    const plain = await tOf(0, ['trans_x', 'rot_z', scrub]);
    const spanned = await tOf(0, ['trans_x', 'rot_z', scrub, 'spanned']);
    const moved = await tOf(1, ['trans_x', 'rot_z', scrub]);
    for (const other of [spanned, moved]) {
      // The same space by other columns: rounding of one more Gram-Schmidt.
      other.forEach((value, i) => {
        expect(Math.abs(value - plain[i]!)).toBeLessThan(1e-9);
      });
    }
  });
});
