import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Artifact } from '../../artifacts/artifact.js';
import { readFit } from '../../artifacts/fit.js';
import { makeGrid, writeImage } from '../../artifacts/image.js';
import { readMaps } from '../../artifacts/maps.js';
import { writeRegressors } from '../../artifacts/regressors.js';
import { createPool, type Pool } from '../../numerics/pool.js';
import { contrastStep } from '../../steps/contrast/index.js';
import { glmStep } from '../../steps/glm/index.js';
import { autoregressive } from '../support/fit-models.js';
import { newFolder } from '../support/folders.js';
import { boldOf, confoundsOf, differences, groupMask, referenceMap, referenceRegressors } from '../support/haxby.js';
import { bytesOf, madeArtifact, runStep } from '../support/run-step.js';
import { describeShared } from '../support/shared.js';

let pool: Pool;
beforeAll(() => {
  pool = createPool(2);
});
afterAll(() => pool.close());

// Between two float64 solutions of the same least squares. nilearn's own differs from a QR on scaled columns by 2e-12 in t
// (README of the reference); 1e-9 is the mark for t. Effects are compared with their standard error as the scale.
describeShared('glm and contrast on real BOLD', () => {
  async function mapsOf(subject: number, params: Record<string, unknown>) {
    const regressors = await referenceRegressors();
    const inputs = { bold: boldOf(subject), mask: groupMask(), confounds: confoundsOf(subject), regressors };
    const { outputs } = await runStep(glmStep, inputs, params, { pool });
    const statistics = [
      'effect',
      'se',
      't',
      'F',
      'z',
      'p',
      'residual_variance',
      ...(params.noise === 'ols' ? ['r2'] : []),
    ];
    const { outputs: made } = await runStep(
      contrastStep,
      { fit: outputs.fit! },
      { statistics, dtype: 'float64' },
      pool,
    );
    const maps = await readMaps(made.maps!);
    return { fit: outputs.fit!, maps, read: (statistic: string) => maps.readRows(statistic, 0, 12) };
  }

  test.each([
    ['ols', 'ols', 1],
    ['ols', 'ols', 5],
    ['ar1-nilearn', 'ar1', 1],
    ['ar1-nilearn', 'ar1', 2],
    ['ar1-nilearn', 'ar1', 3],
    ['ar1-nilearn', 'ar1', 4],
    ['ar1-nilearn', 'ar1', 5],
    ['ar1-nilearn', 'ar1', 6],
    ['ar1-nilearn', 'ar1', 7],
    ['ar1-nilearn', 'ar1', 8],
  ])('%s equals nilearn’s %s, run %i: effect, SE, t, F, z, p, residual variance, R2', async (noise, name, subject) => {
    const { fit, read } = await mapsOf(subject, { noise, confounds: 'motion24' });
    expect(fit.meta).toMatchObject({ noise, df: 91, rank: 29, volumes: 121, tr: 2.5 });
    const due = (statistic: string) => referenceMap(`glm/${name}/${statistic}`, subject);
    const [effect, se] = [await due('beta'), await due('se')];
    const inErrors = (await read('effect')).map((value, i) => (value - effect[i]!) / se[i]!);
    expect(Math.max(...inErrors.map(Math.abs))).toBeLessThan(1e-10);
    expect(differences(await read('se'), se).relative).toBeLessThan(1e-10);
    expect(differences(await read('t'), await due('t')).absolute).toBeLessThan(1e-10);
    expect(differences(await read('z'), await due('z')).absolute).toBeLessThan(1e-9);
    const squares = (await due('t')).map((value) => value ** 2);
    expect(differences(await read('F'), squares).absolute).toBeLessThan(1e-9);
    // d log p = -hazard dt: at |t| of 10 and an error of 1e-10 in t, a relative 1e-9.
    expect(differences(await read('p'), await due('p_onesided')).relative).toBeLessThan(1e-9);
    expect(differences(await read('residual_variance'), await due('residual_variance')).relative).toBeLessThan(1e-10);
    if (noise === 'ols') expect(differences(await read('r2'), await due('r2')).absolute).toBeLessThan(1e-12);
  });

  test('R2 of whitened models is refused with the reason', async () => {
    const inputs = { bold: boldOf(1), mask: groupMask(), regressors: await referenceRegressors() };
    const { outputs } = await runStep(glmStep, inputs, { confounds: 'none', noise: 'ar1-nilearn' }, pool);
    await expect(runStep(contrastStep, { fit: outputs.fit! }, { statistics: ['r2'] }, pool)).rejects.toThrow(
      /noise ar1-nilearn[\s\S]*noise: ols/,
    );
  });

  test('friston24 is the lagged form', async () => {
    const { read } = await mapsOf(3, { noise: 'ols', confounds: 'friston24' });
    const t = await referenceMap('glm/ols_friston24/t', 3);
    expect(differences(await read('t'), t).absolute).toBeLessThan(1e-9);
  });

  test('nothing given but BOLD and regressors: automatic mask, said in a note', async () => {
    const inputs = { bold: boldOf(1), regressors: await referenceRegressors() };
    const { outputs, notes } = await runStep(glmStep, inputs, { confounds: 'none' }, { pool });
    const fit = await readFit(outputs.fit!);
    // The reference's own masks follow the same rule; that of run 1 has 453 to 457 voxels (README of the reference).
    expect(fit.voxels).toBeGreaterThanOrEqual(453);
    expect(fit.voxels).toBeLessThanOrEqual(457);
    expect(notes.join()).toContain('no mask wired');
  });

  test('columns by name, and a collinear one named in a note', async () => {
    const inputs = {
      bold: boldOf(1),
      mask: groupMask(),
      confounds: confoundsOf(1),
      regressors: await referenceRegressors(),
    };
    // The table's cosines are the drifts themselves.
    const confounds = ['framewise_displacement', 'cosine02', 'global_signal'];
    const { outputs, notes } = await runStep(glmStep, inputs, { confounds, noise: 'ols' }, { pool });
    expect(outputs.fit!.meta.rank).toBe(1 + 4 + 2);
    expect(notes.join()).toContain('cosine02');
  });

  test('missing columns are named together with what the file has', async () => {
    const inputs = { bold: boldOf(1), confounds: confoundsOf(1), regressors: await referenceRegressors() };
    await expect(runStep(glmStep, inputs, { confounds: ['csf', 'trans_x', 'white_matter'] }, { pool })).rejects.toThrow(
      /no column csf, white_matter[\s\S]*global_signal, framewise_displacement/,
    );
  });

  test('lengths that differ are an error that names both and says what to do', async () => {
    const inputs = { bold: boldOf(1), confounds: confoundsOf(1), regressors: await referenceRegressors() };
    await expect(runStep(glmStep, inputs, { drop: 5 }, { pool })).rejects.toThrow(
      /116 volumes \(121 less 5 dropped\)[\s\S]*121 values[\s\S]*samples: 116/,
    );
    await expect(runStep(glmStep, inputs, { samples: 140 }, { pool })).rejects.toThrow(/140[\s\S]*121/);
    await expect(runStep(glmStep, inputs, { drop: 400 }, { pool })).rejects.toThrow(/"drop" is 400[\s\S]*121 volumes/);
    const { outputs } = await runStep(glmStep, inputs, { drop: 5, samples: 116 }, { pool });
    expect(outputs.fit!.meta.volumes).toBe(116);
  });

  test('a strategy without a table is an error', async () => {
    const inputs = { bold: boldOf(1), regressors: await referenceRegressors() };
    await expect(runStep(glmStep, inputs, {}, { pool })).rejects.toThrow(/friston24, but no confounds are wired/);
  });
});

describe('glm on a drawn image', () => {
  const grid = makeGrid([4, 3, 2], [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1], 1);
  const time = 30;

  async function drawn(change: (data: Float64Array) => void = () => {}): Promise<Artifact> {
    const series = autoregressive(24, time, 0.3, 5);
    const data = Float64Array.from({ length: 24 * time }, (_, i) => 500 + 10 * series[i % 24]![Math.floor(i / 24)]!);
    change(data);
    const file = path.join(await newFolder('bold'), 'image.nii.gz');
    await writeImage(file, { grid, volumes: time, data, datatype: 'float64', tr: 2, description: 'drawn' });
    return madeArtifact('bold', { files: { 'image.nii.gz': file }, meta: { tr: 2 } }, 'the image');
  }

  async function columns(rows: Float64Array[], tr = 2, untrained = false): Promise<Artifact> {
    const values = Float64Array.from(
      { length: rows.length * time },
      (_, i) => rows[i % rows.length]![Math.floor(i / rows.length)]!,
    );
    const kernels = rows.map((_, i) => ({ name: `a/k${i + 1}`, layer: 'a', kernel: i + 1 }));
    const data = { values, volumes: time, kernels, tr, model: 'given', ...(untrained && { untrained }) };
    return madeArtifact('regressors', await writeRegressors(await newFolder('regressors'), data), 'the regressors');
  }

  async function maskOf(voxelGrid = grid): Promise<Artifact> {
    const file = path.join(await newFolder('mask'), 'mask.nii.gz');
    const data = new Uint8Array(voxelGrid.dim[0] * voxelGrid.dim[1] * voxelGrid.dim[2]).fill(1);
    await writeImage(file, { grid: voxelGrid, data, datatype: 'uint8', description: 'all' });
    return madeArtifact('mask', { files: { 'mask.nii.gz': file } }, 'the mask');
  }

  test('voxels that cannot be fitted are counted and left out of the mask', async () => {
    const bold = await drawn((data) => {
      for (let t = 0; t < time; t++) data[t * 24 + 3] = 7;
      for (let t = 0; t < time; t++) data[t * 24 + 5] = 0;
      data[4 * 24 + 10] = Number.NaN;
    });
    const inputs = { bold, mask: await maskOf(), regressors: await columns(autoregressive(2, time, 0.5, 8)) };
    const { outputs, notes } = await runStep(glmStep, inputs, { confounds: 'none' }, { pool });
    const fit = await readFit(outputs.fit!);
    expect([...fit.mask.voxels]).toEqual([...Array(24).keys()].filter((v) => ![3, 5, 10].includes(v)));
    expect(notes.join()).toContain('voxels left out of 24: 2 never change, 1 have values that are not finite');
    expect(fit.mean.length).toBe(21);
    expect(fit.mean[0]).toBeGreaterThan(480);
  });

  test('kernels without variance or explained by the nuisance are reported, and their maps are NaN', async () => {
    const trend = Float64Array.from({ length: time }, (_, t) => Math.cos((Math.PI * 1 * (t + 0.5)) / time));
    const rows = [new Float64Array(time).fill(2), autoregressive(1, time, 0.5, 8)[0]!, trend];
    const inputs = { bold: await drawn(), mask: await maskOf(), regressors: await columns(rows) };
    const { outputs, notes } = await runStep(glmStep, inputs, { confounds: 'none', high_pass: 60 }, { pool });
    const fit = await readFit(outputs.fit!);
    expect(fit.kernels.map(({ status }) => status)).toEqual(['constant', 'fitted', 'collinear']);
    expect(notes.join()).toMatch(/1 of 3 kernels have no variance \(.+\)[\s\S]*1 of 3 kernels are explained .* \(.+\)/);
    const { outputs: made } = await runStep(contrastStep, { fit: outputs.fit! }, {}, { pool });
    const t = await (await readMaps(made.maps!)).readRows('t', 0, 3);
    expect([...t.slice(0, 24), ...t.slice(48)].every(Number.isNaN)).toBe(true);
    expect(t.slice(24, 48).every(Number.isFinite)).toBe(true);
  });

  test('a mask on another grid is an error that describes both', async () => {
    const other = makeGrid([4, 3, 2], [3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1], 1);
    const inputs = {
      bold: await drawn(),
      mask: await maskOf(other),
      regressors: await columns(autoregressive(1, time, 0, 8)),
    };
    await expect(runStep(glmStep, inputs, { confounds: 'none' }, { pool })).rejects.toThrow(
      /3 x 3 x 3 mm[\s\S]*2 x 2 x 2 mm/,
    );
  });

  test('another TR is an error that names both', async () => {
    const inputs = { bold: await drawn(), regressors: await columns(autoregressive(1, time, 0, 8), 2.5) };
    await expect(runStep(glmStep, inputs, { confounds: 'none' }, { pool })).rejects.toThrow(/TR of 2 s[\s\S]*2.5 s/);
  });

  test('confounds: other row counts, n/a and text are errors; the first n/a of a difference is 0', async () => {
    const table = async (text: string) => {
      const file = path.join(await newFolder('confounds'), 'confounds.tsv');
      await writeFile(file, text);
      return madeArtifact('confounds', { files: { 'confounds.tsv': file } });
    };
    const values = autoregressive(1, time, 0, 2)[0]!;
    const rows = (first: string, seventh = '1.5') =>
      [
        'trans_x_derivative1\tcsf',
        ...[...values].map((v, t) => `${t === 0 ? first : t === 6 ? seventh : v}\t${v + t}`),
      ].join('\n');
    const inputs = async (confounds: string) => ({
      bold: await drawn(),
      mask: await maskOf(),
      regressors: await columns(autoregressive(1, time, 0, 8)),
      confounds: await table(confounds),
    });
    const run = async (text: string, names: string[]) =>
      runStep(glmStep, await inputs(text), { confounds: names, noise: 'ols' }, { pool });
    const [withNa, withZero] = [
      await run(rows('n/a'), ['trans_x_derivative1']),
      await run(rows('0'), ['trans_x_derivative1']),
    ];
    expect(await bytesOf(withNa.outputs.fit!)).toEqual(await bytesOf(withZero.outputs.fit!));
    await expect(run(rows('0', 'n/a'), ['trans_x_derivative1'])).rejects.toThrow(
      /:8 \(trans_x_derivative1\): n\/a in row 7/,
    );
    await expect(
      run(
        rows('0')
          .replace(/\t[^\t\n]+\n/, '\tn/a\n')
          .replace('\tn/a', '\tcsf')
          .replace(/\n0\t[^\n]+/, '\n0\tn/a'),
        ['csf'],
      ),
    ).rejects.toThrow(/n\/a in row 1 of csf/);
    await expect(run(rows('0').split('\n').slice(0, -1).join('\n'), ['csf'])).rejects.toThrow(
      /29 rows of confounds for 30 volumes/,
    );
  });

  test('too many columns for the volumes are an error that counts them', async () => {
    const file = path.join(await newFolder('confounds'), 'confounds.tsv');
    const many = autoregressive(29, time, 0, 2);
    const names = many.map((_, c) => `c${c}`);
    const lines = Array.from({ length: time }, (_, t) => many.map((column) => column[t]).join('\t'));
    await writeFile(file, [names.join('\t'), ...lines].join('\n'));
    const confounds = madeArtifact('confounds', { files: { 'confounds.tsv': file } });
    const inputs = { bold: await drawn(), regressors: await columns(autoregressive(1, time, 0, 8)), confounds };
    await expect(runStep(glmStep, inputs, { confounds: names, drift: 'none' }, { pool })).rejects.toThrow(
      /no degrees of freedom: 30 volumes for 31 columns/,
    );
  });

  test('what descends from synthetic weights stays marked', async () => {
    const inputs = {
      bold: await drawn(),
      mask: await maskOf(),
      regressors: await columns(autoregressive(1, time, 0, 8), 2, true),
    };
    const { outputs } = await runStep(glmStep, inputs, { confounds: 'none' }, { pool });
    expect(outputs.fit!.meta.untrained).toBe(true);
    const { outputs: made } = await runStep(contrastStep, { fit: outputs.fit! }, {}, { pool });
    expect(made.maps!.meta.untrained).toBe(true);
  });
});
