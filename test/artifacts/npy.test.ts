import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createNpy, type NpyData, readNpy, readNpyHeader, readNpyRows, writeNpy } from '../../artifacts/npy.js';
import { tempFolder } from '../support/folders.js';
import { describeShared, shared } from '../support/shared.js';

const folder = tempFolder();

/** An array as numpy writes it, from a header written out by hand. */
function rawNpy(dict: string, data: Uint8Array, version = 1): Buffer {
  const first = version === 1 ? 10 : 12;
  const length = Math.ceil((first + dict.length + 1) / 64) * 64 - first;
  const head = Buffer.alloc(first);
  head.write('\x93NUMPY', 0, 'latin1');
  head[6] = version;
  if (version === 1) head.writeUInt16LE(length, 8);
  else head.writeUInt32LE(length, 8);
  return Buffer.concat([head, Buffer.from(`${dict.padEnd(length - 1)}\n`, 'latin1'), data]);
}

describe('npy arrays', () => {
  it('come back as they were written, for every type and shape', async () => {
    const makers = [
      (v: number[]) => Float64Array.from(v),
      (v: number[]) => Float32Array.from(v),
      (v: number[]) => Int32Array.from(v),
      (v: number[]) => Int16Array.from(v),
      (v: number[]) => Int8Array.from(v),
      (v: number[]) => Uint8Array.from(v),
    ];
    const shapes = fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(
        shapes,
        fc.constantFrom(...makers),
        fc.infiniteStream(fc.double()),
        async (shape, make, numbers) => {
          const size = shape.reduce((a, b) => a * b, 1);
          const data: NpyData = make(Array.from({ length: size }, () => numbers.next().value!));
          await writeNpy(folder.at('a.npy'), shape, data);
          const back = await readNpy(folder.at('a.npy'));
          expect(back.shape).toEqual(shape);
          expect(back.data).toEqual(data);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('are written with the header that the format document prescribes', async () => {
    await writeNpy(folder.at('h.npy'), [3], Float64Array.of(1, 2, 3));
    const bytes = await readFile(folder.at('h.npy'));
    expect(bytes.subarray(0, 8)).toEqual(Buffer.from('\x93NUMPY\x01\x00', 'latin1'));
    const length = bytes.readUInt16LE(8);
    expect((10 + length) % 64).toBe(0);
    const header = bytes.toString('latin1', 10, 10 + length);
    expect(header).toMatch(/^\{'descr': '<f8', 'fortran_order': False, 'shape': \(3,\), \} *\n$/);
    expect(bytes.readDoubleLE(10 + length + 8)).toBe(2);
  });

  it('are read in pieces of rows', async () => {
    await writeNpy(folder.at('rows.npy'), [4, 2], Int32Array.of(0, 1, 2, 3, 4, 5, 6, 7));
    expect(await readNpyRows(folder.at('rows.npy'), 1, 3)).toEqual({ shape: [2, 2], data: Int32Array.of(2, 3, 4, 5) });
    await expect(readNpyRows(folder.at('rows.npy'), 3, 5)).rejects.toThrow(RangeError);
  });

  it('are written in pieces: appended, by rows, and in blocks; the rest is 0', async () => {
    const npy = await createNpy(folder.at('pieces.npy'), [4, 3], '<f4');
    await npy.write(Float32Array.of(1, 2, 3));
    await npy.writeAt(3, Float32Array.of(10, 11, 12));
    await npy.writeBlock(1, 1, 2, Float32Array.of(5, 6, 8, 9));
    await npy.close();
    const { data } = await readNpy(folder.at('pieces.npy'));
    expect([...data]).toEqual([1, 2, 3, 0, 5, 6, 0, 8, 9, 10, 11, 12]);
    const other = await createNpy(folder.at('wrong.npy'), [2], '<f4');
    await expect(other.write(Float64Array.of(1))).rejects.toThrow(TypeError);
    await expect(other.writeAt(1, Float32Array.of(1, 2))).rejects.toThrow(RangeError);
    await other.close();
  });

  it('of other makers are read: Fortran order, big-endian, 64-bit integers, booleans, format 2', async () => {
    const fortran = new Uint8Array(Float64Array.of(1, 4, 2, 5, 3, 6).buffer);
    await writeFile(folder.at('f.npy'), rawNpy("{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3), }", fortran));
    expect([...(await readNpy(folder.at('f.npy'))).data]).toEqual([1, 2, 3, 4, 5, 6]);
    await expect(readNpyRows(folder.at('f.npy'), 0, 1)).rejects.toThrow(/Fortran/);

    const big = Buffer.alloc(8);
    big.writeFloatBE(1.5, 0);
    big.writeFloatBE(-2, 4);
    await writeFile(folder.at('b.npy'), rawNpy("{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }", big));
    expect((await readNpy(folder.at('b.npy'))).data).toEqual(Float32Array.of(1.5, -2));

    const long = new Uint8Array(BigInt64Array.of(-3n, 2n ** 40n).buffer);
    await writeFile(folder.at('l.npy'), rawNpy("{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }", long, 2));
    expect((await readNpy(folder.at('l.npy'))).data).toEqual(Float64Array.of(-3, 2 ** 40));

    const bool = Uint8Array.of(0, 1);
    await writeFile(folder.at('o.npy'), rawNpy("{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }", bool));
    expect((await readNpyHeader(folder.at('o.npy'))).dtype).toBe('|u1');
  });

  it.each([
    ['a text file', Buffer.from('1\t2\n3\t4\n'), /not a \.npy file/],
    ['an empty file', Buffer.alloc(0), /not a \.npy file/],
    [
      'complex numbers',
      rawNpy("{'descr': '<c16', 'fortran_order': False, 'shape': (1,), }", new Uint8Array(16)),
      /<c16/,
    ],
    [
      'a structured array',
      rawNpy("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }", new Uint8Array(8)),
      /unreadable header/,
    ],
    [
      'a cut-off array',
      rawNpy("{'descr': '<f8', 'fortran_order': False, 'shape': (9,), }", new Uint8Array(64)),
      /cut off: 192 bytes.*200 bytes/s,
    ],
    [
      'a header that is cut off',
      Buffer.concat([Buffer.from('\x93NUMPY\x01\x00\xff\x00', 'latin1'), Buffer.from('{')]),
      /cut off inside its header/,
    ],
  ])('that cannot be read are named with the reason: %s', async (_, bytes, message) => {
    await writeFile(folder.at('bad.npy'), bytes);
    await expect(readNpy(folder.at('bad.npy'))).rejects.toThrow(message);
    await expect(readNpy(folder.at('bad.npy'))).rejects.toMatchObject({ name: 'UserError' });
  });

  it('that are missing, or folders, are named', async () => {
    await expect(readNpy(folder.at('none.npy'))).rejects.toThrow(/none\.npy: file not found/);
    await expect(readNpy(folder.path)).rejects.toThrow(/a folder where a file is due/);
  });
});

describeShared('numpy’s own files', () => {
  it('are read with the shape and values that numpy gave them', async () => {
    const ijk = await readNpy(path.join(shared, 'reference/arrays/mask/ijk.npy'));
    const offsets = await readNpy(path.join(shared, 'reference/arrays/mask/file_offset.npy'));
    expect(ijk.shape).toEqual([447, 3]);
    // The manifest: file_offset is x + nx*(y + ny*z), on a grid of 40 x 20 x 1.
    const computed = Array.from(
      offsets.data,
      (_, v) => ijk.data[3 * v]! + 40 * (ijk.data[3 * v + 1]! + 20 * ijk.data[3 * v + 2]!),
    );
    expect(computed).toEqual([...offsets.data]);
  });
});
