import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Artifact } from '../../artifacts/artifact.js';
import { readAtlas } from '../../artifacts/atlas.js';
import { readBold } from '../../artifacts/bold.js';
import { type Grid, makeGrid, readImage, voxelCount, type WrittenDatatype, writeImage } from '../../artifacts/image.js';
import { readMask } from '../../artifacts/mask.js';
import { createPool, type Pool } from '../../numerics/pool.js';
import { glmStep } from '../../steps/glm/index.js';
import { resampleStep } from '../../steps/resample/index.js';
import { newFolder } from '../support/folders.js';
import { boldOf, groupMask, referenceRegressors } from '../support/haxby.js';
import { bytesOf, madeArtifact, runStep } from '../support/run-step.js';
import { describeShared } from '../support/shared.js';

let pool: Pool;
beforeAll(() => {
  pool = createPool(2);
});
afterAll(() => pool.close());

const gridOf = (dim: [number, number, number], step: number, origin = 0, spaceCode = 4) =>
  makeGrid(dim, [step, 0, 0, origin, 0, step, 0, origin, 0, 0, step, origin, 0, 0, 0, 1], spaceCode);
const coarse = gridOf([4, 4, 4], 3);
/** Every voxel of `coarse` cut in two along each axis. */
const fine = gridOf([8, 8, 8], 1.5, -0.75);

async function imageOf(
  type: 'mask' | 'atlas' | 'image' | 'bold',
  grid: Grid,
  values: ArrayLike<number>,
  datatype: WrittenDatatype = 'float32',
  labels?: string,
): Promise<Artifact> {
  const folder = await newFolder(type);
  const role = `${type === 'bold' ? 'image' : type}.nii.gz`;
  const file = path.join(folder, role);
  const data = Float64Array.from(values);
  const volumes = data.length / voxelCount(grid);
  const tr = type === 'bold' ? { tr: 1.5 } : {};
  await writeImage(file, { grid, volumes, data, datatype, ...tr, description: 'drawn' });
  const files: Record<string, string> = { [role]: file };
  if (labels) {
    files['labels.tsv'] = path.join(folder, 'labels.tsv');
    await writeFile(files['labels.tsv'], labels);
  }
  return madeArtifact(type, { files, meta: type === 'bold' ? { tr: 1.5, untrained: true } : {} }, `the ${type}`);
}

async function resample(image: Artifact, reference: Artifact | Artifact[], params: Record<string, unknown> = {}) {
  const inputs = { image, reference: [reference].flat() };
  const { outputs, notes } = await runStep(resampleStep, inputs, { kind: image.type, ...params }, { pool });
  return { made: outputs.resampled!, notes };
}

const counting = Float64Array.from({ length: 64 }, (_, i) => i);

describe('the step resample', () => {
  test('a mask on a finer grid keeps its shape: eight voxels for one', async () => {
    const mask = await imageOf(
      'mask',
      coarse,
      counting.map((i) => (i % 5 === 0 ? 2.5 : 0)),
    );
    const { made } = await resample(mask, await imageOf('image', fine, new Float64Array(512)));
    const found = await readMask(made.files['mask.nii.gz']!);
    expect(found.grid.dim).toEqual([8, 8, 8]);
    expect(found.voxels.length).toBe(13 * 8);
    for (const offset of found.voxels) {
      const [x, y, z] = [offset % 8, Math.floor(offset / 8) % 8, Math.floor(offset / 64)].map((n) => n >> 1);
      expect((x! + 4 * (y! + 4 * z!)) % 5).toBe(0);
    }
    expect((await readImage(made.files['mask.nii.gz']!)).data.every((value) => value === 0 || value === 1)).toBe(true);
  });

  test('a linear mask holds the voxels whose surroundings lie in it by half or more', async () => {
    const mask = await imageOf('mask', gridOf([4, 1, 1], 2), [0, 1, 1, 0]);
    const wanted = makeGrid([8, 1, 1], [1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1], 4);
    const { made } = await resample(mask, await imageOf('image', wanted, new Float64Array(8)), {
      interpolation: 'linear',
    });
    expect([...(await readMask(made.files['mask.nii.gz']!)).voxels]).toEqual([1, 2, 3, 4, 5]);
  });

  test('an atlas keeps its labels and its table; regions that get lost are named', async () => {
    const labels = 'index\tname\n1\tone\n2000000\tbig\n3\tthree\n9\tnever\n';
    const values = new Float64Array(512);
    // One voxel of the fine grid each: of a coarse voxel the one whose centre is next above it is read.
    values[0] = 1;
    values[1 + 8 * (1 + 8 * 1)] = 2000000;
    values[511] = 3;
    const atlas = await imageOf('atlas', fine, values, 'int32', labels);
    const { made, notes } = await resample(atlas, await imageOf('bold', coarse, new Float64Array(128)));
    const found = await readAtlas(made);
    expect(found.regions.map(({ name }) => name)).toEqual(['one', 'big', 'three', 'never']);
    expect([...new Set(found.labels)].sort((a, b) => a - b)).toEqual([0, 3, 2000000]);
    expect(notes).toEqual(['1 of 4 regions have no voxel on the new grid: one']);
  });

  test('an atlas that is not whole numbers, and linear labels, are errors', async () => {
    const atlas = await imageOf('atlas', fine, new Float64Array(512).fill(0.5), 'float32', 'index\tname\n1\tone\n');
    const reference = await imageOf('image', coarse, counting);
    await expect(resample(atlas, reference)).rejects.toThrow(/value 0.5 in the atlas/);
    expect(resampleStep.checkParams!({ kind: 'atlas', interpolation: 'linear' })).toHaveLength(1);
    expect(resampleStep.checkParams!({ kind: 'mask', interpolation: 'linear' })).toHaveLength(0);
  });

  test('every volume of a BOLD series is resampled, in order; TR and marks stay; the same bytes for 1 and 2 workers', async () => {
    const series = Float64Array.from({ length: 5 * 64 }, (_, i) => 10 * Math.floor(i / 64) + (i % 64) / 8);
    const bold = await imageOf('bold', coarse, series);
    const reference = await imageOf('image', fine, new Float64Array(512));
    const { made } = await resample(bold, reference);
    const { header, tr } = await readBold(made);
    expect([header.volumes, tr, header.tr, made.meta.untrained]).toEqual([5, 1.5, 1.5, true]);
    const data = Float64Array.from((await readImage(made.files['image.nii']!)).data);
    for (let volume = 0; volume < 5; volume++) {
      const mean = data.subarray(volume * 512, (volume + 1) * 512).reduce((sum, value) => sum + value / 512, 0);
      expect(mean).toBeCloseTo(10 * volume + 63 / 16, 4);
    }
    const single = createPool(1);
    const inputs = { image: bold, reference: [reference] };
    const { outputs } = await runStep(resampleStep, inputs, { kind: 'bold' }, { pool: single });
    await single.close();
    expect(await bytesOf(outputs.resampled!)).toEqual(await bytesOf(made));
  });

  test('an image on the grid already is passed on unchanged', async () => {
    const image = await imageOf('image', coarse, counting, 'float64');
    const { made, notes } = await resample(image, [await imageOf('mask', coarse, counting), image]);
    expect(await bytesOf(made)).toEqual(await bytesOf(image));
    expect(notes.join()).toContain('unchanged');
  });

  test('what lies outside is counted, and no overlap at all is an error', async () => {
    const image = await imageOf('image', coarse, counting);
    const shifted = await imageOf('image', gridOf([4, 4, 4], 3, 3), counting);
    const { made, notes } = await resample(image, shifted);
    expect(notes).toEqual([`${64 - 27} of 64 voxels of the reference lie outside the image; they are 0`]);
    expect((await readImage(made.files['image.nii.gz']!)).data[0]).toBe(1 + 4 * (1 + 4 * 1));
    const away = await imageOf('image', gridOf([4, 4, 4], 3, 300), counting);
    await expect(resample(image, away)).rejects.toThrow(/do not overlap[\s\S]*300/);
  });

  test('references on another grid are an error that describes both', async () => {
    const image = await imageOf('image', coarse, counting);
    const references = [image, await imageOf('image', fine, new Float64Array(512))];
    await expect(resample(image, references)).rejects.toThrow(/1.5 x 1.5 x 1.5[\s\S]*3 x 3 x 3[\s\S]*foreach/);
  });

  test('headers of different standard spaces are said in a note', async () => {
    const image = await imageOf('image', gridOf([4, 4, 4], 3, 0, 3), counting);
    const { notes } = await resample(image, await imageOf('image', fine, new Float64Array(512)));
    expect(notes.join()).toMatch(/Talairach space, that of the reference MNI 152/);
  });

  test('a mask that vanishes between the voxels is an error', async () => {
    const values = new Float64Array(512);
    values[0] = 1;
    const mask = await imageOf('mask', fine, values);
    const reference = await imageOf('image', coarse, counting);
    await expect(resample(mask, reference)).rejects.toThrow(/no voxel of the mask/);
  });
});

describeShared('a mask of another grid', () => {
  test('is refused by glm with the step that helps, which does', async () => {
    const bold = boldOf(1);
    const { grid } = (await readBold(bold)).header;
    // The same space in voxels half as long.
    const half = grid.affine.map((value, i) => (i % 4 === 3 || i > 11 ? value : value / 2));
    const corner = [0, 4, 8].map((row) => (half[row]! + half[row + 1]! + half[row + 2]!) / 2);
    for (const axis of [0, 1, 2]) half[4 * axis + 3]! -= corner[axis]!;
    const twice = grid.dim.map((length) => 2 * length) as [number, number, number];
    const finer = await imageOf('image', makeGrid(twice, half, 1), new Float64Array(8 * voxelCount(grid)));
    const { made: mask } = await resample(groupMask(), finer);
    const regressors = await referenceRegressors();
    const params = { confounds: 'none', noise: 'ols' };
    const run = (wired: Artifact) => runStep(glmStep, { bold, regressors, mask: wired }, params, { pool });
    await expect(run(mask)).rejects.toThrow(/another grid[\s\S]*"resample"/);
    const { made: back } = await resample(mask, bold);
    const due = (await readMask(groupMask().files['mask.nii.gz']!)).voxels;
    expect((await readMask(back.files['mask.nii.gz']!)).voxels).toEqual(due);
    await run(back);
  });
});
