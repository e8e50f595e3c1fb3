import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readImage, readImageHeader, readVoxelSeries, volumesOf } from '../../artifacts/image.js';
import { readMask } from '../../artifacts/mask.js';
import { tempFolder } from '../support/folders.js';
import { int16Series, niftiBytes, type RawNifti } from './nifti-bytes.js';

const folder = tempFolder();

async function image(raw: RawNifti, name = 'image.nii'): Promise<string> {
  const bytes = niftiBytes(raw);
  await writeFile(folder.at(name), name.endsWith('.gz') ? gzipSync(bytes) : bytes);
  return folder.at(name);
}

const small: [number, number, number, number] = [3, 2, 2, 4];

/** Types by code and bits, with a writer of one value. */
const types: [
  name: string,
  code: number,
  bits: number,
  set: (v: DataView, at: number, x: number, le: boolean) => void,
][] = [
  ['uint8', 2, 8, (v, at, x) => v.setUint8(at, x)],
  ['int8', 256, 8, (v, at, x) => v.setInt8(at, x)],
  ['int16', 4, 16, (v, at, x, le) => v.setInt16(at, x, le)],
  ['uint16', 512, 16, (v, at, x, le) => v.setUint16(at, x, le)],
  ['int32', 8, 32, (v, at, x, le) => v.setInt32(at, x, le)],
  ['uint32', 768, 32, (v, at, x, le) => v.setUint32(at, x, le)],
  ['float32', 16, 32, (v, at, x, le) => v.setFloat32(at, x, le)],
  ['float64', 64, 64, (v, at, x, le) => v.setFloat64(at, x, le)],
  ['int64', 1024, 64, (v, at, x, le) => v.setBigInt64(at, BigInt(x), le)],
  ['uint64', 1280, 64, (v, at, x, le) => v.setBigUint64(at, BigInt(x), le)],
];

describe('images are read', () => {
  it('volume by volume for those who take one at a time, and may stop', async () => {
    const file = await image(int16Series(small), 'volumes.nii.gz');
    const { data } = await readImage(file);
    const volumes: Float64Array[] = [];
    for await (const volume of volumesOf(file)) volumes.push(volume);
    expect(volumes.length).toBe(4);
    expect(volumes.flatMap((volume) => [...volume])).toEqual([...data]);
    for await (const volume of volumesOf(file)) {
      expect([...volume]).toEqual([...volumes[0]!]);
      break;
    }
    await writeFile(folder.at('short.nii.gz'), (await readFile(file)).subarray(0, -9));
    const all = async () => {
      for await (const volume of volumesOf(folder.at('short.nii.gz'))) expect(volume.length).toBe(12);
    };
    await expect(all()).rejects.toMatchObject({ problems: [{ message: 'the gzip data are cut off' }] });
  });

  it.each(
    types.flatMap(([name, code, bits, set]) =>
      [1, 2].flatMap((version) =>
        [true, false].map((le) => ({ name, version, order: le ? 'little' : 'big', code, bits, set, le })),
      ),
    ),
  )('as $name, NIfTI-$version, $order-endian, plain and gzip', async ({ name, version, code, bits, set, le }) => {
    const values = Array.from({ length: 48 }, (_, i) => (name.startsWith('u') ? i * 5 : i * 5 - 110));
    const raw = int16Series(small, {
      version: version as 1 | 2,
      littleEndian: le,
      datatype: code,
      bitpix: bits,
      dataBytes: (values.length * bits) / 8,
      data: (view) => values.forEach((value, i) => void set(view, (i * bits) / 8, value, le)),
    });
    for (const file of [await image(raw), await image(raw, 'image.nii.gz')]) {
      const { header, data } = await readImage(file);
      expect(header).toMatchObject({ datatype: name, version, littleEndian: le, volumes: 4, tr: 1.5, slope: 1 });
      expect(header.grid.dim).toEqual([3, 2, 2]);
      expect([...data]).toEqual(values);
      expect([...(await readVoxelSeries(file, Int32Array.of(1, 11)))]).toEqual(
        [1, 13, 25, 37, 11, 23, 35, 47].map((at) => values[at]),
      );
    }
  });

  it('with slope and intercept, in double precision', async () => {
    const file = await image(int16Series(small, { slope: 0.5, intercept: -3 }));
    const { data } = await readImage(file);
    expect(data).toBeInstanceOf(Float64Array);
    expect([...data.slice(0, 4)]).toEqual([-3, -2.5, -2, -1.5]);
    expect([...(await readVoxelSeries(file, Int32Array.of(2)))]).toEqual([-2, 4, 10, 16]);
  });

  it('unscaled where the slope is 0 or NaN, whatever the intercept', async () => {
    for (const slope of [0, Number.NaN]) {
      const { data } = await readImage(await image(int16Series(small, { slope, intercept: 7 })));
      expect(data[5]).toBe(5);
    }
  });

  it('with their NaN and infinities', async () => {
    const values = [Number.NaN, Number.POSITIVE_INFINITY, 0, 1];
    const file = await image({
      ...int16Series([4, 1, 1, 1]),
      datatype: 16,
      bitpix: 32,
      dataBytes: 16,
      data: (view) => values.forEach((value, i) => void view.setFloat32(4 * i, value, true)),
    });
    expect([...(await readImage(file)).data]).toEqual(values);
    expect([...(await readMask(file)).voxels]).toEqual([1, 3]);
  });

  it('volume by volume: any part of the series', async () => {
    for (const name of ['part.nii', 'part.nii.gz']) {
      const file = await image(int16Series(small), name);
      const part = await readVoxelSeries(file, Int32Array.of(0, 7), { first: 1, count: 2 });
      expect([...part]).toEqual([12, 24, 19, 31]);
      await expect(readVoxelSeries(file, Int32Array.of(0), { first: 3, count: 2 })).rejects.toThrow(RangeError);
      await expect(readVoxelSeries(file, Int32Array.of(12))).rejects.toThrow(/outside the grid/);
    }
  });

  it('the same whether in one block of volumes or in many', async () => {
    // 2.1 MB a volume: four to a block of 8 MiB, so that 10 volumes need three blocks.
    const dim: [number, number, number, number] = [128, 128, 65, 10];
    const count = dim.reduce((a, b) => a * b, 1);
    const file = await image(
      {
        ...int16Series(dim),
        data: (view) => {
          for (let i = 0; i < count; i++) view.setInt16(2 * i, (i * 31) % 30011, true);
        },
      },
      'blocks.nii.gz',
    );
    const volume = 128 * 128 * 65;
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.nat({ max: volume - 1 }), { minLength: 1, maxLength: 20 }),
        fc.nat({ max: 9 }),
        async (offsets, first) => {
          const voxels = Int32Array.from(offsets).sort();
          const series = await readVoxelSeries(file, voxels, { first });
          const expected = [...voxels].flatMap((at) =>
            Array.from({ length: 10 - first }, (_, t) => ((at + (first + t) * volume) * 31) % 30011),
          );
          expect([...series]).toEqual(expected);
        },
      ),
      { numRuns: 8 },
    );
  });

  it('stop when they are told to', async () => {
    const file = await image(int16Series(small), 'stop.nii.gz');
    const signal = AbortSignal.abort();
    await expect(readVoxelSeries(file, Int32Array.of(0), { signal })).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('with voxels after an extension, and with vox_offset 0 right after the header', async () => {
    const { data } = await readImage(await image(int16Series(small, { voxOffset: 416 })));
    expect(data[3]).toBe(3);
    const none = await readImage(await image(int16Series(small, { voxOffset: 0 })));
    expect(none.data[3]).toBe(3);
  });
});

describe('the affine', () => {
  const affineOf = async (changes: Partial<RawNifti>) =>
    (await readImageHeader(await image(int16Series(small, changes)))).grid;

  it('is the sform, also where the qform has the higher code', async () => {
    const grid = await affineOf({ sformCode: 1, qformCode: 4, quatern: [0, 0, 0, 1, 2, 3] });
    expect(grid.affine).toEqual([2, 0, 0, -10, 0, 2, 0, -20, 0, 0, 2, 30, 0, 0, 0, 1]);
    expect(grid.spaceCode).toBe(1);
  });

  it('is the qform where there is no sform: 90 degrees about z, third axis turned by pixdim[0]', async () => {
    // a = c = 0 ... b = c = 0, d = a = sqrt(1/2): x to y, y to -x (nifti1.h, method 2).
    const grid = await affineOf({
      sformCode: 0,
      qformCode: 2,
      pixdim: [-1, 2, 3, 4, 1],
      quatern: [0, 0, Math.SQRT1_2, 5, 6, 7],
    });
    const expected = [0, -3, 0, 5, 2, 0, 0, 6, 0, 0, -4, 7];
    // The quaternion is float32: 1e-7 of the voxel size.
    grid.affine.slice(0, 12).forEach((value, i) => void expect(value).toBeCloseTo(expected[i]!, 5));
    expect(grid.spaceCode).toBe(2);
  });

  it('of a half turn, where the fourth part of the quaternion is 0', async () => {
    const grid = await affineOf({ sformCode: 0, qformCode: 1, pixdim: [1, 2, 2, 2, 1], quatern: [0, 1, 0, 0, 0, 0] });
    [-2, 0, 0, 0, 0, 2, 0, 0, 0, 0, -2, 0].forEach((value, i) => void expect(grid.affine[i]).toBeCloseTo(value, 5));
  });

  it('is the voxel size where there is neither, with the first voxel at 0', async () => {
    const grid = await affineOf({ sformCode: 0, qformCode: 0, pixdim: [1, 2, 3, 4, 1] });
    expect(grid.affine.slice(0, 12)).toEqual([2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 4, 0]);
    expect(grid.spaceCode).toBe(0);
  });

  it('is in mm, also where the file counts in metres or micrometres', async () => {
    expect((await affineOf({ units: 1 | 8 })).voxelSize).toEqual([2000, 2000, 2000]);
    expect((await affineOf({ units: 3 | 8 })).voxelSize[0]).toBeCloseTo(2e-3, 12);
  });
});

describe('the repetition time', () => {
  it.each([
    ['seconds', 8, 2.2, 2.2, 's'],
    ['milliseconds', 16, 2200, 2.2, 'ms'],
    ['microseconds', 24, 2_200_000, 2.2, 'us'],
    ['an unknown unit', 0, 2.2, 2.2, 'unknown'],
    ['hertz: not a time', 32, 2.2, null, 'other'],
    ['0: none', 8, 0, null, 's'],
    ['a negative number: none', 8, -1, null, 's'],
  ])('in %s', async (_, unit, pixdim4, tr, timeUnit) => {
    const header = await readImageHeader(
      await image(int16Series(small, { units: 2 | unit, pixdim: [1, 2, 2, 2, pixdim4] })),
    );
    expect(header).toMatchObject({ tr, timeUnit });
  });
});

describe('images that cannot be read are named with the field', () => {
  it.each<[string, Partial<RawNifti>, RegExp]>([
    ['no dimensions', { dim: [0, 3, 2, 2, 4] }, /dim\[0\]\): 0 dimensions.*expected: 3/s],
    ['eight dimensions', { dim: [8, 3, 2, 2, 4] }, /dim\[0\]\): 8 dimensions/],
    ['two dimensions', { dim: [2, 3, 2] }, /dim\[0\]\): 2 dimensions/],
    ['a negative length', { dim: [4, 3, -2, 2, 4] }, /dim\[2\]\): length -2/],
    ['a length of 0', { dim: [4, 3, 2, 2, 0] }, /dim\[4\]\): length 0/],
    ['a fifth dimension', { dim: [5, 3, 2, 2, 4, 3] }, /dim\[5\]\): length 3 along dimension 5/],
    [
      'NaN in the sform',
      { srow: [2, 0, 0, Number.NaN, 0, 2, 0, 0, 0, 0, 2, 0] },
      /sform\): the affine is not finite: 2 0 0 NaN/,
    ],
    ['an sform of zeros', { srow: new Array(12).fill(0) }, /sform\): the affine is singular/],
    [
      'NaN in the qform',
      { sformCode: 0, qformCode: 1, quatern: [0, 0, 0, Number.NaN, 0, 0] },
      /qform\): the affine is not finite/,
    ],
    ['voxel sizes of 0', { sformCode: 0, pixdim: [1, 0, 2, 2, 1] }, /pixdim\): the affine is singular/],
    ['complex values', { datatype: 32, bitpix: 64 }, /datatype\): values of type 32.*expected: real numbers/s],
    ['colours', { datatype: 128, bitpix: 24 }, /datatype\): values of type 128 \(RGB\)/],
    ['an infinite intercept', { slope: 2, intercept: Number.POSITIVE_INFINITY }, /scl_inter\): intercept Infinity/],
    ['voxels inside the header', { voxOffset: 100 }, /vox_offset\): voxels at byte 100/],
    ['a header of another size', { sizeofHdr: 999 }, /sizeof_hdr\): not a NIfTI image: header size/],
    ['an .hdr/.img pair', { magic: 'ni1\0' }, /magic\): the header of an \.hdr\/\.img pair.*Convert it/s],
    ['ANALYZE 7.5', { magic: '\0\0\0\0' }, /magic\): no NIfTI signature.*ANALYZE/s],
  ])('%s', async (_, changes, message) => {
    const file = await image(int16Series(small, changes), 'bad.nii');
    await expect(readImageHeader(file)).rejects.toThrow(message);
    await expect(readImageHeader(file)).rejects.toMatchObject({ name: 'UserError', problems: [{ place: { file } }] });
  });

  it.each(['bad.nii', 'bad.nii.gz'])('fewer voxels than the header says (%s)', async (name) => {
    const file = await image(int16Series([3, 2, 2, 4], { dim: [4, 3, 2, 2, 9] }), name);
    await expect(readImage(file)).rejects.toThrow(/dim.*cut off/);
    await expect(readVoxelSeries(file, Int32Array.of(0))).rejects.toMatchObject({ name: 'UserError' });
  });

  it('gzip data that are cut off', async () => {
    const whole = gzipSync(niftiBytes(int16Series([20, 20, 20, 4])));
    for (const share of [0.5, 0.9, 0.999]) {
      await writeFile(folder.at('cut.nii.gz'), whole.subarray(0, Math.floor(whole.length * share)));
      await expect(readVoxelSeries(folder.at('cut.nii.gz'), Int32Array.of(0))).rejects.toThrow(
        /cut\.nii\.gz: the gzip data are cut off/,
      );
      await expect(readImage(folder.at('cut.nii.gz'))).rejects.toMatchObject({ name: 'UserError' });
    }
    // Ten bytes: not even a header.
    await writeFile(folder.at('cut.nii.gz'), whole.subarray(0, 10));
    await expect(readImageHeader(folder.at('cut.nii.gz'))).rejects.toMatchObject({ name: 'UserError' });
  });

  it('what version control left in place of an image, and gzip data cut off within the header', async () => {
    const headerOf = async (name: string, bytes: Buffer) => {
      await writeFile(folder.at(name), bytes);
      return readImageHeader(folder.at(name));
    };
    const lfs = Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:0\n');
    await expect(headerOf('lfs.nii.gz', lfs)).rejects.toThrow(/lfs\.nii\.gz: a Git LFS pointer[\s\S]*git lfs pull/);
    const annex = Buffer.from('/annex/objects/MD5E-s9--0.nii.gz\n');
    await expect(headerOf('annex.nii.gz', annex)).rejects.toThrow(/a git-annex pointer[\s\S]*datalad get/);
    const start = gzipSync(niftiBytes(int16Series(small))).subarray(0, 60);
    await expect(headerOf('start.nii.gz', start)).rejects.toThrow(/start\.nii\.gz: cut off: 60 bytes of gzip data/);
  });

  it('gzip data with a wrong byte, found by their checksum', async () => {
    const bytes = gzipSync(niftiBytes(int16Series([20, 20, 20, 4])));
    bytes[bytes.length - 6]! ^= 0xff;
    await writeFile(folder.at('bit.nii.gz'), bytes);
    await expect(readImage(folder.at('bit.nii.gz'))).rejects.toThrow(/damaged gzip data/);
  });

  it.each([
    ['an empty file', Buffer.alloc(0), /the file is empty/],
    ['a short file', Buffer.from('hello'), /not a NIfTI image: only 5 bytes/],
    ['a text file', Buffer.from('a long text '.repeat(50)), /sizeof_hdr\): not a NIfTI image/],
    ['another gzip file', gzipSync(Buffer.from('a long text '.repeat(50))), /sizeof_hdr\): not a NIfTI image/],
    ['a broken gzip header', Buffer.from([0x1f, 0x8b, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]), /damaged gzip data/],
  ])('%s', async (_, bytes, message) => {
    await writeFile(folder.at('no.nii'), bytes);
    await expect(readImageHeader(folder.at('no.nii'))).rejects.toThrow(message);
  });

  it('a missing file and a folder', async () => {
    await expect(readImageHeader(folder.at('none.nii'))).rejects.toThrow(/none\.nii: file not found/);
    await mkdir(folder.at('folder.nii'));
    await expect(readImageHeader(folder.at('folder.nii'))).rejects.toThrow(/a folder where a file is due/);
  });

  it('a mask of several volumes, and an empty one', async () => {
    await expect(readMask(await image(int16Series(small)))).rejects.toThrow(/dim\[4\]\): a mask of 4 volumes/);
    const empty = int16Series([3, 2, 2, 1], { dim: [3, 3, 2, 2], data: () => {} });
    await expect(readMask(await image(empty))).rejects.toThrow(/the mask is empty/);
  });
});
