import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { makeGrid } from '../../artifacts/grid.js';
import { writeImage } from '../../artifacts/nifti-write.js';
import { writeNpy } from '../../artifacts/npy.js';
import { contentsOf } from '../../proof/contents.js';
import { type Fingerprint, fingerprintOf } from '../../proof/fingerprint.js';
import { DEFAULT_TOLERANCE, judge } from '../../proof/judge.js';
import { splitNumbers } from '../../proof/split-numbers.js';
import { tempFolder } from '../support/folders.js';

const folder = tempFolder();

async function fingerprint(role: string, file: string, type = 'bold'): Promise<Fingerprint> {
  const [content] = await contentsOf({ type, files: { [role]: file }, meta: {} });
  return fingerprintOf(content!);
}

async function image(name: string, change: (values: Float32Array) => void = () => {}, shift = 0): Promise<string> {
  const grid = makeGrid([5, 6, 7], [2, 0, 0, shift, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1], 4);
  const data = Float32Array.from({ length: 5 * 6 * 7 }, (_, i) => Math.sin(i) + 3);
  change(data);
  await writeImage(folder.at(name), { grid, datatype: 'float32', data });
  return folder.at(name);
}

describe('the fingerprint of an image', () => {
  test('does not depend on compression, nor on the description in the header', async () => {
    const packed = await image('a.nii.gz');
    const plain = gunzipSync(await readFile(packed));
    plain.write('another program', 148);
    await writeFile(folder.at('plain.nii'), plain);
    await writeFile(folder.at('fast.nii.gz'), gzipSync(plain, { level: 1 }));
    const first = await fingerprint('image.nii.gz', packed);
    expect(await fingerprint('image.nii.gz', folder.at('fast.nii.gz'))).toEqual(first);
    expect(await fingerprint('image.nii.gz', folder.at('plain.nii'))).toEqual(first);
  });

  test('is another one for another affine and for one other value', async () => {
    const first = await fingerprint('image.nii.gz', await image('a.nii.gz'));
    const moved = await fingerprint('image.nii.gz', await image('moved.nii.gz', undefined, 1e-3));
    expect(judge(first, moved, DEFAULT_TOLERANCE)).toMatchObject({ status: 'different' });
    const changed = await fingerprint(
      'image.nii.gz',
      await image('changed.nii.gz', (values) => {
        values[17]! += 0.5;
      }),
    );
    expect(changed.form).toBe(first.form);
    const verdict = judge(first, changed, DEFAULT_TOLERANCE);
    expect(verdict.status).toBe('different');
    // One of 210 values is off by 0.5, the standard deviation is that of a sine; a sketch of one value is exact.
    expect(verdict.distance!.relative).toBeCloseTo(0.5 / Math.sqrt(210) / first.sd, 6);
    expect(first.sd).toBeCloseTo(Math.SQRT1_2, 1);
  });

  test('takes rounding of the last digit of single precision for rounding', async () => {
    const first = await fingerprint('image.nii.gz', await image('a.nii.gz'));
    const rounded = await fingerprint(
      'image.nii.gz',
      await image('rounded.nii.gz', (values) => {
        for (let i = 0; i < values.length; i++) values[i]! *= 1 + (i % 2 ? 1 : -1) * 2 ** -23;
      }),
    );
    expect(judge(first, first, DEFAULT_TOLERANCE).status).toBe('identical');
    expect(judge(first, rounded, DEFAULT_TOLERANCE).status).toBe('within');
  });
});

describe('the fingerprint of an array', () => {
  test('counts what is not finite, and does not let it in', async () => {
    const file = path.join(folder.path, 'x.npy');
    await writeNpy(file, [2, 3], Float64Array.from([1, Number.NaN, 0, Number.POSITIVE_INFINITY, 2, 3]));
    expect(await fingerprint('x.npy', file)).toMatchObject({ nan: 2, filled: 3, min: 0, max: 3, shape: [2, 3] });
  });
});

describe('the numbers of a table', () => {
  test('are told apart from names', () => {
    const { numbers, words } = splitNumbers('name\tt\nconv1_1/k276\t-1.5e-3\nsub-01\tn/a\n');
    expect([...numbers]).toEqual([-0.0015]);
    expect(words).toBe('name\tt\nconv1_1/k276\t#\nsub-01\tn/a\n');
  });
});
