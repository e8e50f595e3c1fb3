import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Artifact } from '../../artifacts/artifact.js';
import { makeGrid, writeImage } from '../../artifacts/image.js';
import { readMaps } from '../../artifacts/maps.js';
import { writeRegressors } from '../../artifacts/regressors.js';
import { contrastStep } from '../../steps/contrast/index.js';
import { glmStep } from '../../steps/glm/index.js';
import { groupStep } from '../../steps/group/index.js';
import { autoregressive } from '../support/fit-models.js';
import { newFolder } from '../support/folders.js';
import { madeArtifact, runStep } from '../support/run-step.js';

/*
 * What must hold for every noise model, whatever the numbers, from the image to the maps. Of numerics/glm alone test/numerics
 * has the same for the models that are fitted voxel by voxel.
 */

const noises: readonly { readonly noise: string; readonly ar1_smooth?: number }[] = [
  { noise: 'ols' },
  { noise: 'ar1', ar1_smooth: 8 },
  { noise: 'ar1', ar1_smooth: 0 },
  { noise: 'ar1-nilearn' },
  { noise: 'spm' },
];

const dim = [6, 5, 4] as const;
const total = 120;

/** Series [voxel][time], regressors [kernel][time], confounds [column][time]; every voxel of the image is in the mask. */
interface Scan {
  readonly voxels: readonly Float64Array[];
  readonly kernels: readonly Float64Array[];
  readonly confounds: readonly Float64Array[];
  readonly mask?: readonly boolean[];
}

/** Series around 500 that respond to the kernels, so that `spm` has voxels to learn from. */
function scan(seed: number, { time = 70, kernels = 2, columns = 3 } = {}): Scan {
  const own = autoregressive(kernels, time, 0.7, seed);
  const voxels = autoregressive(total, time, 0.3, seed + 1).map((noise, v) =>
    noise.map((value, t) => 500 + 10 * value + 8 * own[v % kernels]![t]!),
  );
  return { voxels, kernels: own, confounds: autoregressive(columns, time, 0.9, seed + 2) };
}

type Maps = Record<'effect' | 'se' | 't', Float64Array>;

async function inputsOf({ voxels, kernels, confounds, mask }: Scan): Promise<Record<string, Artifact>> {
  const time = kernels[0]!.length;
  const size = voxels.length;
  const shape = (size === total ? [...dim] : [size, 1, 1]) as [number, number, number];
  const grid = makeGrid(shape, [3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1], 1);
  const folder = await newFolder('scan');
  const at = (name: string) => path.join(folder, name);
  const data = Float64Array.from({ length: size * time }, (_, i) => voxels[i % size]![Math.floor(i / size)]!);
  await writeImage(at('bold.nii'), { grid, volumes: time, data, datatype: 'float64', tr: 2, description: 'drawn' });
  const inside = Uint8Array.from(voxels, (_, v) => (mask?.[v] === false ? 0 : 1));
  await writeImage(at('mask.nii'), { grid, data: inside, datatype: 'uint8', description: 'mask' });
  const lines = [
    confounds.map((_, c) => `c${c}`),
    ...Array.from({ length: time }, (_, t) => confounds.map((c) => c[t]!)),
  ];
  await writeFile(at('confounds.tsv'), lines.map((line) => `${line.join('\t')}\n`).join(''));
  const values = Float64Array.from(
    { length: kernels.length * time },
    (_, i) => kernels[i % kernels.length]![Math.floor(i / kernels.length)]!,
  );
  const rows = kernels.map((_, k) => ({ name: `a/k${k + 1}`, layer: 'a', kernel: k + 1 }));
  const made = { values, volumes: time, kernels: rows, tr: 2, model: 'given' };
  return {
    bold: madeArtifact('bold', { files: { 'image.nii': at('bold.nii') }, meta: { tr: 2 } }, 'the image'),
    mask: madeArtifact('mask', { files: { 'mask.nii': at('mask.nii') } }, 'the mask'),
    confounds: madeArtifact('confounds', { files: { 'confounds.tsv': at('confounds.tsv') } }),
    regressors: madeArtifact('regressors', await writeRegressors(folder, made), 'the regressors'),
  };
}

/** [kernel, voxel] of all voxels of the image, NaN where nothing is fitted. */
async function fitted(drawn: Scan, noise: Record<string, unknown>): Promise<Maps & { notes: readonly string[] }> {
  const confounds = drawn.confounds.map((_, c) => `c${c}`);
  const { outputs, notes } = await runStep(glmStep, await inputsOf(drawn), { ...noise, high_pass: 60, confounds });
  const asked = { statistics: ['effect', 'se', 't'], dtype: 'float64' };
  const maps = await readMaps((await runStep(contrastStep, { fit: outputs.fit! }, asked)).outputs.maps!);
  const found: Partial<Maps> = {};
  for (const name of ['effect', 'se', 't'] as const) {
    const rows = await maps.readRows(name, 0, drawn.kernels.length);
    const whole = new Float64Array(drawn.kernels.length * drawn.voxels.length).fill(Number.NaN);
    rows.forEach((value, i) => {
      const [k, v] = [Math.floor(i / maps.voxels), i % maps.voxels];
      whole[k * drawn.voxels.length + maps.mask.voxels[v]!] = value;
    });
    found[name] = whole;
  }
  return { ...(found as Maps), notes };
}

/** Relative to the largest: sums in another order. */
function same(found: Float64Array, due: Float64Array, tolerance = 1e-9): void {
  const largest = due.reduce((most, value) => (Math.abs(value) > most ? Math.abs(value) : most), 0);
  expect(largest).toBeGreaterThan(0);
  found.forEach((value, i) => {
    if (Number.isNaN(due[i]!)) expect(value).toBeNaN();
    else expect(Math.abs(value - due[i]!) / largest).toBeLessThan(tolerance);
  });
}

const seeds = fc.integer({ min: 1, max: 1e6 });
const few = { numRuns: 4, seed: 11 };

describe.each(noises)('$noise, ar1_smooth $ar1_smooth', (noise) => {
  test('a confound in the span of the others, the drifts and the constant changes nothing', async () => {
    const weight = fc.double({ min: -5, max: 5, noNaN: true });
    await fc.assert(
      fc.asyncProperty(seeds, fc.array(weight, { minLength: 4, maxLength: 4 }), async (seed, weights) => {
        const drawn = scan(seed);
        const more = drawn.kernels[0]!.map((_, t) =>
          drawn.confounds.reduce((sum, column, c) => sum + weights[c]! * column[t]!, weights[3]!),
        );
        const [plain, wider] = [
          await fitted(drawn, noise),
          await fitted({ ...drawn, confounds: [...drawn.confounds, more] }, noise),
        ];
        for (const name of ['effect', 'se', 't'] as const) same(wider[name], plain[name]);
        if (weights.some((value) => value !== 0)) expect(wider.notes.join()).toContain('left out of the nuisance');
      }),
      few,
    );
  });

  test('scaling the image and the regressors scales effects as it must, and leaves t', async () => {
    const factor = fc.double({ min: 0.01, max: 100, noNaN: true });
    await fc.assert(
      fc.asyncProperty(seeds, factor, factor, async (seed, ofBold, ofKernel) => {
        const drawn = scan(seed);
        const scaled = await fitted(
          {
            ...drawn,
            voxels: drawn.voxels.map((series) => series.map((value) => value * ofBold)),
            kernels: drawn.kernels.map((series) => series.map((value) => value * ofKernel)),
          },
          noise,
        );
        const plain = await fitted(drawn, noise);
        // SPM scales the image to a grand mean of 100.
        const due = (noise.noise === 'spm' ? 1 : ofBold) / ofKernel;
        for (const name of ['effect', 'se'] as const) {
          same(
            scaled[name],
            plain[name].map((value) => value * due),
          );
        }
        same(scaled.t, plain.t);
      }),
      few,
    );
  });

  test('permuting voxels and kernels permutes the results', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const drawn = scan(seed);
        // Mirrored along x, so that neighbours stay neighbours for the smoothing of rho.
        const mirrored = (v: number) => v - (v % 6) + 5 - (v % 6);
        const turned = await fitted(
          {
            ...drawn,
            voxels: drawn.voxels.map((_, v) => drawn.voxels[mirrored(v)]!),
            kernels: [...drawn.kernels].reverse(),
          },
          noise,
        );
        const plain = await fitted(drawn, noise);
        for (const name of ['effect', 'se', 't'] as const) {
          same(
            turned[name],
            plain[name].map((_, i) => plain[name][(i < total ? total : 0) + mirrored(i % total)]!),
          );
        }
      }),
      few,
    );
  });

  test('a constant voxel and one that is NaN are as if they were not in the mask', async () => {
    await fc.assert(
      fc.asyncProperty(
        seeds,
        fc.integer({ min: 0, max: 58 }),
        fc.integer({ min: 60, max: 119 }),
        async (seed, a, b) => {
          const drawn = scan(seed);
          const voxels = drawn.voxels.map((series, v) =>
            v === a ? series.map(() => 500) : v === b ? series.map(() => Number.NaN) : series,
          );
          const holed = await fitted({ ...drawn, voxels }, noise);
          const without = await fitted({ ...drawn, voxels, mask: voxels.map((_, v) => v !== a && v !== b) }, noise);
          for (const name of ['effect', 'se', 't'] as const) {
            expect(holed[name][a]).toBeNaN();
            expect(holed[name][b]).toBeNaN();
            expect(holed[name].filter(Number.isNaN)).toHaveLength(4);
            same(holed[name], without[name]);
          }
        },
      ),
      few,
    );
  });

  test('one kernel, one voxel: the same as among others, or an error that says why', async () => {
    const drawn = scan(5, { kernels: 1 });
    const mask = drawn.voxels.map((_, v) => v === 17);
    if (noise.noise === 'spm') {
      // Its covariance is of the voxels that respond, and this one does not.
      await expect(fitted({ ...drawn, mask }, noise)).rejects.toThrow(/cannot be estimated: no voxel/);
      return;
    }
    const { t } = await fitted({ ...drawn, mask }, noise);
    const among = await fitted(drawn, noise);
    expect(t[17]).toBeGreaterThan(1);
    // A rho that is smoothed is that of the neighbours too.
    if (noise.ar1_smooth !== 8) {
      expect(Math.abs(t[17]! - among.t[17]!)).toBeLessThan(1e-9);
    }
  });

  test('one degree of freedom has a standard error; none is an error that counts the columns', async () => {
    // A constant and confounds: the kernel's column makes the last but one, and the last.
    const params = { ...noise, drift: 'none' };
    const due = (columns: number) => {
      const drawn = scan(3, { time: 20, kernels: 1, columns });
      const confounds = drawn.confounds.map((_, c) => `c${c}`);
      return inputsOf(drawn).then((inputs) => runStep(glmStep, inputs, { ...params, confounds }));
    };
    await expect(due(18)).rejects.toThrow(/no degrees of freedom: 20 volumes for 20 columns/);
    if (noise.noise === 'spm') return;
    const { outputs } = await due(17);
    const asked = { statistics: ['se', 't'], dtype: 'float64' };
    const maps = await readMaps((await runStep(contrastStep, { fit: outputs.fit! }, asked)).outputs.maps!);
    expect(maps.df).toBe(1);
    for (const value of await maps.readRows('se', 0, 1)) expect(value).toBeGreaterThan(0);
  });

  test('subjects in another order make the same group; one subject is an error', async () => {
    const fits: Artifact[] = [];
    for (const subject of [1, 2, 3, 4]) {
      // The film is common to all.
      const drawn = { ...scan(40 + subject), kernels: scan(40).kernels };
      const confounds = drawn.confounds.map((_, c) => `c${c}`);
      const { outputs } = await runStep(glmStep, await inputsOf(drawn), { ...noise, confounds });
      fits.push({ ...outputs.fit!, label: `sub-0${subject}` });
    }
    const tOf = async (order: readonly number[]) => {
      const inputs = { fits: order.map((s) => fits[s]!) };
      const { outputs } = await runStep(groupStep, inputs, { statistics: ['t'], dtype: 'float64' });
      return (await (await readMaps(outputs.maps!)).readRows('t', 0, 2)) as Float64Array;
    };
    same(await tOf([2, 0, 3, 1]), await tOf([0, 1, 2, 3]));
    await expect(tOf([1])).rejects.toThrow(/one subject \(sub-02\)/);
  });
});
