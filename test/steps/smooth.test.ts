import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeGrid, readImage, readImageHeader, writeImage } from '../../artifacts/image.js';
import { createPool, type Pool } from '../../numerics/pool.js';
import { smoothVolume } from '../../numerics/smooth.js';
import { smoothStep } from '../../steps/smooth/index.js';
import { newFolder } from '../support/folders.js';
import { bytesOf, madeArtifact, runStep } from '../support/run-step.js';

let pool: Pool;
beforeAll(() => {
  pool = createPool(2);
});
afterAll(() => pool.close());

describe('the step smooth', () => {
  const dim = [7, 6, 5] as const;
  const grid = makeGrid(dim, [-2, 0, 0, 10, 0, 3, 0, -20, 0, 0, 4, 5, 0, 0, 0, 1], 4);
  const size = 210;

  async function bold(volumes: number, change: (data: Float64Array) => void = () => {}) {
    const data = Float64Array.from({ length: size * volumes }, (_, i) => ((i * 7919) % 1000) + Math.floor(i / size));
    change(data);
    const file = path.join(await newFolder('bold'), 'image.nii.gz');
    await writeImage(file, { grid, volumes, data, datatype: 'float64', tr: 1.5, description: 'drawn' });
    const meta = { tr: 1.5, untrained: true };
    return { data, artifact: madeArtifact('bold', { files: { 'image.nii.gz': file }, meta }, 'the image') };
  }

  test('every volume is smoothed, in order, and grid and TR stay', async () => {
    const { data, artifact } = await bold(9);
    const { outputs, notes } = await runStep(smoothStep, { image: artifact }, { fwhm: 6 }, { pool });
    const smoothed = await readImage(outputs.smoothed!.files['image.nii']!);
    expect(smoothed.header).toMatchObject({
      volumes: 9,
      tr: 1.5,
      datatype: 'float32',
      grid: { dim, affine: grid.affine },
    });
    for (let volume = 0; volume < 9; volume++) {
      const one = data.subarray(volume * size, (volume + 1) * size);
      const due = smoothVolume({ data: one, dim, voxelSize: [2, 3, 4], fwhm: 6 });
      // The file holds float32.
      due.forEach((value, i) => {
        expect(smoothed.data[volume * size + i]).toBe(Math.fround(value));
      });
    }
    expect(outputs.smoothed!.meta).toEqual({ tr: 1.5, untrained: true });
    expect(notes).toEqual([]);
  });

  test('the same bytes for 1 and 4 workers', async () => {
    const { artifact } = await bold(9);
    const results = [];
    for (const threads of [1, 4]) {
      const workers = createPool(threads);
      results.push(
        await bytesOf(
          (await runStep(smoothStep, { image: artifact }, { fwhm: 5 }, { pool: workers })).outputs.smoothed!,
        ),
      );
      await workers.close();
    }
    expect(results[1]).toEqual(results[0]);
  });

  test('0 mm passes the image on unchanged', async () => {
    const { artifact } = await bold(3);
    const { outputs } = await runStep(smoothStep, { image: artifact }, { fwhm: 0 }, { pool });
    expect(await bytesOf(outputs.smoothed!)).toEqual(await bytesOf(artifact));
  });

  test('values that are not finite are counted', async () => {
    const { artifact } = await bold(3, (data) => {
      data[5] = Number.NaN;
      data[size + 9] = Number.POSITIVE_INFINITY;
    });
    const { outputs, notes } = await runStep(smoothStep, { image: artifact }, { fwhm: 4 }, { pool });
    expect(notes).toEqual(['2 values were NaN or infinite and counted as 0']);
    const { data } = await readImage(outputs.smoothed!.files['image.nii']!);
    expect(data.every(Number.isFinite)).toBe(true);
    expect((await readImageHeader(outputs.smoothed!.files['image.nii']!)).volumes).toBe(3);
  });
});
