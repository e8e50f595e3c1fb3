import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ResolvedInput } from '../../artifacts/artifact.js';
import { makeGrid } from '../../artifacts/grid.js';
import { readImage, writeImage } from '../../artifacts/image.js';
import { readNpy, writeNpy } from '../../artifacts/npy.js';
import type { ResolvedInputs } from '../../engine/workflow.js';
import { perturbInputs } from '../../proof/perturb-inputs.js';
import { newFolder } from '../support/folders.js';

const grid = makeGrid([5, 6, 7], [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1], 4);
const values = Float64Array.from({ length: 210 }, (_, i) => (i === 3 ? 0 : 900 + (i % 100)));

async function inputsOf(dir: string): Promise<ResolvedInputs> {
  const at = (name: string) => path.join(dir, name);
  await writeImage(at('bold.nii.gz'), { grid, datatype: 'int16', data: Int16Array.from(values) });
  await writeImage(at('mask.nii.gz'), { grid, datatype: 'uint8', data: new Uint8Array(210).fill(1) });
  await writeFile(at('series.tsv'), 'one\t2.5\nn/a\t0.125\n3\t-1e-3\n"x"\t4.0\n');
  await writeNpy(at('series.npy'), [2, 2], Float64Array.from([0.1, 2, Number.NaN, 1e9 / 7]));
  const input = (type: string, role: string, file = role): ResolvedInput => ({
    type,
    files: { [role]: at(file) },
    meta: { tr: 2 },
    origin: file,
  });
  const bold = input('bold', 'image.nii.gz', 'bold.nii.gz');
  return new Map<string, ResolvedInput | { label: string; entities: object; ports: object }[]>([
    ['bold', [{ label: 'sub-01', entities: {}, ports: { bold, mask: input('mask', 'mask.nii.gz') } }]],
    ['again', bold],
    ['table', input('series', 'series.tsv')],
    ['array', input('series', 'series.npy')],
  ]) as ResolvedInputs;
}

async function perturbed(seed: number) {
  const [dir, copies] = [await newFolder('inputs'), await newFolder('copies')];
  const before = await inputsOf(dir);
  const after = await perturbInputs(before, copies, seed);
  const own = (inputs: ResolvedInputs, name: string) => inputs.get(name) as ResolvedInput;
  const [[item]] = [after.get('bold') as readonly { ports: Record<string, ResolvedInput> }[]];
  return { dir, before, after, item: item!, own };
}

describe('noise on inputs', () => {
  test('moves every voxel other than 0 by at most a unit in the last place of single precision', async () => {
    const { item, after, own } = await perturbed(1);
    const bold = item.ports.bold!;
    expect(bold).toMatchObject({ type: 'bold', meta: { tr: 2 }, origin: 'bold.nii.gz' });
    const { data, header } = await readImage(bold.files['image.nii.gz']!);
    expect(header.grid).toEqual(grid);
    expect(data[3]).toBe(0);
    // Of a thousand, whose last place is 2^-14 in single precision.
    const steps = values.map((value, v) => (data[v]! - value) / 2 ** -14);
    expect(new Set(steps)).toEqual(new Set([-1, 0, 1]));
    expect(steps.filter((step) => step !== 0).length).toBeGreaterThan(100);
    // A file that two inputs name is one file still.
    expect(own(after, 'again').files).toEqual(bold.files);
  });

  test('leaves masks, whole numbers and words as they are', async () => {
    const { dir, item, after, own } = await perturbed(1);
    expect(item.ports.mask!.files['mask.nii.gz']).toBe(path.join(dir, 'mask.nii.gz'));
    const texts = await Promise.all(
      [1, 2, 3, 4].map(async (seed) => {
        const table = seed === 1 ? own(after, 'table') : own((await perturbed(seed)).after, 'table');
        return readFile(table.files['series.tsv']!, 'utf8');
      }),
    );
    for (const text of texts) expect(text).toMatch(/^one\t2\.5\nn\/a\t0\.12\d+\n3\t(-1e-3|-0\.00\d+)\n"x"\t4\.0\n$/);
    expect(new Set(texts).size).toBeGreaterThan(1);
    const { data } = await readNpy(own(after, 'array').files['series.npy']!);
    expect([data[1], data[2]]).toEqual([2, Number.NaN]);
    expect(Math.abs(data[3]! / (1e9 / 7) - 1)).toBeLessThan(1.3e-7);
  });

  test('is the same for the same seed', async () => {
    const bytes = async (seed: number) =>
      (await readFile((await perturbed(seed)).item.ports.bold!.files['image.nii.gz']!)).toString('base64');
    expect(await bytes(2)).toBe(await bytes(2));
    expect(await bytes(2)).not.toBe(await bytes(3));
  });
});
