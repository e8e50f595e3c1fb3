import type { FileHandle } from 'node:fs/promises';
import { UserError } from './user-error.js';

/*
 * NumPy's .npy files (format 1.0 to 3.0), the form in which arrays lie in the store. Written: format 1.0,
 * little-endian, C order (last axis fastest). Read: these, and what users save from numpy (big-endian, Fortran
 * order, booleans, 64-bit integers).
 * Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 * Typed arrays have the byte order of the machine; every platform that Node and ONNX Runtime support is little-endian.
 */

export type NpyData = Float64Array | Float32Array | Int32Array | Int16Array | Int8Array | Uint8Array;
export type NpyDtype = '<f8' | '<f4' | '<i4' | '<i2' | '|i1' | '|u1';

export interface NpyHeader {
  readonly shape: number[];
  /** Type of the array that reading gives. Other types in the file are converted to one of these without loss (64-bit integers: up to 2^53). */
  readonly dtype: NpyDtype;
  /** Byte at which the data begin. */
  readonly offset: number;
  /** What the file says, for example `>i8`. */
  readonly descr: string;
  readonly fortranOrder: boolean;
}

interface Storage {
  readonly dtype: NpyDtype;
  readonly bytes: number;
  /** Reads `count` little-endian elements; the buffer is aligned. */
  view(buffer: ArrayBuffer, count: number): NpyData;
}

export const storages: Readonly<Record<string, Storage>> = {
  f8: { dtype: '<f8', bytes: 8, view: (buffer, count) => new Float64Array(buffer, 0, count) },
  f4: { dtype: '<f4', bytes: 4, view: (buffer, count) => new Float32Array(buffer, 0, count) },
  i4: { dtype: '<i4', bytes: 4, view: (buffer, count) => new Int32Array(buffer, 0, count) },
  i2: { dtype: '<i2', bytes: 2, view: (buffer, count) => new Int16Array(buffer, 0, count) },
  i1: { dtype: '|i1', bytes: 1, view: (buffer, count) => new Int8Array(buffer, 0, count) },
  u1: { dtype: '|u1', bytes: 1, view: (buffer, count) => new Uint8Array(buffer, 0, count) },
  b1: { dtype: '|u1', bytes: 1, view: (buffer, count) => new Uint8Array(buffer, 0, count) },
  u2: { dtype: '<i4', bytes: 2, view: (buffer, count) => Int32Array.from(new Uint16Array(buffer, 0, count)) },
  u4: { dtype: '<f8', bytes: 4, view: (buffer, count) => Float64Array.from(new Uint32Array(buffer, 0, count)) },
  i8: {
    dtype: '<f8',
    bytes: 8,
    view: (buffer, count) => Float64Array.from(new BigInt64Array(buffer, 0, count), Number),
  },
  u8: {
    dtype: '<f8',
    bytes: 8,
    view: (buffer, count) => Float64Array.from(new BigUint64Array(buffer, 0, count), Number),
  },
};

/** The type that a typed array is stored as. */
export function dtypeOf(data: NpyData): NpyDtype {
  if (data instanceof Float64Array) return '<f8';
  if (data instanceof Float32Array) return '<f4';
  if (data instanceof Int32Array) return '<i4';
  if (data instanceof Int16Array) return '<i2';
  return data instanceof Int8Array ? '|i1' : '|u1';
}

/** The header of format 1.0, padded with spaces so that the data begin at a multiple of 64 bytes. */
export function headerBytes(shape: readonly number[], dtype: NpyDtype): Buffer {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${dtype}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64;
  const head = Buffer.alloc(length, ' ');
  head.write('\x93NUMPY\x01\x00', 0, 'latin1');
  head.writeUInt16LE(length - 10, 8);
  head.write(text, 10, 'latin1');
  head[length - 1] = 0x0a;
  return head;
}

/** Number of elements of an array. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** Reads and checks the header of an open file, and that the file is long enough for the array. Throws UserError. */
export async function headerOf(handle: FileHandle, file: string): Promise<NpyHeader> {
  const info = await handle.stat();
  const bad = (message: string, expected = 'a .npy array as numpy.save writes it') =>
    new UserError({ message, place: { file }, expected });
  if (info.isDirectory()) throw bad('a folder where a file is due');
  const start = Buffer.alloc(12);
  const { bytesRead } = await handle.read(start, 0, 12, 0);
  if (bytesRead < 10 || start.toString('latin1', 0, 6) !== '\x93NUMPY') throw bad('not a .npy file');
  const first = start[6] === 1 ? 10 : 12;
  const length = start[6] === 1 ? start.readUInt16LE(8) : start.readUInt32LE(8);
  if (start[6]! < 1 || start[6]! > 3) throw bad(`.npy format version ${start[6]}`, 'version 1 to 3');
  if (first + length > info.size) throw bad('cut off inside its header');
  const text = Buffer.alloc(length);
  await handle.read(text, 0, length, first);
  const dict = text.toString('latin1');
  const descr = /'descr':\s*'([^']*)'/.exec(dict)?.[1];
  const tuple = /'shape':\s*\(([^)]*)\)/.exec(dict)?.[1];
  if (descr === undefined || tuple === undefined)
    throw bad(`unreadable header ${dict.trim()}`, 'a plain numeric array');
  const shape = tuple
    .split(',')
    .filter((part) => part.trim())
    .map(Number);
  const storage = storages[descr.slice(1)];
  if (!storage || !'<>|='.includes(descr[0]!)) {
    throw bad(`array of type ${descr}`, 'real numbers: float64, float32, or integers');
  }
  const due = first + length + sizeOf(shape) * storage.bytes;
  if (info.size < due) throw bad(`cut off: ${info.size} bytes for an array [${shape.join(', ')}]`, `${due} bytes`);
  const fortranOrder = /'fortran_order':\s*True/.test(dict) && shape.length > 1;
  return { shape, dtype: storage.dtype, offset: first + length, descr, fortranOrder };
}
