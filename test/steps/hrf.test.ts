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

describe('the step hrf', () => {
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
    expect(hrfStep.checkParams!({ model: 'spm', oversampling: 16, reference: 16 })).toHaveLength(1);
    expect(hrfStep.checkParams!({ model: 'spm', oversampling: 16, reference: 15 })).toHaveLength(0);
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
