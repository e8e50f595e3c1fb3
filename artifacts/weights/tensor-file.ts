import type { FileHandle } from 'node:fs/promises';
import { UserError } from '../user-error.js';
import { readFully } from '../whole-bytes.js';
import { bfloat16ToFloat32, float16ToFloat32 } from './half-precision.js';

/** Named tensors of a weight file of any format. Nothing is read but what is asked for. */
export interface TensorFile {
  /** What messages call the file. */
  readonly origin: string;
  /** The format in words: `PyTorch (zip)`. */
  readonly format: string;
  readonly names: readonly string[];
  /** Where the file itself tells the order of the convolutions (ONNX); else it follows from the names. */
  readonly chain?: readonly ChainLink[];
  /** Lengths of the axes, slowest first; undefined for a name that is not there. */
  shapeOf(name: string): readonly number[] | undefined;
  /** All elements in C order, as float32. Throws UserError for tensors that are no floating-point numbers, NaN and Infinity. */
  read(name: string): Promise<Float32Array>;
  close(): Promise<void>;
}

/** A convolution of a network whose layers are known by how they are connected. */
export interface ChainLink {
  readonly weight: string;
  readonly bias: string;
  /** Max poolings between the image and this convolution. */
  readonly poolings: number;
}

export type FloatType = 'F32' | 'F16' | 'BF16';

export const BYTES_OF: Readonly<Record<FloatType, number>> = { F32: 4, F16: 2, BF16: 2 };

/** Narrows a type's name. Throws UserError for everything that is no floating-point number of 16 or 32 bits. */
export function floatType(dtype: string, origin: string, name: string): FloatType {
  if (Object.hasOwn(BYTES_OF, dtype)) return dtype as FloatType;
  throw new UserError({
    message: `tensor of type ${dtype}`,
    place: { file: origin, what: name },
    expected: 'F32, F16 or BF16',
  });
}

/** Little-endian bytes, at the start of a buffer of their own, to float32. Throws UserError for NaN and Infinity. */
export function floatsOf(bytes: ArrayBuffer, type: FloatType, origin: string, name: string): Float32Array {
  return finite(
    type === 'F32'
      ? new Float32Array(bytes)
      : (type === 'F16' ? float16ToFloat32 : bfloat16ToFloat32)(new Uint16Array(bytes)),
    origin,
    name,
  );
}

/** The same array. Throws UserError that counts what is not finite. */
export function finite(values: Float32Array, origin: string, name: string): Float32Array {
  let nan = 0;
  let infinite = 0;
  for (const value of values) {
    if (Number.isFinite(value)) continue;
    if (Number.isNaN(value)) nan++;
    else infinite++;
  }
  if (nan + infinite === 0) return values;
  const kinds = [nan > 0 && 'NaN', infinite > 0 && 'Infinity'].filter(Boolean).join(' and ');
  throw new UserError({
    message: `${nan + infinite} of ${values.length} values are ${kinds}`,
    place: { file: origin, what: name },
    expected: 'finite numbers',
  });
}

/** So many bytes of an open file, in a buffer of their own. Throws UserError where the file ends before. */
export async function bytesAt(handle: FileHandle, position: number, length: number, origin: string, name: string) {
  const bytes = new ArrayBuffer(length);
  if (await readFully(handle, Buffer.from(bytes), position)) return bytes;
  throw new UserError({
    message: 'cut off: the bytes of this tensor end early',
    place: { file: origin, what: name },
    hint: 'Download the file again.',
  });
}

/** Number of elements; Infinity where it cannot be counted. */
export function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** `[4,2,3,3]` */
export function list(shape: readonly number[]): string {
  return `[${shape.join(',')}]`;
}

/** Up to five names, for messages that say what was found. */
export function someOf(names: readonly string[]): string {
  return names.length === 0 ? 'nothing' : `${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}`;
}
