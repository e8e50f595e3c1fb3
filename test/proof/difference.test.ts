import { describe, expect, test } from 'vitest';
import type { Artifact } from '../../artifacts/artifact.js';
import { writeMaps } from '../../artifacts/maps.js';
import { differencesOf } from '../../proof/difference.js';
import { lockedValue } from '../../proof/make-lock.js';
import { newFolder } from '../support/folders.js';
import { madeArtifact } from '../support/run-step.js';
import { lineGrid, type SmallMap, thresholdedOf } from '../support/small-thresholded.js';

const map = (...labels: number[]): SmallMap => ({ layer: 'A', labels });

async function difference(a: Artifact, b: Artifact, name: string) {
  return (await differencesOf(await lockedValue({ id: 'x.y', artifact: a }), a, b, [name]))?.[0];
}

async function mapsOf(rows: readonly (readonly number[])[], voxels: readonly number[]): Promise<Artifact> {
  const produced = await writeMaps(await newFolder('maps'), {
    kind: 'group',
    statistics: { t: { units: '1', df: 7 }, p: { units: '1' } },
    rows: rows.map((_, k) => ({ name: `A/k${k + 1}`, layer: 'A', kernel: k + 1, status: 'fitted' })),
    mask: { grid: lineGrid(12), voxels: Int32Array.from(voxels) },
    maps: { t: Float32Array.from(rows.flat()), p: Float64Array.from(rows.flat(), () => 0.5) },
  });
  return madeArtifact('maps', produced);
}

describe('what passed a threshold', () => {
  test('is compared map by map, also where one of them has nothing and where signs differ', async () => {
    // 2 mm apart. First map: 2 of 4 and 5 shared. Second: only in b. Third: the other sign. Fourth: only in a.
    const a = await thresholdedOf([map(1, 1, 0, 2, 2), map(0, 0, 0, 0, 0), map(0, 1, 0, 0, 0), map(0, 0, 0, 0, 3)]);
    const b = await thresholdedOf([map(0, 1, 1, 1, 0), map(0, 1, 0, 0, 0), map(0, -1, 0, 0, 0), map(0, 0, 0, 0, 0)]);
    const found = (await difference(a, b, 'passed'))!;
    expect(found.passed).toEqual({ locked: 6, found: 5, vanished: 4, appeared: 3, dice: 4 / 11 });
    expect(found.numbers).toMatchObject({ compared: 2, differing: 0 });
    // Of equal heights the first voxel is the peak: 0 and 1 in the first map, the same one in the third.
    expect(found.peaks).toEqual({ maps: 2, moved: 1, farthest: 2, where: 'A/k1' });
  });

  test('is alike where nothing passed', async () => {
    const none = await thresholdedOf([map(0, 0, 0)]);
    const found = (await difference(none, none, 'passed'))!;
    expect(found).toMatchObject({ passed: { locked: 0, found: 0, dice: 1 }, peaks: { maps: 0 } });
  });
});

describe('maps', () => {
  const voxels = [1, 2, 5, 9];

  test('say where their peaks were and are, by absolute height and without what is not finite', async () => {
    const a = await mapsOf(
      [
        [1, -7, 2, 3],
        [4, 1, 1, 1],
        [Number.NaN, 0, 0, 0],
      ],
      voxels,
    );
    const b = await mapsOf(
      [
        [1, -7, 2, 9],
        [4, 1, Number.NaN, 1],
        [1, 0, 0, 0],
      ],
      voxels,
    );
    const found = (await difference(a, b, 't.npy'))!;
    // From voxel 2 to voxel 9, at 2 mm each.
    expect(found.peaks).toEqual({ maps: 2, moved: 1, farthest: 14, where: 'A/k1' });
    expect(found.numbers).toMatchObject({ compared: 10, differing: 1, unpaired: 2, maxAbsolute: 6 });
    expect(found.numbers!.largest).toEqual({ where: 'A/k1 at (18, 0, 0) mm', locked: 3, found: 9 });
    // p follows from t: nobody asks for its peaks.
    expect((await difference(a, b, 'p.npy'))!.peaks).toBeUndefined();
  });

  test('in other voxels are not compared, though they are as many', async () => {
    const [a, b] = [await mapsOf([[1, 2, 3, 4]], voxels), await mapsOf([[1, 2, 3, 4]], [1, 2, 5, 8])];
    expect(await difference(a, b, 't.npy')).toEqual({ name: 't.npy', kind: 'array' });
  });

  test('that are not those of the lock are not compared', async () => {
    const [a, b] = [await mapsOf([[1, 2, 3, 4]], voxels), await mapsOf([[1, 2, 3, 5]], voxels)];
    expect(await differencesOf(await lockedValue({ id: 'x.y', artifact: a }), b, b, ['t.npy'])).toBeUndefined();
  });
});
