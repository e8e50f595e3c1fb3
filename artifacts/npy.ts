import { writeSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
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

export interface NpyArray {
  readonly shape: number[];
  /** C order: last axis fastest. */
  readonly data: NpyData;
}

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

const storages: Readonly<Record<string, Storage>> = {
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

/** Reads shape and type, not the data; checks that the file is long enough to hold them. Throws UserError. */
export async function readNpyHeader(file: string): Promise<NpyHeader> {
  const handle = await openNpy(file);
  try {
    return await headerOf(handle, file);
  } finally {
    await handle.close();
  }
}

/** Reads a whole array. Throws UserError when the file is no .npy, is cut off, or has a type that cannot be read. */
export async function readNpy(file: string): Promise<NpyArray> {
  const handle = await openNpy(file);
  try {
    const header = await headerOf(handle, file);
    const data = await readElements(handle, file, header, 0, sizeOf(header.shape));
    return { shape: header.shape, data: header.fortranOrder ? toCOrder(data, header.shape) : data };
  } finally {
    await handle.close();
  }
}

/** Reads rows `start` (included) to `end` (excluded) along the first axis, touching only their bytes. The file must be in C order. */
export async function readNpyRows(file: string, start: number, end: number): Promise<NpyArray> {
  const handle = await openNpy(file);
  try {
    const header = await headerOf(handle, file);
    const rows = header.shape[0] ?? 0;
    if (start < 0 || end < start || end > rows)
      throw new RangeError(`rows ${start}..${end} of ${file}, which has ${rows}`);
    if (header.fortranOrder) {
      throw new UserError({
        message: 'array in Fortran order',
        place: { file },
        expected: 'C order: numpy.save(file, numpy.ascontiguousarray(array))',
      });
    }
    const rowSize = sizeOf(header.shape.slice(1));
    const data = await readElements(handle, file, header, start * rowSize, (end - start) * rowSize);
    return { shape: [end - start, ...header.shape.slice(1)], data };
  } finally {
    await handle.close();
  }
}

/** Reads columns `start` to `end` of all rows of a two-dimensional array: [rows, end - start]. The file must be in C order. */
export async function readNpyColumns(file: string, start: number, end: number): Promise<NpyArray> {
  const handle = await openNpy(file);
  try {
    const header = await headerOf(handle, file);
    const [rows, columns] = header.shape;
    if (header.shape.length !== 2 || header.fortranOrder || start < 0 || end < start || end > columns!)
      throw new RangeError(`columns ${start}..${end} of ${file}, which is [${header.shape}]`);
    const width = end - start;
    let data: NpyData | undefined;
    for (let row = 0; row < rows!; row++) {
      const part = await readElements(handle, file, header, row * columns! + start, width);
      data ??= new (part.constructor as new (length: number) => NpyData)(rows! * width);
      data.set(part, row * width);
    }
    return { shape: [rows!, width], data: data ?? new Float64Array(0) };
  } finally {
    await handle.close();
  }
}

/** Writes a whole array (C order). The type of the file is that of `data`. The same array gives the same bytes. */
export async function writeNpy(file: string, shape: readonly number[], data: NpyData): Promise<void> {
  if (data.length !== sizeOf(shape)) throw new RangeError(`${data.length} elements do not fill [${shape}] in ${file}`);
  const npy = await createNpy(file, shape, dtypeOf(data));
  try {
    await npy.write(data);
  } finally {
    await npy.close();
  }
}

export interface NpyWriter {
  readonly file: string;
  /** Byte at which the data begin: the file has its full length from the beginning, so other threads may fill it too. */
  readonly offset: number;
  /** Appends elements after those of the last `write`. */
  write(data: NpyData): Promise<void>;
  /** Writes whole rows (along the first axis) from `firstRow` on, in any order. */
  writeAt(firstRow: number, data: NpyData): Promise<void>;
  /**
   * Writes a block `[rows, columns]` of a two-dimensional array with its corner at (`firstRow`, `firstColumn`): for
   * results that arrive in blocks of voxels. `data.length` must be a multiple of `columns`.
   */
  writeBlock(firstRow: number, firstColumn: number, columns: number, data: NpyData): Promise<void>;
  close(): Promise<void>;
}

/** Creates a file for an array that is written piece by piece. What is never written reads as 0. */
export async function createNpy(file: string, shape: readonly number[], dtype: NpyDtype): Promise<NpyWriter> {
  const bytes = storages[dtype.slice(1)]!.bytes;
  const head = headerBytes(shape, dtype);
  const handle = await open(file, 'w');
  try {
    await handle.write(head, 0, head.length, 0);
    await handle.truncate(head.length + sizeOf(shape) * bytes);
  } catch (error) {
    await handle.close();
    throw error;
  }
  const total = sizeOf(shape);
  const rowSize = sizeOf(shape.slice(1));
  let appended = 0;

  function check(data: NpyData, end: number): void {
    if (dtypeOf(data) !== dtype) throw new TypeError(`${dtypeOf(data)} data for the ${dtype} array ${file}`);
    if (end > total) throw new RangeError(`more data than [${shape}] holds in ${file}`);
  }

  async function put(element: number, data: NpyData): Promise<void> {
    check(data, element + data.length);
    await writeFully(handle, data, head.length + element * bytes);
  }

  return {
    file,
    offset: head.length,
    async write(data) {
      const at = appended;
      appended += data.length;
      await put(at, data);
    },
    writeAt: (firstRow, data) => put(firstRow * rowSize, data),
    async writeBlock(firstRow, firstColumn, columns, data) {
      check(data, (firstRow + data.length / columns - 1) * rowSize + firstColumn + columns);
      const part = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      const length = columns * bytes;
      for (let row = 0; row * length < part.length; row++) {
        const position = head.length + ((firstRow + row) * rowSize + firstColumn) * bytes;
        // Thousands of short rows: the way through the event loop would cost several times the writing.
        for (let done = 0; done < length; ) {
          done += writeSync(handle.fd, part, row * length + done, length - done, position + done);
        }
      }
    },
    close: () => handle.close(),
  };
}

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

async function openNpy(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'r');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOENT') throw error;
    throw new UserError({ message: 'file not found', place: { file }, expected: 'a .npy array' }, { cause: error });
  }
}

async function headerOf(handle: FileHandle, file: string): Promise<NpyHeader> {
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

async function readElements(
  handle: FileHandle,
  file: string,
  header: NpyHeader,
  start: number,
  count: number,
): Promise<NpyData> {
  const { bytes, view } = storages[header.descr.slice(1)]!;
  const buffer = new ArrayBuffer(count * bytes);
  const target = Buffer.from(buffer);
  // A single read may return less than asked (2 GiB limit of the system call).
  for (let done = 0; done < target.length; ) {
    const want = Math.min(target.length - done, 1 << 30);
    const { bytesRead } = await handle.read(target, done, want, header.offset + start * bytes + done);
    if (bytesRead === 0) throw new UserError({ message: 'cut off while it was read', place: { file } });
    done += bytesRead;
  }
  if (header.descr[0] === '>') swapBytes(target, bytes);
  return view(buffer, count);
}

async function writeFully(handle: FileHandle, data: NpyData, position: number): Promise<void> {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, Math.min(bytes.length - done, 1 << 30), position + done);
    done += bytesWritten;
  }
}

function swapBytes(buffer: Buffer, bytes: number): void {
  if (bytes === 2) buffer.swap16();
  if (bytes === 4) buffer.swap32();
  if (bytes === 8) buffer.swap64();
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** Copies an array from Fortran order (first axis fastest) to C order. */
function toCOrder(data: NpyData, shape: readonly number[]): NpyData {
  const out = data.slice();
  const index = new Array<number>(shape.length).fill(0);
  for (let to = 0; to < out.length; to++) {
    let from = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) from = from * shape[axis]! + index[axis]!;
    out[to] = data[from]!;
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis]! === shape[axis]; axis--) index[axis] = 0;
  }
  return out;
}
