import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Artifact } from '../../artifacts/artifact.js';
import { readFit } from '../../artifacts/fit.js';
import { makeGrid, readVoxelSeries, writeImage } from '../../artifacts/image.js';
import { readMaps } from '../../artifacts/maps.js';
import { writeRegressors } from '../../artifacts/regressors.js';
import { cosineDrifts } from '../../numerics/drift.js';
import { createPool } from '../../numerics/pool.js';
import { contrastStep } from '../../steps/contrast/index.js';
import { glmStep } from '../../steps/glm/index.js';
import { groupStep } from '../../steps/group/index.js';
import { jointStep } from '../../steps/joint/index.js';
import { autoregressive } from '../support/fit-models.js';
import { newFolder } from '../support/folders.js';
import { bytesOf, madeArtifact, runStep } from '../support/run-step.js';
import { fitAtRho } from '../support/separate-fit.js';

const time = 60;
const grid = makeGrid([14, 14, 12], [3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1], 1);
const voxels = 14 * 14 * 12;
const kernels = autoregressive(8, time, 0.7, 4);

async function drawn(seed: number): Promise<Artifact> {
  const noise = autoregressive(voxels, time, 0.4, seed);
  const data = Float64Array.from(
    { length: voxels * time },
    (_, i) => 500 + 10 * noise[i % voxels]![Math.floor(i / voxels)]!,
  );
  const file = path.join(await newFolder('bold'), 'image.nii');
  await writeImage(file, { grid, volumes: time, data, datatype: 'float64', tr: 2, description: 'drawn' });
  return madeArtifact('bold', { files: { 'image.nii': file }, meta: { tr: 2 } }, `sub-${seed}`, `sub-${seed}`);
}

async function regressorsOf(columns: readonly Float64Array[]): Promise<Artifact> {
  const values = Float64Array.from(
    { length: time * columns.length },
    (_, i) => columns[i % columns.length]![Math.floor(i / columns.length)]!,
  );
  const made = {
    values,
    volumes: time,
    kernels: columns.map((_, i) => ({ name: `a/k${i + 1}`, layer: 'a', kernel: i + 1 })),
    tr: 2,
    model: 'given',
  };
  return madeArtifact('regressors', await writeRegressors(await newFolder('regressors'), made));
}

describe('noise: ar1, the default of glm', () => {
  let bold: Artifact;
  let regressors: Artifact;
  beforeAll(async () => {
    bold = await drawn(1);
    regressors = await regressorsOf(kernels);
  });

  test('every model is the generalised least squares of its voxel’s smoothed rho', async () => {
    const { outputs } = await runStep(glmStep, { bold, regressors }, { confounds: 'none' });
    const fit = await readFit(outputs.fit!);
    expect(fit.noise).toBe('ar1');
    const mean = fit.rho!.reduce((sum, value) => sum + value, 0) / fit.rho!.length;
    expect(Math.abs(mean - 0.4)).toBeLessThan(0.02);
    const sd = Math.sqrt(fit.rho!.reduce((sum, value) => sum + (value - mean) ** 2, 0) / fit.rho!.length);
    // One voxel's estimate has a standard deviation of about 0.15.
    expect(sd).toBeLessThan(0.08);
    const params = { statistics: ['effect', 'se', 't'], dtype: 'float64' };
    const maps = await readMaps((await runStep(contrastStep, { fit: outputs.fit! }, params)).outputs.maps!);
    const [effect, se] = [await maps.readRows('effect', 0, 8), await maps.readRows('se', 0, 8)];
    const nuisance = [new Float64Array(time).fill(1), ...cosineDrifts(time, 2, 128)];
    for (const v of [0, 77, 1500]) {
      const series = await readVoxelSeries(bold.files['image.nii']!, fit.mask.voxels.subarray(v, v + 1), {
        first: 0,
        count: time,
      });
      for (let k = 0; k < 8; k++) {
        const due = fitAtRho(Float64Array.from(series), kernels[k]!, nuisance, Math.round(100 * fit.rho![v]!) / 100);
        expect(Math.abs(effect[k * fit.voxels + v]! - due.effect) / due.se).toBeLessThan(1e-9);
        expect(Math.abs(se[k * fit.voxels + v]! / due.se - 1)).toBeLessThan(1e-9);
      }
    }
  });

  test('joint takes the rho of the fit: with one regressor it is the model of that kernel', async () => {
    const one = await regressorsOf(kernels.slice(0, 1));
    const { outputs } = await runStep(glmStep, { bold, regressors: one }, { confounds: 'none' });
    const params = { statistics: ['effect', 'se', 't'], dtype: 'float64' };
    const t = async (step: typeof contrastStep | typeof jointStep) => {
      const made = await runStep(step as typeof contrastStep, { fit: outputs.fit! }, params);
      return (await readMaps(made.outputs.maps!)).readRows('t', 0, 1);
    };
    const [own, joint] = [await t(contrastStep), await t(jointStep)];
    own.forEach((value, v) => {
      expect(joint[v]).toBeCloseTo(value, 8);
    });
  });

  test('without smoothing rho belongs to the kernel, and no map of it is kept', async () => {
    const { outputs } = await runStep(glmStep, { bold, regressors }, { confounds: 'none', ar1_smooth: 0 });
    expect((await readFit(outputs.fit!)).rho).toBeUndefined();
  });

  test.each([8, 0])('ar1_smooth %i: the same bits for 1, 2 and 4 workers', async (smooth) => {
    const second = await drawn(2);
    const results = [];
    for (const threads of [1, 2, 4]) {
      const pool = createPool(threads);
      const fits: Artifact[] = [];
      for (const image of [bold, second]) {
        const inputs = { bold: image, regressors };
        const { outputs } = await runStep(glmStep, inputs, { confounds: 'none', ar1_smooth: smooth }, { pool });
        fits.push({ ...outputs.fit!, label: image.label! });
      }
      const maps = await runStep(contrastStep, { fit: fits[0]! }, {}, { pool });
      const group = await runStep(groupStep, { fits }, {}, { pool });
      results.push([await bytesOf(fits[0]!), await bytesOf(maps.outputs.maps!), await bytesOf(group.outputs.maps!)]);
      await pool.close();
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });
});
