import { describe, expect, it } from 'vitest';
import { writeMaps } from '../../artifacts/maps.js';
import { compareSets, type RowDifference, type RowOverlap } from '../../compare/compare-sets.js';
import { mapSetsOf } from '../../compare/map-set.js';
import { clusterOverlap } from '../../numerics/cluster-overlap.js';
import { mapDifference } from '../../numerics/map-pair.js';
import { newFolder } from '../support/folders.js';
import { madeArtifact } from '../support/run-step.js';
import { lineGrid, thresholdedOf } from '../support/small-thresholded.js';

/** Anscombe (1973), American Statistician 27:17-21, data set I. */
const X = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5];
const Y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];

describe('the difference of two maps', () => {
  it('has the correlation that the literature gives, however large the values', () => {
    // R: cor(anscombe$x1, anscombe$y1).
    expect(mapDifference(X, Y).correlation).toBeCloseTo(0.81642051634484, 13);
    const far = Y.map((y) => y + 1e6);
    expect(mapDifference(X, far).correlation).toBeCloseTo(0.81642051634484, 9);
  });

  it('says how large it is and where, without what is not finite in either', () => {
    // Differences 1, -3, 2 in three voxels: mean 0, mean absolute 2, largest 3.
    const found = mapDifference([1, 5, Number.NaN, 0, 2], [2, 2, 1, Number.POSITIVE_INFINITY, 4]);
    expect(found).toMatchObject({ voxels: 3, maxAbsolute: 3, maxAt: 1, meanAbsolute: 2 });
    expect(found.mean).toBeCloseTo(0, 15);
  });

  it('has no correlation with a constant map', () => {
    expect(mapDifference([1, 1, 1], [1, 2, 3]).correlation).toBeNaN();
    expect(mapDifference([], [])).toMatchObject({ voxels: 0, maxAt: -1, meanAbsolute: 0 });
  });
});

describe('the overlap of what passed', () => {
  it('counts voxels of the same sign, clusters, and those that meet', () => {
    // a:  1 1 . 2 2 . . -1   b: . 1 1 1 . . 2 -1 with the last one positive in c
    const a = { voxel: [0, 1, 3, 4, 7], label: [1, 1, 2, 2, -1] };
    const b = { voxel: [1, 2, 3, 6, 7], label: [1, 1, 1, 2, -1] };
    expect(clusterOverlap(a, b)).toEqual({
      ...{ voxelsA: 5, voxelsB: 5, voxelsBoth: 3, dice: 0.6 },
      ...{ clustersA: 3, clustersB: 3, metA: 3, metB: 2 },
    });
    const c = { voxel: b.voxel, label: [1, 1, 1, 2, 3] };
    expect(clusterOverlap(a, c)).toMatchObject({ voxelsBoth: 2, dice: 0.4, metA: 2, metB: 1 });
    const none = { voxel: [], label: [] };
    expect(clusterOverlap(none, none).dice).toBeNaN();
    expect(clusterOverlap(a, none)).toMatchObject({ dice: 0, clustersB: 0, metA: 0 });
  });
});

describe('two sets of maps', () => {
  /** Maps of t on a line of 12 voxels, 2 mm apart, of which `voxels` are in the mask. */
  async function mapsOf(rows: Record<string, readonly number[]>, voxels: readonly number[]) {
    const produced = await writeMaps(await newFolder('maps'), {
      kind: 'group',
      statistics: { t: { units: '1', df: 7 }, p: { units: '1' } },
      rows: Object.keys(rows).map((name) => ({ name, layer: 'A', kernel: 1, status: 'fitted' })),
      mask: { grid: lineGrid(12), voxels: Int32Array.from(voxels) },
      maps: {
        t: Float64Array.from(Object.values(rows).flat()),
        p: new Float64Array(voxels.length * Object.keys(rows).length),
      },
    });
    return mapSetsOf(madeArtifact('maps', produced, 'steps.group'));
  }
  const names = { what: 'group', a: 'default', b: 'glover' };

  it('are compared by name, in the voxels that both masks have', async () => {
    const voxels = X.map((_, v) => v);
    const [a, ...more] = await mapsOf({ one: X, two: Y, gone: Y }, voxels);
    expect(more).toEqual([]);
    const [b] = await mapsOf({ two: [9, ...X.slice(1), 0], one: [1, ...Y.slice(1), 0] }, [...voxels, 11]);
    const found = await compareSets(a!, b!, names);
    expect(found).toMatchObject({ kind: 'values', statistic: 't', voxels: 11, onlyA: 0, onlyB: 1, missing: ['gone'] });
    const [one, two] = found.maps as RowDifference[];
    expect([one!.name, two!.name]).toEqual(['one', 'two']);
    // 10 became 1 in the first voxel, which lies at x = 0.
    expect(one).toMatchObject({ maxAbsolute: 9, maxMm: [0, 0, 0] });
    const outer = await mapsOf({ one: X.slice(2) }, voxels.slice(2));
    const inner = await compareSets(a!, outer[0]!, names);
    expect(inner).toMatchObject({ voxels: 9, onlyA: 2, onlyB: 0 });
    expect((inner.maps[0] as RowDifference).maxAbsolute).toBe(0);
    expect((inner.maps[0] as RowDifference).correlation).toBeCloseTo(1, 15);
  });

  it('of what passed are compared map by map', async () => {
    const a = await thresholdedOf([
      { layer: 'A', labels: [1, 1, 0, 2, 2, 0] },
      { layer: 'A', labels: [0, 0, 0, 0, 0, 0] },
    ]);
    const b = await thresholdedOf([
      { layer: 'A', labels: [0, 1, 1, 0, 0, 0] },
      { layer: 'A', labels: [0, 0, 0, 0, 0, -1] },
    ]);
    const [[x], [y]] = [await mapSetsOf(a), await mapSetsOf(b)];
    const { maps } = await compareSets(x!, y!, names);
    const [one, two] = maps as RowOverlap[];
    expect(one).toMatchObject({ name: 'A/k1', voxelsA: 4, voxelsB: 2, voxelsBoth: 1, clustersA: 2, clustersB: 1 });
    expect(one!.dice).toBeCloseTo(1 / 3, 15);
    expect(two).toMatchObject({ voxelsA: 0, voxelsB: 1, dice: 0, clustersB: 1, metB: 0 });
  });

  it('on different grids are refused', async () => {
    const [a] = await mapSetsOf(await thresholdedOf([{ layer: 'A', labels: [1, 0, 0] }]));
    const [b] = await mapSetsOf(await thresholdedOf([{ layer: 'A', labels: [1, 0] }]));
    await expect(compareSets(a!, b!, names)).rejects.toThrow(/group of glover is on another grid/);
  });
});
