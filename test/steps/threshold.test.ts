import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Artifact } from '../../artifacts/artifact.js';
import { makeGrid } from '../../artifacts/grid.js';
import { writeMaps } from '../../artifacts/maps.js';
import { readNpy } from '../../artifacts/npy.js';
import { numericColumn, readTable, textColumn } from '../../artifacts/table.js';
import { createPool, type Pool } from '../../numerics/pool.js';
import { thresholdStep } from '../../steps/threshold/index.js';
import { newFolder } from '../support/folders.js';
import { arrays, referenceGroupMaps } from '../support/reference-maps.js';
import { bytesOf, madeArtifact, runStep } from '../support/run-step.js';
import { describeShared } from '../support/shared.js';

/** Two maps of a line of eight voxels, 2 mm apart, that begins at x = -10 mm. */
async function lineMaps(statistics: Record<string, number[]>, facts: { df?: number; status?: string[] } = {}) {
  const [first] = Object.values(statistics);
  const voxels = 8;
  const rows = first!.length / voxels;
  const grid = makeGrid([voxels, 1, 1], [2, 0, 0, -10, 0, 2, 0, 5, 0, 0, 2, 7, 0, 0, 0, 1], 4);
  const produced = await writeMaps(await newFolder('line'), {
    kind: 'group',
    statistics: Object.fromEntries(
      Object.keys(statistics).map((name) => [name, { units: '1', ...(name === 't' && { df: facts.df ?? 10 }) }]),
    ),
    rows: Array.from({ length: rows }, (_, n) => ({
      name: `conv1_1/k${n + 1}`,
      layer: 'conv1_1',
      kernel: n + 1,
      status: facts.status?.[n] ?? 'fitted',
    })),
    mask: { grid, voxels: Int32Array.from({ length: voxels }, (_, n) => n) },
    maps: Object.fromEntries(Object.entries(statistics).map(([name, values]) => [name, Float64Array.from(values)])),
  });
  return madeArtifact('maps', produced, 'steps.group');
}

let pool: Pool;
beforeAll(() => {
  pool = createPool(2);
});
afterAll(() => pool.close());

async function threshold(maps: Artifact, params: Record<string, unknown> = {}) {
  const { outputs, notes } = await runStep(thresholdStep, { maps }, params, { pool });
  const { files, meta } = outputs.thresholded!;
  const array = async (role: string) => [...(await readNpy(files[role]!)).data];
  return {
    meta,
    notes,
    indptr: await array('indptr.npy'),
    voxel: await array('voxel.npy'),
    label: await array('label.npy'),
    table: await readTable(files['clusters.tsv']!),
  };
}

describe('threshold', () => {
  const values = [9, 9, 0, -9, -9, -9, 0, 9];

  it('keeps positive voxels by default, both signs when two-sided', async () => {
    const maps = await lineMaps({ t: values });
    const one = await threshold(maps);
    expect([one.voxel, one.label]).toEqual([
      [0, 1, 7],
      [1, 1, 2],
    ]);
    const two = await threshold(maps, { sides: 'two' });
    expect(two.voxel).toEqual([0, 1, 3, 4, 5, 7]);
    expect(two.label).toEqual([1, 1, -1, -1, -1, 2]);
  });

  it('writes size, volume, peak and centre of mass of each cluster in mm', async () => {
    const { table } = await threshold(await lineMaps({ t: [6, 9, 0, 0, 0, 0, 0, 0] }));
    const row = Object.fromEntries(table.columns.map((column, n) => [column, table.rows[0]![n]]));
    expect(row).toEqual({
      name: 'conv1_1/k1',
      layer: 'conv1_1',
      kernel: '1',
      cluster: '1',
      sign: '1',
      voxels: '2',
      volume_mm3: '16',
      peak: '9',
      i: '1',
      j: '0',
      k: '0',
      x: '-8',
      y: '5',
      z: '7',
      // (6 * -10 + 9 * -8) / 15
      centre_x: '-8.8',
      centre_y: '5',
      centre_z: '7',
    });
  });

  it('takes the quantile of t with the degrees of freedom of the maps, or of the normal distribution for z', async () => {
    // scipy.stats: t.isf(0.001, 10), t.isf(0.0005, 10), norm.isf(0.001)
    const maps = await lineMaps({ t: values, z: values }, { df: 10 });
    const heightOf = async (...of: Parameters<typeof threshold>) => (await threshold(...of)).meta.threshold;
    expect(await heightOf(maps)).toBeCloseTo(4.143700494046624, 12);
    expect(await heightOf(maps, { sides: 'two' })).toBeCloseTo(4.586893858702636, 12);
    expect(await heightOf(maps, { statistic: 'z' })).toBeCloseTo(3.090232306167813, 12);
  });

  it('takes a threshold in units of the statistic instead', async () => {
    const maps = await lineMaps({ effect: [1, 2, 3, 2, 1, 0, 3, 3] });
    const { voxel, meta } = await threshold(maps, { statistic: 'effect', value: 3 });
    expect(voxel).toEqual([2, 6, 7]);
    expect(meta).toMatchObject({ threshold: 3, p: null, df: null });
  });

  it('gives kernels that were not fitted no cluster and says how many there were', async () => {
    const maps = await lineMaps({ t: [...values, ...values] }, { status: ['constant', 'fitted'] });
    const { indptr, notes } = await threshold(maps);
    expect(indptr).toEqual([0, 0, 3]);
    expect(notes).toEqual(['1 of 2 kernels were left out of the fit and count as not activating']);
  });

  it('leaves out small clusters', async () => {
    expect((await threshold(await lineMaps({ t: values }), { min_extent: 2 })).voxel).toEqual([0, 1]);
  });

  it('names the statistics that the maps hold when it is asked for another', async () => {
    const maps = await lineMaps({ t: values, z: values });
    await expect(threshold(maps, { statistic: 'f', value: 1 })).rejects.toThrow(
      /no map of the statistic "f"[\s\S]*t, z/,
    );
  });

  it('asks for a value where p cannot give a threshold', () => {
    const check = (params: object) =>
      thresholdStep.checkParams!({
        statistic: 't',
        p: 0.001,
        sides: 'one',
        min_extent: 1,
        connectivity: 18,
        ...params,
      });
    expect(check({})).toEqual([]);
    expect(check({ statistic: 'effect' })[0]!.keys).toEqual(['statistic']);
    expect(check({ p: 0.6 })[0]!.keys).toEqual(['p']);
  });

  it('gives the same bytes on 1, 2 and 4 workers', async () => {
    // 60 maps of 80,000 voxels of float32 are two blocks of maps, of other lengths.
    const dim = [50, 40, 40] as const;
    const count = dim[0] * dim[1] * dim[2];
    const mask = {
      grid: makeGrid(dim, [3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1], 1),
      voxels: everyVoxel(count),
    };
    const t = Float32Array.from({ length: 60 * count }, (_, n) => 4 * Math.sin(n * 0.37) * Math.cos(n * 0.0113));
    const rows = Array.from({ length: 60 }, (_, n) => ({ name: `k${n}`, layer: 'A', kernel: n + 1 }));
    const facts = { kind: 'group', statistics: { t: { units: '1', df: 20 } }, rows, mask, maps: { t } } as const;
    const maps = madeArtifact('maps', await writeMaps(await newFolder('many'), facts));
    const digests = [];
    for (const threads of [1, 2, 4]) {
      const own = createPool(threads);
      const { outputs } = await runStep(thresholdStep, { maps }, { sides: 'two' }, { pool: own });
      digests.push(await bytesOf(outputs.thresholded!));
      await own.close();
    }
    expect(digests[1]).toEqual(digests[0]);
    expect(digests[2]).toEqual(digests[0]);
  });
});

function everyVoxel(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, n) => n);
}

describeShared('threshold against scipy.ndimage.label of the group maps', () => {
  let maps: Artifact;
  let reference: string[][];
  beforeAll(async () => {
    maps = await referenceGroupMaps();
    reference = (await readTable(path.join(arrays, 'group', 'clusters.tsv'))).rows;
  });

  const cases = [0.001, 0.01, 0.05].flatMap((p) =>
    (['one', 'two'] as const).flatMap((sides) => [6, 18, 26].map((connectivity) => ({ p, sides, connectivity }))),
  );
  it.each(cases)('gives the cluster table for p $p, $sides-sided, connectivity $connectivity', async (rule) => {
    const expected = reference
      .filter((row) => Number(row[1]) === rule.p && row[2] === (rule.sides === 'two' ? 'True' : 'False'))
      .filter((row) => Number(row[3]) === rule.connectivity)
      .map((row) => [row[0]!, ...row.slice(4)].map(Number));
    const { table } = await threshold(maps, rule);
    const columns = ['kernel', 'sign', 'voxels', 'i', 'j', 'k', 'x', 'y', 'z', 'peak'];
    const found = columns.map((name) => numericColumn(table, name, 'clusters.tsv'));
    expect(table.rows.length).toBe(expected.length);
    expect(textColumn(table, 'name', 'clusters.tsv')[0]).toBe(`k${String(expected[0]![0]).padStart(2, '0')}`);
    for (const [n, row] of expected.entries()) {
      // Counts, indices and peak values exactly; mm to the rounding of one product with the affine.
      for (const [c, value] of row.entries()) expect(found[c]![n]).toBeCloseTo(value, c >= 6 && c <= 8 ? 10 : 15);
    }
  });
});
