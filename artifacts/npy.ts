import { writeSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import {
  dtypeOf,
  headerBytes,
  headerOf,
  type NpyData,
  type NpyDtype,
  type NpyHeader,
  sizeOf,
  storages,
} from './npy-format.js';
import { UserError } from './user-error.js';
import { readFully, swapBytes, writeFully } from './whole-bytes.js';

export type { NpyData, NpyDtype, NpyHeader } from './npy-format.js';

export interface NpyArray {
  readonly shape: number[];
  /** C order: last axis fastest. */
  readonly data: NpyData;
}

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

async function openNpy(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'r');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOENT') throw error;
    throw new UserError({ message: 'file not found', place: { file }, expected: 'a .npy array' }, { cause: error });
  }
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
  const whole = await readFully(handle, target, header.offset + start * bytes);
  if (!whole) throw new UserError({ message: 'cut off while it was read', place: { file } });
  if (header.descr[0] === '>') swapBytes(target, bytes);
  return view(buffer, count);
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
