import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Artifact } from '../../artifacts/artifact.js';
import { readKernels } from '../../artifacts/kernels.js';
import { readNpy } from '../../artifacts/npy.js';
import { createPool, type Pool } from '../../numerics/pool.js';
import { probabilityStep } from '../../steps/probability/index.js';
import { thresholdStep } from '../../steps/threshold/index.js';
import { arrays, referenceGroupMaps, toFileOrder } from '../support/reference-maps.js';
import { runStep } from '../support/run-step.js';
import { describeShared } from '../support/shared.js';
import { thresholdedOf } from '../support/small-thresholded.js';

let pool: Pool;
beforeAll(() => {
  pool = createPool(1);
});
afterAll(() => pool.close());

async function probability(thresholded: Artifact, params: Record<string, unknown> = {}) {
  const { outputs } = await runStep(probabilityStep, { thresholded }, params, { pool });
  const { files, meta } = outputs.probability!;
  const { data, shape } = await readNpy(files['probability.npy']!);
  const names = (await readKernels(files['rows.tsv']!)).map(({ name }) => name);
  const width = shape[1]!;
  return { meta, map: (name: string) => [...data.slice(names.indexOf(name) * width).slice(0, width)], names };
}

describe('probability', () => {
  it('is the share of all kernels of a layer that have the voxel above threshold', async () => {
    const thresholded = await thresholdedOf([
      { layer: 'A', labels: [1, 1, 0, 0] },
      { layer: 'B', labels: [0, 0, 0, 1] },
      { layer: 'A', labels: [1, 0, 0, 0] },
      { layer: 'A', labels: [0, 0, 0, 0], status: 'constant' },
    ]);
    const { map, names, meta } = await probability(thresholded, { differences: [['B', 'A']] });
    expect(names).toEqual(['A', 'B', 'B-A']);
    // The kernel that was left out of the fit counts as not activating.
    expect(map('A')).toEqual([2 / 3, 1 / 3, 0, 0]);
    expect(map('B-A')).toEqual([-2 / 3, -1 / 3, 0, 1]);
    expect(meta.kind).toBe('probability');
  });

  it('counts deactivation like activation, or one of them', async () => {
    const thresholded = await thresholdedOf([
      { layer: 'A', labels: [1, -1, -1, 0] },
      { layer: 'A', labels: [1, 1, 0, 0] },
    ]);
    expect((await probability(thresholded)).map('A')).toEqual([1, 1, 0.5, 0]);
    expect((await probability(thresholded, { sign: 'positive' })).map('A')).toEqual([1, 0.5, 0, 0]);
    expect((await probability(thresholded, { sign: 'negative' })).map('A')).toEqual([0, 0.5, 0.5, 0]);
  });

  it('makes the layers asked for, in that order, and names all that do not exist', async () => {
    const thresholded = await thresholdedOf([
      { layer: 'A', labels: [1] },
      { layer: 'B', labels: [0] },
    ]);
    expect((await probability(thresholded, { layers: ['B', 'A'] })).names).toEqual(['B', 'A']);
    const wrong = probability(thresholded, { layers: ['A', 'C'], differences: [['D', 'A']] });
    await expect(wrong).rejects.toThrow(/"C"[\s\S]*one of: A, B[\s\S]*"D"/);
  });
});

describeShared('probability against numpy on the group maps', () => {
  for (const sides of ['one', 'two']) {
    it.each([0.001, 0.01, 0.05])(`gives the ${sides}-sided maps and their difference at p %f`, async (p) => {
      const maps = await referenceGroupMaps();
      const { outputs } = await runStep(thresholdStep, { maps }, { p, sides }, { pool });
      const { map } = await probability(outputs.thresholded!, { differences: [['B', 'A']] });
      for (const [row, name] of Object.entries({ A: 'A', B: 'B', 'B-A': 'difference' })) {
        const file = `probability_${sides}sided_p${String(p).slice(2)}_${name}.npy`;
        const expected = (await readNpy(path.join(arrays, 'layers', file))).data as Float64Array;
        // Exact: whole numbers divided once.
        expect(map(row)).toEqual([...(await toFileOrder(expected))]);
      }
    });
  }
});
