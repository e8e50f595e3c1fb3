import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readNpy } from '../../artifacts/npy.js';
import { readRegressors } from '../../artifacts/regressors.js';
import { type SeriesData, writeSeries } from '../../artifacts/series.js';
import { readTable } from '../../artifacts/table.js';
import { createPool, type Pool } from '../../numerics/pool.js';
import { hrfStep } from '../../steps/hrf/index.js';
import { newFolder } from '../support/folders.js';
import { numericMatrix } from '../support/matrix.js';
import { madeArtifact, runStep } from '../support/run-step.js';
import { describeShared, shared } from '../support/shared.js';

let pool: Pool;
beforeAll(() => {
  pool = createPool(1);
});
afterAll(() => pool.close());

async function seriesOf(columns: ArrayLike<number>[], interval: number, more: Partial<SeriesData> = {}) {
  const samples = columns[0]!.length;
  const width = columns.length;
  const values = Float64Array.from({ length: samples * width }, (_, i) => columns[i % width]![Math.floor(i / width)]!);
  const kernels = columns.map((_, k) => ({ name: `a/k${k + 1}`, layer: 'a', kernel: k + 1 }));
  const made = await writeSeries(await newFolder('series'), { values, samples, kernels, interval, ...more });
  return madeArtifact('series', made, 'the series');
}

async function convolve(series: Awaited<ReturnType<typeof seriesOf>>, params: Record<string, unknown> = {}) {
  const { outputs, notes } = await runStep(hrfStep, { series }, params, { pool });
  const regressors = await readRegressors(outputs.regressors!);
  const width = regressors.kernels.length;
  const column = (k: number) => Array.from({ length: regressors.volumes }, (_, t) => regressors.values[t * width + k]!);
  return { regressors, notes, column, meta: outputs.regressors!.meta };
}

describeShared('the step hrf', () => {
  test.each([
    ['nilearn-spm', 'spm_hrf', 'onset'],
    ['nilearn-spm', 'spm_hrf', 'middle'],
    ['glover', 'glover_hrf', 'middle'],
  ])('%s gives the reference regressors (%s, %s)', async (model, name, reference) => {
    const matrix = numericMatrix(
      await readTable(path.join(shared, 'reference', 'series', 'kernels.tsv')),
      'kernels.tsv',
    );
    const columns = Array.from({ length: 12 }, (_, k) => matrix.filter((_, i) => i % 12 === k));
    const { column, regressors, meta } = await convolve(await seriesOf(columns, 2.5), { model, reference });
    expect(meta).toEqual({ tr: 2.5, model });
    expect(regressors.volumes).toBe(130);
    const due = (await readNpy(path.join(shared, 'reference', 'arrays', 'regressors', `${name}_${reference}.npy`)))
      .data;
    for (let k = 0; k < 12; k++) {
      const largest = Math.max(...due.subarray(k * 121, (k + 1) * 121).map(Math.abs));
      for (let t = 0; t < 121; t++) {
        // Both are float64; sums are taken in another order.
        expect(Math.abs(column(k)[t]! - due[k * 121 + t]!) / largest).toBeLessThan(1e-10);
      }
    }
  });
});

describeShared('several columns per kernel', () => {
  const reference = async (name: string) =>
    (await readNpy(path.join(shared, 'reference', 'arrays', 'regressors', `${name}.npy`))).data as Float64Array;

  async function kernelColumns(count: number) {
    const file = path.join(shared, 'reference', 'series', 'kernels.tsv');
    const matrix = numericMatrix(await readTable(file), file);
    return Array.from({ length: count }, (_, k) => matrix.filter((_, i) => i % 12 === k));
  }

  test.each([
    ['nilearn-spm', 'spm', 'onset'],
    ['nilearn-spm', 'spm', 'middle'],
    ['glover', 'glover', 'onset'],
    ['glover', 'glover', 'middle'],
  ])('%s: derivatives are the reference regressors (%s, %s)', async (model, name, at) => {
    const { column, regressors, meta } = await convolve(await seriesOf(await kernelColumns(12), 2.5), {
      model,
      reference: at,
      basis: 'canonical+time+dispersion',
      orthogonal: 'none',
    });
    expect(meta).toEqual({ tr: 2.5, model, basis: 'canonical+time+dispersion' });
    const parts = ['hrf', 'time_derivative', 'dispersion_derivative'].map((part) => `${name}_${part}_${at}`);
    for (const [f, part] of parts.entries()) {
      const due = await reference(part);
      for (let k = 0; k < 12; k++) {
        const own = due.subarray(k * 121, (k + 1) * 121);
        const largest = Math.max(...own.map(Math.abs));
        const found = column(3 * k + f);
        // Sums are taken in another order, and a difference of dispersions of 0.01 costs two digits.
        for (let t = 0; t < 121; t++) expect(Math.abs(found[t]! - own[t]!) / largest).toBeLessThan(1e-10);
      }
    }
    expect(regressors.kernels.slice(3, 6)).toEqual([
      { name: 'a/k2', layer: 'a', kernel: 2, basis: 'canonical' },
      { name: 'a/k2_time', layer: 'a', kernel: 2, basis: 'time' },
      { name: 'a/k2_dispersion', layer: 'a', kernel: 2, basis: 'dispersion' },
    ]);
  });

  test('`orthogonal: regressor` projects every column on those before it, as nilearn’s orthogonalize', async () => {
    const due = [await reference('spm_hrf_onset'), await reference('spm_time_derivative_onset')];
    const series = (await kernelColumns(12)).map((column) => column.subarray(0, 121));
    const { column } = await convolve(await seriesOf(series, 2.5), {
      model: 'nilearn-spm',
      reference: 'onset',
      basis: 'canonical+time',
      orthogonal: 'regressor',
    });
    for (let k = 0; k < 12; k++) {
      const [h, d] = due.map((columns) => columns.subarray(k * 121, (k + 1) * 121)) as [Float64Array, Float64Array];
      const share = h.reduce((sum, value, t) => sum + value * d[t]!, 0) / h.reduce((sum, value) => sum + value ** 2, 0);
      const largest = Math.max(...d.map(Math.abs));
      column(2 * k + 1).forEach((value, t) => {
        expect(Math.abs(value - (d[t]! - share * h[t]!)) / largest).toBeLessThan(1e-10);
      });
    }
  });

  test('`orthogonal: response` is SPM’s basis set', async () => {
    // One sample of 1 at time 0: bin m of the regressors is bin m of the responses.
    const due = readFileSync(path.join(shared, 'reference', 'spm', 'hrf', 'spm_get_bf_dt0.125_hrf_td_dd.txt'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number));
    const impulse = Array.from({ length: 257 }, (_, n) => (n === 0 ? 1 : 0));
    const settings = { model: 'spm', oversampling: 1, reference: 'onset', basis: 'canonical+time+dispersion' };
    const { column } = await convolve(await seriesOf([impulse], 0.125), settings);
    for (const f of [0, 1, 2]) {
      const largest = Math.max(...due.map((row) => Math.abs(row[f]!)));
      column(f).forEach((value, t) => {
        expect(Math.abs(value - due[t]![f]!) / largest).toBeLessThan(1e-10);
      });
    }
  });
});

describe('the step hrf', () => {
  test('fir gives a column per delay, named after it', async () => {
    const { column, regressors, meta } = await convolve(await seriesOf([[3, 1, 4, 1, 5]], 2), {
      basis: 'fir',
      fir_delays: [0, 2],
    });
    expect(meta).toEqual({ tr: 2, model: 'fir', basis: 'fir' });
    expect(regressors.basis).toBe('fir');
    expect(regressors.kernels.map(({ name }) => name)).toEqual(['a/k1_delay0', 'a/k1_delay2']);
    expect(column(0)).toEqual([3, 1, 4, 1, 5]);
    expect(column(1)).toEqual([0, 0, 3, 1, 4]);
  });

  test('a series that never changes has derivatives of 0', async () => {
    const series = await seriesOf(
      [
        [2, 2, 2],
        [1, 2, 3],
      ],
      2,
    );
    const { column } = await convolve(series, { basis: 'canonical+time' });
    expect(column(0)).toEqual([2, 2, 2]);
    expect(column(1)).toEqual([0, 0, 0]);
    expect(new Set(column(3)).size).toBe(3);
  });

  test('a series of another interval gives volumes of the TR', async () => {
    const { column, meta } = await convolve(await seriesOf([[1, 1, 3, 3, 5, 5]], 1), { model: 'none', tr: 2 });
    expect(column(0)).toEqual([1, 3, 5]);
    expect(meta).toEqual({ tr: 2, model: 'none' });
  });

  test('the reference time may be a bin: SPM’s default is bin 7 of 16', async () => {
    const series = await seriesOf([[0, 1, 0, 0, 0, 0]], 2);
    const at = async (reference: unknown) => (await convolve(series, { reference })).column(0);
    expect(await at(8)).toEqual(await at('middle'));
    expect(await at(0)).toEqual(await at('onset'));
    // One bin earlier, the response has risen less.
    expect((await at(7))[2]!).toBeLessThan((await at(8))[2]!);
    const problems = (params: object) =>
      hrfStep.checkParams!({
        model: 'spm',
        oversampling: 16,
        reference: 'middle',
        basis: 'canonical',
        orthogonal: 'response',
        outside: 'zero',
        ...params,
      });
    expect(problems({ reference: 16 })).toHaveLength(1);
    expect(problems({ reference: 15 })).toHaveLength(0);
    expect(problems({ model: 'none', basis: 'canonical+time' })[0]!.message).toContain('no response');
    expect(problems({ basis: 'fir' })[0]!.message).toContain('delays');
    expect(problems({ fir_delays: [1] })[0]!.message).toContain('no meaning');
    expect(problems({ basis: 'fir', model: 'none', fir_delays: [1] })).toHaveLength(0);
  });

  test('a series that never changes stays constant, and is counted', async () => {
    const { column, notes } = await convolve(
      await seriesOf(
        [
          [0, 0, 0],
          [2, 2, 2],
          [1, 2, 3],
        ],
        2,
      ),
    );
    expect(column(0)).toEqual([0, 0, 0]);
    expect(column(1)).toEqual([2, 2, 2]);
    expect(notes).toEqual(['2 of 3 series never change; their regressors are constant']);
  });

  test('a gap in the series is an error that names kernel and sample', async () => {
    const series = await seriesOf(
      [
        [1, 2, 3],
        [1, Number.NaN, 3],
      ],
      2,
    );
    await expect(convolve(series)).rejects.toThrow(/sample 2 of a\/k2 is not a number/);
  });

  test('a series shorter than a TR is an error', async () => {
    await expect(convolve(await seriesOf([[1, 2]], 0.25), { tr: 2, reference: 'middle' })).rejects.toThrow(
      /lasts 0.5 s/,
    );
  });

  test('what descends from synthetic weights stays marked', async () => {
    const { meta } = await convolve(await seriesOf([[1, 2, 3]], 2, { untrained: true }));
    expect(meta.untrained).toBe(true);
  });
});
