import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { makeGrid } from '../../artifacts/grid.js';
import { writeImage } from '../../artifacts/image.js';
import { newFolder } from '../support/folders.js';
import { root } from '../support/shared.js';
import { voxreel } from './support/process.js';
import { writeStudy } from './support/study.js';

/** What is left of numbers near 1000 less 1000, and their order from high to low, for which equal ones have none. */
const STEP = `
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readImage } from ${JSON.stringify(path.join(root, 'dist', 'artifacts', 'image.js'))};
export default {
  version: 1,
  inputs: { bold: { type: 'bold', description: 'numbers near 1000' } },
  outputs: {
    rest: { type: 'file', description: 'a table' },
    order: { type: 'file', description: 'names' },
    mean: { type: 'file', description: 'a number' },
  },
  params: { type: 'object', properties: {} },
  async run({ inputs, workDir }) {
    const { data } = await readImage(Object.values(inputs.bold.files)[0]);
    const write = async (name, text) => {
      await writeFile(path.join(workDir, name), text);
      return { files: { file: path.join(workDir, name) } };
    };
    const values = [...data.slice(0, 8)];
    const order = values.map((_, v) => v).sort((a, b) => data[8 + b] - data[8 + a]).map((v) => 'abcdefgh'[v]);
    return {
      rest: await write('rest', values.map((value) => 'v ' + (value - 1000)).join('\\n')),
      order: await write('order', order.join(' ')),
      mean: await write('mean', 'm ' + data.reduce((sum, value) => sum + value, 0) / data.length),
    };
  },
};
`;
const STUDY = `voxreel: 1
name: small
inputs:
  bold: { type: bold, path: bold.nii.gz, tr: 2 }
  mask: { type: mask, path: mask.nii.gz }
steps:
  own: { uses: ./own.mjs, in: { bold: inputs.bold } }
  image: { uses: smooth, in: { image: inputs.bold }, with: { fwhm: 0 } }
outputs: { rest: steps.own.rest, order: steps.own.order, mean: steps.own.mean }
`;

let dir: string;
beforeEach(async () => {
  dir = await newFolder('perturb');
  const grid = makeGrid([2, 2, 2], [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1], 4);
  const data = Float32Array.from({ length: 16 }, (_, v) => (v < 8 ? 1000 + (v + 1) / 100 : 1000));
  await writeImage(path.join(dir, 'bold.nii.gz'), { grid, volumes: 2, tr: 2, datatype: 'float32', data });
  await writeImage(path.join(dir, 'mask.nii.gz'), { grid, datatype: 'uint8', data: new Uint8Array(8).fill(1) });
  await writeFile(path.join(dir, 'own.mjs'), STEP);
  await writeFile(path.join(dir, 'study.yaml'), STUDY);
});

describe('voxreel lock --perturb', () => {
  it('learns how far results move when the last digits of the inputs do', async () => {
    const { code, stdout, stderr } = await voxreel(dir, 'lock', 'study.yaml', '--perturb', '3');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('Noise, at most a unit in the last place of single precision, on inputs.bold.');
    expect(stdout).toContain('As they are: inputs.mask.');
    expect(stdout).toContain('Run 3 of 3 with noise');
    expect(stdout).not.toContain('removed by gc');
    expect(stdout).toMatch(/^rest +\S+ +0 +wider tolerance for 1 content$/m);
    expect(stdout).toMatch(/^order +0 +0 +names or shapes change, anything passes: file$/m);
    expect(stdout).toMatch(/^mean +\S+e-8 +0 +the default does$/m);

    const lock = JSON.parse(await readFile(path.join(dir, 'study.lock.json'), 'utf8'));
    expect(lock.learned).toEqual({ runs: 3, noiseOn: ['inputs.bold'] });
    const toleranceOf = (id: string) => lock.results[id].contents.file.tolerance;
    // A unit in the last place of 1000 is 6.1e-5: of 0.01 to 0.08 between 0.6 and 0.08 %, two thirds of them at a time. Root
    // mean square of all: 6.1e-5 * sqrt(2/3) * sqrt(mean(1/x²)) = 2.2e-3, by eight projections good to a factor of 2.
    expect(toleranceOf('own.rest').relative).toBeGreaterThan(1e-3);
    expect(toleranceOf('own.rest').relative).toBeLessThan(6e-3);
    expect(toleranceOf('own.order')).toMatchObject({ words: 'free' });
    expect(toleranceOf('own.mean')).toBeUndefined();
  });

  it('lets verify pass what only rounding moved, which the default does not', async () => {
    const plain = ['lock', 'study.yaml', '--lock', 'plain.json'];
    expect((await voxreel(dir, ...plain)).code).toBe(0);
    expect((await voxreel(dir, 'lock', 'study.yaml', '--perturb', '3')).code).toBe(0);
    // Another reader that rounds once more, in the sixth digit after the point.
    await writeFile(path.join(dir, 'own.mjs'), STEP.replace('value - 1000)', '+(value - 1000).toFixed(5))'));
    expect((await voxreel(dir, 'verify', 'study.yaml', '--lock', 'plain.json')).code).toBe(1);
    const { code, stdout } = await voxreel(dir, 'verify', 'study.yaml');
    expect(stdout).toMatch(/^rest +within tolerance/m);
    expect(code).toBe(0);
    // Not what is no rounding.
    await writeFile(path.join(dir, 'own.mjs'), STEP.replace('value - 1000)', 'value - 1000.01)'));
    expect((await voxreel(dir, 'verify', 'study.yaml')).code).toBe(1);
  });

  it('says when there is nothing to move', async () => {
    const study = await writeStudy();
    const { code, stderr } = await voxreel(study, 'lock', 'study.yaml', '--perturb', '2');
    expect(code).toBe(2);
    expect(stderr).toContain('no input of this study has numbers that `--perturb` could move');
  });
});
