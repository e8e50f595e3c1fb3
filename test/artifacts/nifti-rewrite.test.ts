import { writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readImage } from '../../artifacts/image.js';
import { rewriteImage } from '../../artifacts/nifti-rewrite.js';
import { newFolder } from '../support/folders.js';
import { int16Series, niftiBytes } from './nifti-bytes.js';

describe('an image that is written again with other values', () => {
  it.each([
    { version: 1, littleEndian: true },
    { version: 1, littleEndian: false },
    { version: 2, littleEndian: true },
    { version: 2, littleEndian: false },
  ] as const)('keeps its header: NIfTI-$version, little-endian $littleEndian', async (form) => {
    const dir = await newFolder('rewrite');
    const raw = int16Series([3, 2, 2, 4], {
      ...form,
      slope: 0.5,
      intercept: -3,
      // An extension before the voxels: it is left out.
      voxOffset: 640,
      sformCode: 4,
      srow: [0, 2, 0, -9, 2, 0, 0, 7, 0, 0, -2, 1],
    });
    await writeFile(`${dir}/image`, gzipSync(niftiBytes(raw)));
    let volumes = 0;
    await rewriteImage(`${dir}/image`, `${dir}/copy`, (values) => {
      volumes += 1;
      values.forEach((value, v) => {
        values[v] = value * 3;
      });
    });
    const [before, after] = [await readImage(`${dir}/image`), await readImage(`${dir}/copy`)];
    expect(volumes).toBe(4);
    expect([...after.data]).toEqual(Array.from({ length: 48 }, (_, i) => 3 * (i / 2 - 3)));
    const changed = { datatype: 'float32', slope: 1, intercept: 0, compressed: false };
    expect(after.header).toEqual({ ...before.header, ...changed, offset: form.version === 1 ? 352 : 544 });
    expect(after.header.grid.spaceCode).toBe(4);
  });
});
