import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readNpy } from '../../artifacts/npy.js';
import { writeSeries } from '../../artifacts/series.js';
import { numericColumn, readTable, textColumn } from '../../artifacts/table.js';
import { createPool, type Pool } from '../../numerics/pool.js';
import { describeStep } from '../../steps/describe/index.js';
import { newFolder } from '../support/folders.js';
import { numericMatrix } from '../support/matrix.js';
import { arrays, referenceKernels } from '../support/reference-maps.js';
import { madeArtifact, runStep } from '../support/run-step.js';
import { describeShared, shared } from '../support/shared.js';

let pool: Pool;
beforeAll(() => {
  pool = createPool(1);
});
afterAll(() => pool.close());

/** Runs the step on series given as `[layer][kernel][sample]`. */
async function describeSeries(layers: Record<string, number[][]>, params: Record<string, unknown> = {}) {
  const kernels = Object.entries(layers).flatMap(([layer, series]) =>
    series.map((values, n) => ({ name: `${layer}/k${n + 1}`, layer, kernel: n + 1, values })),
  );
  const samples = kernels[0]!.values.length;
  const values = Float64Array.from({ length: samples * kernels.length }, (_, at) => {
    return kernels[at % kernels.length]!.values[Math.floor(at / kernels.length)]!;
  });
  const facts = { values, samples, interval: 2, kernels: kernels.map(({ values: _, ...kernel }) => kernel) };
  const series = madeArtifact('series', await writeSeries(await newFolder('series'), facts));
  const { outputs, notes } = await runStep(describeStep, { series }, params, { pool });
  const { files, meta } = outputs.description!;
  const table = (name: string) => readTable(files[name]!);
  return { meta, notes, table };
}

describe('describe', () => {
  it('gives mean series with their times, correlations, and the pair that correlates least', async () => {
    const { table, meta } = await describeSeries({
      A: [
        [1, 2, 3, 4],
        [3, 4, 5, 6],
      ],
      B: [[1, 2, 3, 4.5]],
      C: [[4, 3, 2, 1]],
    });
    const series = await table('layer_series.tsv');
    expect(series.columns).toEqual(['time', 'A', 'B', 'C']);
    expect([...numericColumn(series, 'time', '')]).toEqual([0, 2, 4, 6]);
    expect([...numericColumn(series, 'A', '')]).toEqual([2, 3, 4, 5]);
    expect(meta).toMatchObject({ leastCorrelated: ['A', 'C'], r: expect.closeTo(-1, 14) });
    const pairs = await table('pairs.tsv');
    expect(pairs.rows.map((row) => row.slice(0, 2))).toEqual([
      ['A', 'C'],
      ['B', 'C'],
      ['A', 'B'],
    ]);
  });

  it('says which kernels have no variance, and leaves layers of such kernels without components', async () => {
    const { table, notes, meta } = await describeSeries({ A: [[1, 2, 4]], B: [[5, 5, 5]] });
    const pca = await table('pca.tsv');
    expect(pca.rows).toEqual([
      ['A', '1', '1', '1'],
      ['B', '1', 'n/a', 'n/a'],
    ]);
    expect(notes).toHaveLength(2);
    expect(meta.leastCorrelated).toBeNull();
  });

  it('reports fewer components where there are fewer kernels or samples, and the layers asked for', async () => {
    const layers = {
      A: [[1, 2, 4, 3, 2]],
      B: [
        [5, 1, 2, 8, 1],
        [1, 2, 8, 1, 4],
        [4, 4, 1, 2, 2],
      ],
    };
    const { table } = await describeSeries(layers, { components: 2, layers: ['B', 'A'] });
    expect(textColumn(await table('pca.tsv'), 'layer', '')).toEqual(['B', 'B', 'A']);
    await expect(describeSeries(layers, { layers: ['C'] })).rejects.toThrow(/no kernel of a layer "C"[\s\S]*A, B/);
  });
});

describeShared('describe against scikit-learn and numpy', () => {
  const folder = path.join(shared, 'reference', 'series');

  async function kernelSeries(): Promise<Record<string, number[][]>> {
    const table = await readTable(path.join(folder, 'kernels.tsv'));
    const values = numericMatrix(table, 'kernels.tsv');
    const layers: Record<string, number[][]> = {};
    for (const [n, { layer }] of referenceKernels.entries()) {
      layers[layer] ??= [];
      layers[layer].push(table.rows.map((_, row) => values[row * 12 + n]!));
    }
    return layers;
  }

  async function wideSeries(): Promise<Record<string, number[][]>> {
    const layers: Record<string, number[][]> = {};
    for (const name of ['wide_a', 'wide_b']) {
      const { data, shape } = await readNpy(path.join(folder, `${name}.npy`));
      const [samples, kernels] = shape as [number, number];
      layers[name] = Array.from({ length: kernels }, (_, k) =>
        Array.from({ length: samples }, (_, n) => data[n * kernels + k]!),
      );
    }
    return layers;
  }

  const expected = async (name: string) => [...(await readNpy(path.join(arrays, 'layers', `${name}.npy`))).data];

  for (const [name, load] of Object.entries({ AB: kernelSeries, wide: wideSeries })) {
    for (const standardise of [false, true]) {
      it(`agrees on ${name}${standardise ? ', standardised' : ''}`, async () => {
        const layers = await load();
        const { table, meta } = await describeSeries(layers, { standardise });
        const pca = await table('pca.tsv');
        const owner = textColumn(pca, 'layer', '');
        const share = [...numericColumn(pca, 'variance_explained', '')];
        for (const layer of Object.keys(layers)) {
          const reference = await expected(`${standardise ? 'pca_standardised' : 'pca'}_ratio_${layer}`);
          const found = share.filter((_, row) => owner[row] === layer);
          expect(found).toHaveLength(reference.length);
          // Two backward stable decompositions.
          for (const [n, value] of reference.entries()) expect(Math.abs(found[n]! - value)).toBeLessThan(1e-13);
        }
        const series = await table('layer_series.tsv');
        const means = Object.keys(layers).flatMap((layer) => [...numericColumn(series, layer, '')]);
        const meanReference = await expected(`mean_series_${name}`);
        // numpy sums pairwise, this step from first to last: up to 512 terms of order 1.
        for (const [n, value] of meanReference.entries()) expect(Math.abs(means[n]! - value)).toBeLessThan(1e-13);
        expect(meta.r as number).toBeCloseTo((await expected(`correlation_${name}`))[1]!, 12);
      });
    }
  }
});
