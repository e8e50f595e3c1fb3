import { execFileSync } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createImage,
  describeGrid,
  type Grid,
  makeGrid,
  mmOf,
  readImage,
  readImageHeader,
  sameGrid,
  voxelCount,
  type WrittenDatatype,
  writeImage,
} from '../../artifacts/image.js';
import { linkOrCopy } from '../../artifacts/link.js';
import { intersectMasks, readMask, toVolume, writeMask } from '../../artifacts/mask.js';
import { tempFolder } from '../support/folders.js';

const folder = tempFolder();
const grid = makeGrid([3, 2, 2], [-3, 0, 0, 90, 0, 3, 0, -126, 0, 0, 3.5, -72, 0, 0, 0, 1], 4);

/** A grid turned by any rotation, with any voxel sizes and handedness. */
const anyGrid: fc.Arbitrary<Grid> = fc
  .record({
    angles: fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 3, maxLength: 3 }),
    size: fc.array(fc.double({ min: 0.5, max: 5, noNaN: true }), { minLength: 3, maxLength: 3 }),
    origin: fc.array(fc.double({ min: -200, max: 200, noNaN: true }), { minLength: 3, maxLength: 3 }),
    dim: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 3, maxLength: 3 }),
    flip: fc.boolean(),
  })
  .map(({ angles, size, origin, dim, flip }) => {
    const turn = (axis: number, angle: number) => {
      const m = [1, 0, 0, 0, 1, 0, 0, 0, 1];
      const [i, j] = [(axis + 1) % 3, (axis + 2) % 3];
      m[4 * i] = m[4 * j] = Math.cos(angle);
      m[3 * i + j] = -Math.sin(angle);
      m[3 * j + i] = Math.sin(angle);
      return m;
    };
    const times = (a: number[], b: number[]) =>
      a.map((_, at) => [0, 1, 2].reduce((sum, k) => sum + a[3 * Math.floor(at / 3) + k]! * b[3 * k + (at % 3)]!, 0));
    const r = times(times(turn(0, angles[0]!), turn(1, angles[1]!)), turn(2, angles[2]!));
    const scale = [size[0]!, size[1]!, size[2]! * (flip ? -1 : 1)];
    const affine = [0, 1, 2].flatMap((row) => [...scale.map((s, column) => s * r[3 * row + column]!), origin[row]!]);
    return makeGrid(dim as [number, number, number], [...affine, 0, 0, 0, 1], 1);
  });

describe('a written image', () => {
  it('has the bytes that nifti1.h prescribes', async () => {
    const data = Float32Array.from({ length: 24 }, (_, i) => i / 2);
    await writeImage(folder.at('a.nii.gz'), {
      grid,
      volumes: 2,
      datatype: 'float32',
      data,
      tr: 2.5,
      description: 'x'.repeat(100),
      intent: { code: 't', parameters: [28], name: 'a name that is too long' },
      calMax: 8,
    });
    const bytes = gunzipSync(await readFile(folder.at('a.nii.gz')));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const int16 = (at: number) => view.getInt16(at, true);
    const float = (at: number) => view.getFloat32(at, true);
    const text = (at: number, length: number) => bytes.toString('latin1', at, at + length);
    expect(bytes.length).toBe(352 + 24 * 4);
    expect(view.getInt32(0, true)).toBe(348);
    expect([0, 1, 2, 3, 4, 5, 6, 7].map((i) => int16(40 + 2 * i))).toEqual([4, 3, 2, 2, 2, 1, 1, 1]);
    expect(float(56)).toBe(28);
    expect(int16(68)).toBe(3);
    expect([int16(70), int16(72)]).toEqual([16, 32]);
    expect([0, 1, 2, 3, 4].map((i) => float(76 + 4 * i))).toEqual([-1, 3, 3, 3.5, 2.5]);
    expect([float(108), float(112), float(116)]).toEqual([352, 1, 0]);
    expect(bytes[123]).toBe(2 | 8);
    expect([float(124), float(128)]).toEqual([8, 0]);
    expect(text(148, 80)).toBe(`${'x'.repeat(79)}\0`);
    expect([int16(252), int16(254)]).toEqual([4, 4]);
    // A grid that runs left along x is the mirror of one turned by 180 degrees about y: b, d = 0, c = 1, qfac = -1.
    expect([0, 1, 2, 3, 4, 5].map((i) => float(256 + 4 * i))).toEqual([0, 1, 0, 90, -126, -72]);
    expect(Array.from({ length: 12 }, (_, i) => float(280 + 4 * i))).toEqual(grid.affine.slice(0, 12));
    expect(text(328, 16)).toBe('a name that is \0');
    expect(text(344, 4)).toBe('n+1\0');
    expect(text(348, 4)).toBe('\0\0\0\0');
    expect(float(352 + 4 * 5)).toBe(2.5);
  });

  it('says what an independent reader finds: Python’s gzip and struct', async () => {
    await writeImage(folder.at('p.nii.gz'), {
      grid,
      datatype: 'int16',
      data: Int16Array.from({ length: 12 }, (_, i) => i - 6),
    });
    const script =
      'import gzip,struct,sys;b=gzip.open(sys.argv[1]).read();' +
      'print(struct.unpack("<8h",b[40:56]),struct.unpack("<12h",b[352:]),b[344:347].decode())';
    let output: string;
    try {
      output = execFileSync('python3', ['-c', script, folder.at('p.nii.gz')], { encoding: 'utf8' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
    expect(output.trim()).toBe('(3, 3, 2, 2, 1, 1, 1, 1) (-6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5) n+1');
  });

  it('reads back with the same values and grid, for every type and orientation', async () => {
    const kinds: [WrittenDatatype, fc.Arbitrary<number>][] = [
      ['uint8', fc.integer({ min: 0, max: 255 })],
      ['int16', fc.integer({ min: -32768, max: 32767 })],
      ['int32', fc.integer()],
      ['float32', fc.float()],
      ['float64', fc.double()],
    ];
    await fc.assert(
      fc.asyncProperty(
        anyGrid,
        fc.integer({ min: 1, max: 3 }),
        fc
          .constantFrom(...kinds)
          .chain(([datatype, value]) =>
            fc.record({ datatype: fc.constant(datatype), values: fc.infiniteStream(value) }),
          ),
        fc.constantFrom('r.nii', 'r.nii.gz'),
        async (anywhere, volumes, { datatype, values }, name) => {
          const data = Float64Array.from({ length: voxelCount(anywhere) * volumes }, () => values.next().value!);
          await writeImage(folder.at(name), { grid: anywhere, volumes, datatype, data });
          const back = await readImage(folder.at(name));
          expect(back.header).toMatchObject({ datatype, volumes, tr: null });
          expect(Float64Array.from(back.data)).toEqual(data);
          expect(sameGrid(back.header.grid, anywhere)).toBe(true);
          // The qform must say the same as the sform: read it alone by erasing the sform code.
          const whole = await readFile(folder.at(name));
          const bytes = name.endsWith('.gz') ? gunzipSync(whole) : whole;
          bytes.writeInt16LE(0, 254);
          await writeFile(folder.at('q.nii'), bytes);
          expect(sameGrid((await readImageHeader(folder.at('q.nii'))).grid, anywhere)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('leaves the qform out where the axes are not perpendicular', async () => {
    const sheared = makeGrid([2, 2, 2], [2, 0.5, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1], 1);
    await writeImage(folder.at('s.nii'), { grid: sheared, datatype: 'uint8', data: new Uint8Array(8) });
    const bytes = await readFile(folder.at('s.nii'));
    expect([bytes.readInt16LE(252), bytes.readInt16LE(254)]).toEqual([0, 1]);
    expect(sameGrid((await readImageHeader(folder.at('s.nii'))).grid, sheared)).toBe(true);
  });

  it('has the same bytes every time: gzip without time and name', async () => {
    const spec = { grid, datatype: 'uint8', data: new Uint8Array(12).fill(3) } as const;
    await writeImage(folder.at('one.nii.gz'), spec);
    const bytes = await readFile(folder.at('one.nii.gz'));
    await writeImage(folder.at('two.nii.gz'), spec);
    expect(await readFile(folder.at('two.nii.gz'))).toEqual(bytes);
    // RFC 1952: flags (no name) and modification time.
    expect([...bytes.subarray(3, 8)]).toEqual([0, 0, 0, 0, 0]);
  });

  it('may come in pieces of any length, in arrays that are used again', async () => {
    const image = await createImage(folder.at('pieces.nii.gz'), { grid, volumes: 3, datatype: 'int32' });
    const piece = new Int32Array(6);
    for (let part = 0; part < 6; part++) await image.write(piece.map((_, i) => 6 * part + i));
    await image.close();
    expect([...(await readImage(folder.at('pieces.nii.gz'))).data]).toEqual(Array.from({ length: 36 }, (_, i) => i));
  });

  it('is refused where values or their number do not fit', async () => {
    const spec = { grid, datatype: 'uint8' } as const;
    await expect(
      writeImage(folder.at('f.nii'), { ...spec, data: Float32Array.of(256, ...new Array(11).fill(0)) }),
    ).rejects.toThrow(/256 does not fit into uint8/);
    await expect(writeImage(folder.at('f.nii'), { ...spec, data: new Uint8Array(11) })).rejects.toThrow(
      /11 of 12 values/,
    );
    await expect(writeImage(folder.at('f.nii'), { ...spec, data: new Uint8Array(13) })).rejects.toThrow(/more than 12/);
    await expect(
      writeImage(folder.at('no', 'such', 'f.nii.gz'), { ...spec, data: new Uint8Array(12) }),
    ).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('grids', () => {
  it('are the same within a thousandth of a millimetre, at every corner', () => {
    const moved = (by: number) =>
      makeGrid(
        grid.dim,
        grid.affine.map((value, i) => (i === 3 ? value + by : value)),
        1,
      );
    expect(sameGrid(grid, moved(5e-4))).toBe(true);
    expect(sameGrid(grid, moved(2e-3))).toBe(false);
    expect(sameGrid(grid, makeGrid([3, 2, 3], grid.affine, 4))).toBe(false);
    // A tiny rotation shows only far from the origin.
    const wide = (tilt: number) => makeGrid([200, 1, 1], [2, 0, 0, 0, tilt, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1], 1);
    expect(sameGrid(wide(0), wide(1e-5))).toBe(false);
  });

  it('are described for messages', () => {
    expect(describeGrid(grid)).toBe(
      '3 x 2 x 2 voxels of 3 x 3 x 3.5 mm, first voxel at (90, -126, -72) mm, x running down',
    );
  });

  it('give the position of every voxel', () => {
    expect(mmOf(grid, 0)).toEqual([90, -126, -72]);
    expect(mmOf(grid, 2 + 3 * (1 + 2 * 1))).toEqual([84, -123, -68.5]);
  });
});

describe('masks', () => {
  it('keep their voxels in file order', async () => {
    await writeMask(folder.at('m.nii.gz'), { grid, voxels: Int32Array.of(1, 5, 11) });
    const mask = await readMask(folder.at('m.nii.gz'));
    expect([...mask.voxels]).toEqual([1, 5, 11]);
    expect([...toVolume(mask, [7, 8, 9], -1)]).toEqual([-1, 7, -1, -1, -1, 8, -1, -1, -1, -1, -1, 9]);
  });

  it('of several subjects have their common voxels; another grid and no common voxel are named', () => {
    const a = { grid, voxels: Int32Array.of(1, 2, 3) };
    expect([...intersectMasks([a, { grid, voxels: Int32Array.of(2, 3, 4) }, a]).voxels]).toEqual([2, 3]);
    const other = {
      grid: makeGrid(
        [3, 2, 2],
        grid.affine.map((v) => v * 2),
        4,
      ),
      voxels: Int32Array.of(1),
    };
    expect(() => intersectMasks([a, other], ['sub-01', 'sub-02'])).toThrow(
      /sub-02 is on another grid: 3 x 2 x 2 voxels of 6 x 6 x 7 mm.*expected: that of sub-01: 3 x 2 x 2 voxels of 3/s,
    );
    expect(() => intersectMasks([a, { grid, voxels: Int32Array.of(9) }])).toThrow(/no voxel in common/);
  });
});

describe('publishing a file', () => {
  it('never makes a result and a writable source the same file', async () => {
    await writeFile(folder.at('source'), 'a');
    await linkOrCopy(folder.at('source'), folder.at('result'));
    await writeFile(folder.at('result'), 'b');
    expect(await readFile(folder.at('source'), 'utf8')).toBe('a');
  });

  it('replaces what was there, also a read-only file', async () => {
    await writeFile(folder.at('blob'), 'new');
    await chmod(folder.at('blob'), 0o444);
    await writeFile(folder.at('old'), 'old');
    await chmod(folder.at('old'), 0o444);
    await linkOrCopy(folder.at('blob'), folder.at('old'));
    expect(await readFile(folder.at('old'), 'utf8')).toBe('new');
  });
});
