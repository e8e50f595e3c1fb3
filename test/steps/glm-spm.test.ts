import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Artifact } from '../../artifacts/artifact.js';
import { readFit } from '../../artifacts/fit.js';
import { makeGrid, readVoxelSeries, writeImage } from '../../artifacts/image.js';
import { readMaps } from '../../artifacts/maps.js';
import { maskVoxels, readMask } from '../../artifacts/mask.js';
import { writeRegressors } from '../../artifacts/regressors.js';
import { spmComponents, spmReml } from '../../numerics/glm/spm-reml.js';
import { whitening } from '../../numerics/glm/spm-task.js';
import { toeplitz } from '../../numerics/glm/toeplitz.js';
import { orthonormalBasis } from '../../numerics/orthonormal.js';
import { createPool } from '../../numerics/pool.js';
import { contrastStep } from '../../steps/contrast/index.js';
import { glmStep } from '../../steps/glm/index.js';
import { autoregressive } from '../support/fit-models.js';
import { newFolder } from '../support/folders.js';
import { bytesOf, madeArtifact, runStep } from '../support/run-step.js';
import { describeShared, shared } from '../support/shared.js';

const crop = path.join(shared, 'reference/spm/crop');
const time = 163;

/** Rows of numbers of a text file. */
async function rowsOf(file: string): Promise<number[][]> {
  const text = await readFile(path.join(crop, file), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
}

const flat = (rows: readonly ArrayLike<number>[]) => Float64Array.from(rows.flatMap((row) => Array.from(row)));

function furthest(found: ArrayLike<number>, due: ArrayLike<number>): number {
  expect(found.length).toBe(due.length);
  let most = 0;
  for (let i = 0; i < due.length; i++) most = Math.max(most, Math.abs(found[i]! - due[i]!));
  return most;
}

async function regressorsOf(
  columns: readonly ArrayLike<number>[],
  basis?: readonly string[],
  tr = 2,
): Promise<Artifact> {
  const volumes = columns[0]!.length;
  const values = Float64Array.from(
    { length: volumes * columns.length },
    (_, i) => columns[i % columns.length]![Math.floor(i / columns.length)]!,
  );
  const kernels = columns.map((_, i) =>
    basis
      ? { name: `a/k1_${basis[i]}`, layer: 'a', kernel: 1, basis: basis[i]! }
      : { name: `a/k${i + 1}`, layer: 'a', kernel: i + 1 },
  );
  const made = { values, volumes, kernels, tr, model: 'given' };
  return madeArtifact('regressors', await writeRegressors(await newFolder('regressors'), made));
}

describeShared('noise: spm equals SPM12 on its crop', () => {
  const bold = madeArtifact('bold', { files: { 'image.nii': path.join(crop, 'input/bold.nii') }, meta: { tr: 2 } });
  const mask = madeArtifact('mask', { files: { 'mask.nii': path.join(crop, 'input/mask.nii') } });

  /** The model with some of the 25 columns as those of a kernel and the others as confounds: the same model for SPM. */
  async function fitOf(...kernel: number[]) {
    const columns = await rowsOf('input/multi_reg.txt');
    const others = columns[0]!.map((_, c) => c).filter((c) => !kernel.includes(c));
    const file = path.join(await newFolder('confounds'), 'confounds.tsv');
    const lines = [others.map((c) => `c${c}`), ...columns.map((row) => others.map((c) => row[c]!))];
    await writeFile(file, lines.map((line) => `${line.join('\t')}\n`).join(''));
    const confounds = madeArtifact('confounds', { files: { 'confounds.tsv': file } });
    const regressors = await regressorsOf(
      kernel.map((c) => columns.map((row) => row[c]!)),
      kernel.length > 1 ? ['canonical', 'time', 'dispersion'] : undefined,
    );
    const params = { noise: 'spm', confounds: others.map((c) => `c${c}`) };
    return runStep(glmStep, { bold, mask, confounds, regressors }, params);
  }

  async function image(name: string, voxels: Int32Array): Promise<Float64Array> {
    return readVoxelSeries(path.join(crop, 'spm', name), voxels, { first: 0, count: 1 });
  }

  test.each([0, 1, 7, 24])('column %i: mask, beta, ResMS, degrees of freedom', async (kernel) => {
    const { outputs } = await fitOf(kernel);
    const fit = await readFit(outputs.fit!);
    const due = await readMask(path.join(crop, 'spm/mask.nii'));
    expect([...fit.mask.voxels]).toEqual([...due.voxels]);
    // scalars.txt: erdf.
    expect(fit.df).toBeCloseTo(131.9999999997, 9);
    const made = await runStep(
      contrastStep,
      { fit: outputs.fit! },
      { statistics: ['effect', 't', 'residual_variance'], dtype: 'float64' },
    );
    const maps = await readMaps(made.outputs.maps!);
    const beta = await image(`beta_${String(kernel + 1).padStart(4, '0')}.nii`, due.voxels);
    // SPM stores beta and t as float32, whose rounding is 6e-8 of a value.
    const largest = Math.max(...beta.map(Math.abs));
    expect(furthest(await maps.readRows('effect', 0, 1), beta) / largest).toBeLessThan(6e-8);
    // ResMS is float64; 1e-12 is what an independent recomputation differs by, and some rounding more.
    const residual = await image('ResMS.nii', due.voxels);
    const found = await maps.readRows('residual_variance', 0, 1);
    expect(Math.max(...found.map((value, v) => Math.abs(value / residual[v]! - 1)))).toBeLessThan(1e-11);
    if (kernel > 0) return;
    const t = await image('spmT_0001.nii', due.voxels);
    expect(furthest(await maps.readRows('t', 0, 1), t)).toBeLessThan(1e-6);
  });

  test('a kernel with three columns: effects, ResMS, t', async () => {
    const kernel = [0, 3, 19];
    const { outputs } = await fitOf(...kernel);
    const due = await readMask(path.join(crop, 'spm/mask.nii'));
    const basis = ['canonical', 'time', 'dispersion'];
    const statistics = ['effect', 'se', 't', 'residual_variance'];
    const made = await runStep(contrastStep, { fit: outputs.fit! }, { statistics, basis, dtype: 'float64' });
    const maps = await readMaps(made.outputs.maps!);
    const residual = await image('ResMS.nii', due.voxels);
    const covariance = await rowsOf('spm_params/Bcov.txt');
    for (const [row, column] of kernel.entries()) {
      const beta = await image(`beta_${String(column + 1).padStart(4, '0')}.nii`, due.voxels);
      const largest = Math.max(...beta.map(Math.abs));
      expect(furthest(await maps.readRows('effect', row, row + 1), beta) / largest).toBeLessThan(6e-8);
      const found = await maps.readRows('residual_variance', row, row + 1);
      expect(Math.max(...found.map((value, v) => Math.abs(value / residual[v]! - 1)))).toBeLessThan(1e-11);
      // SPM's variance of a contrast of one column: ResMS times its place on the diagonal of Bcov.
      const se = await maps.readRows('se', row, row + 1);
      const own = residual.map((value) => Math.sqrt(value * covariance[column]![column]!));
      expect(Math.max(...se.map((value, v) => Math.abs(value / own[v]! - 1)))).toBeLessThan(1e-10);
    }
    const t = await image('spmT_0001.nii', due.voxels);
    expect(furthest(await maps.readRows('t', 0, 1), t)).toBeLessThan(1e-6);
  });

  test('components, ReML weights, V and W', async () => {
    const row = async (name: string) => (await rowsOf(`spm_params/${name}.txt`))[0]!;
    const [first, second] = spmComponents(time);
    expect(furthest(toeplitz(first, time).subarray(0, time), await row('Vi1'))).toBeLessThan(1e-14);
    expect(furthest(toeplitz(second, time).subarray(0, time), await row('Vi2'))).toBeLessThan(1e-14);
    const design = [...transposedRows(await rowsOf('spm_params/X_design_raw.txt'))];
    const filter = transposedRows(await rowsOf('spm_params/X0_dct.txt'));
    const columns = [design.at(-1)!, ...filter, ...design.slice(0, -1)].map((column) => Float64Array.from(column));
    const { rows: basis, rank } = orthonormalBasis(columns, time);
    const scatter = flat(await rowsOf('spm_params/xVi_Cy.txt'));
    const found = (await spmReml(scatter, basis, rank, time))!;
    const weights = (await rowsOf('spm_params/xVi_h.txt')).flat();
    // The pooled scatter is about the mean of the series, 1e4 times the noise: its rounding is what is left.
    expect(furthest(found.weights, weights)).toBeLessThan(1e-10);
    const others = flat([design.at(-1)!, ...design.slice(0, -1)]);
    const made = await whitening({ scatter, basis, rank, time, filter: flat(filter), others });
    if (!made.weights) throw new Error('no estimate');
    expect(furthest(toeplitz(made.lags, time), (await rowsOf('spm_params/xVi_V.txt')).flat())).toBeLessThan(1e-10);
    expect(furthest(made.matrix, (await rowsOf('spm_params/W.txt')).flat())).toBeLessThan(1e-10);
    expect(made.rank).toBe(31);
  });
});

function transposedRows(rows: number[][]): number[][] {
  return rows[0]!.map((_, c) => rows.map((row) => row[c]!));
}

describe('noise: spm', () => {
  const volumes = 60;
  const grid = makeGrid([12, 12, 4], [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1], 1);
  const voxels = 12 * 12 * 4;
  const kernels = autoregressive(6, volumes, 0.7, 4);

  async function drawn({ effect = 1, mean = 500 }: { effect?: number; mean?: number } = {}): Promise<Artifact> {
    const noise = autoregressive(voxels, volumes, 0.3, 5);
    const data = Float64Array.from({ length: voxels * volumes }, (_, i) => {
      const [v, t] = [i % voxels, Math.floor(i / voxels)];
      return mean + 10 * noise[v]![t]! + 10 * effect * kernels[v % 3]![t]!;
    });
    const file = path.join(await newFolder('bold'), 'image.nii');
    await writeImage(file, { grid, volumes, data, datatype: 'float64', tr: 2, description: 'drawn' });
    return madeArtifact('bold', { files: { 'image.nii': file }, meta: { tr: 2 } }, 'the image');
  }

  test('the same bits for 1, 2 and 4 workers, with many kernels', async () => {
    const inputs = { bold: await drawn(), regressors: await regressorsOf(kernels) };
    const results = [];
    for (const threads of [1, 2, 4]) {
      const pool = createPool(threads);
      const { outputs } = await runStep(glmStep, inputs, { noise: 'spm', confounds: 'none' }, { pool });
      const maps = await runStep(contrastStep, { fit: outputs.fit! }, {}, { pool });
      results.push([await bytesOf(outputs.fit!), await bytesOf(maps.outputs.maps!)]);
      await pool.close();
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  test('a kernel that is a combination of the others has the fit that it would have without them', async () => {
    const bold = await drawn();
    const both = kernels[0]!.map((value, t) => value + kernels[1]![t]!);
    const effects = async (columns: Float64Array[], kernel: number) => {
      const inputs = { bold, regressors: await regressorsOf(columns) };
      const { outputs } = await runStep(glmStep, inputs, { noise: 'spm', confounds: 'none' });
      const made = await runStep(contrastStep, { fit: outputs.fit! }, { statistics: ['t'], dtype: 'float64' });
      return (await readMaps(made.outputs.maps!)).readRows('t', kernel, kernel + 1);
    };
    const three = await effects([kernels[0]!, kernels[1]!, both], 0);
    const two = await effects([kernels[0]!, kernels[1]!], 0);
    // The components of three and of two regressors span the same plane.
    expect(furthest(three, two)).toBeLessThan(1e-9);
  });

  test('effects are in percent of the grand mean, whatever the image is scaled by', async () => {
    const regressors = await regressorsOf([kernels[0]!]);
    const effect = async (bold: Artifact) => {
      const { outputs, notes } = await runStep(glmStep, { bold, regressors }, { noise: 'spm', confounds: 'none' });
      expect(notes.join()).toContain(`${voxels} voxels are above 0.8`);
      const made = await runStep(contrastStep, { fit: outputs.fit! }, { statistics: ['effect'], dtype: 'float64' });
      return (await readMaps(made.outputs.maps!)).readRows('effect', 0, 1);
    };
    const plain = Array.from(await effect(await drawn()));
    expect(plain.reduce((sum, value) => sum + value, 0) / plain.length).toBeGreaterThan(0.3);
    const file = path.join(await newFolder('bold'), 'image.nii');
    const source = await drawn();
    const series = await readVoxelSeries(source.files['image.nii']!, maskVoxels(new Uint8Array(voxels).fill(1)), {
      first: 0,
      count: volumes,
    });
    const data = Float64Array.from(
      { length: series.length },
      (_, i) => 7 * series[(i % voxels) * volumes + Math.floor(i / voxels)]!,
    );
    await writeImage(file, { grid, volumes, data, datatype: 'float64', tr: 2, description: 'seven times' });
    const scaled = madeArtifact('bold', { files: { 'image.nii': file }, meta: { tr: 2 } }, 'the image');
    expect(furthest(await effect(scaled), plain)).toBeLessThan(1e-9);
  });

  test('an image without a mean, and one without effects, are errors that say what to do', async () => {
    const regressors = await regressorsOf(kernels);
    const params = { noise: 'spm', confounds: 'none' };
    const demeaned = { bold: await drawn({ mean: 0 }), regressors };
    await expect(runStep(glmStep, demeaned, params)).rejects.toThrow(/0.8 of the global mean[\s\S]*noise: ar1/);
    const few = madeArtifact('mask', { files: { 'mask.nii': await oneVoxel() } });
    const silent = { bold: await drawn({ effect: 0 }), regressors: await regressorsOf(kernels.slice(4)), mask: few };
    await expect(runStep(glmStep, silent, params)).rejects.toThrow(/no voxel of the image responds[\s\S]*noise: ar1/);
  });

  async function oneVoxel(): Promise<string> {
    const file = path.join(await newFolder('mask'), 'mask.nii');
    const data = new Uint8Array(voxels).fill(0).with(17, 1);
    await writeImage(file, { grid, data, datatype: 'uint8', description: 'one voxel' });
    return file;
  }
});
