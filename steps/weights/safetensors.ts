import type { FileHandle } from 'node:fs/promises';
import { UserError } from '../../artifacts/user-error.js';
import { readFully } from '../../artifacts/whole-bytes.js';
import { openSafetensors } from './format.js';
import { bfloat16ToFloat32, float16ToFloat32 } from './half-precision.js';

/** Named tensors of a weight file. Nothing is read but what is asked for. */
export interface TensorFile {
  /** What messages call the file. */
  readonly origin: string;
  readonly names: readonly string[];
  /** Lengths of the axes, slowest first; undefined for a name that is not there. */
  shapeOf(name: string): readonly number[] | undefined;
  /** All elements in C order, as float32. Throws UserError for tensors that are no floating-point numbers, NaN and Infinity. */
  read(name: string): Promise<Float32Array>;
  close(): Promise<void>;
}

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

const BYTES: Readonly<Record<string, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
};

/** Larger headers are refused, as by the reference implementation. */
const MAX_HEADER = 100_000_000;

/**
 * Opens a safetensors file and checks its whole header against the size of the file before anything is allocated.
 * Source: https://huggingface.co/docs/safetensors (8 bytes length, JSON header, then the tensors without gaps).
 */
export async function readSafetensors(file: string, origin: string): Promise<TensorFile> {
  const { handle, size } = await openSafetensors(file, origin);
  try {
    const { json, dataStart } = await readHeader(handle, size, origin);
    const entries = parseEntries(json, origin);
    checkLayout(entries, dataStart, size, origin);
    return {
      origin,
      names: [...entries.keys()],
      shapeOf: (name) => entries.get(name)?.shape,
      read: (name) => readTensor(handle, entries.get(name)!, name, dataStart, origin),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function readHeader(handle: FileHandle, size: number, origin: string) {
  const { buffer } = await handle.read(Buffer.alloc(8), 0, 8, 0);
  const stated = buffer.readBigUInt64LE();
  const place = { file: origin };
  if (stated > BigInt(Math.max(0, size - 8)) || stated > BigInt(MAX_HEADER)) {
    throw new UserError({
      message: `header length ${stated} is beyond the file size of ${size} bytes`,
      place,
      expected: 'a header inside the file',
      hint: 'The file is cut off or no safetensors file; download it again.',
    });
  }
  const length = Number(stated);
  const text = Buffer.alloc(length);
  await handle.read(text, 0, length, 8);
  try {
    const json: unknown = JSON.parse(text.toString('utf8'));
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return { json, dataStart: 8 + length };
  } catch {
    // Said below.
  }
  throw new UserError({ message: 'the header is not valid JSON', place, hint: 'Download the file again.' });
}

/** Entries by name. A Map, because a tensor may be called `__proto__`. */
function parseEntries(json: object, origin: string): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const [name, value] of Object.entries(json)) {
    if (name === '__metadata__') continue;
    const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
    if (typeof dtype !== 'string' || !isLengths(shape) || !isLengths(offsets) || offsets.length !== 2) {
      throw new UserError({
        message: 'the header describes this tensor wrongly',
        place: { file: origin, what: name },
        expected: 'dtype, shape and data_offsets',
      });
    }
    entries.set(name, { dtype, shape, begin: offsets[0]!, end: offsets[1]! });
  }
  return entries;
}

function isLengths(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

/** Tensors lie one after another and fill the file to its end. */
function checkLayout(entries: Map<string, Entry>, dataStart: number, size: number, origin: string): void {
  const room = size - dataStart;
  const sorted = [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  let last = '';
  const fail = (message: string, what: string | undefined, expected: string, hint = 'Download the file again.') => {
    throw new UserError({
      message,
      place: what === undefined ? { file: origin } : { file: origin, what },
      expected,
      hint,
    });
  };
  for (const [name, entry] of sorted) {
    const due = bytesOf(entry);
    if (entry.begin > entry.end || (due !== null && due !== entry.end - entry.begin)) {
      fail(
        `${entry.end - entry.begin} bytes for shape ${list(entry.shape)} of ${entry.dtype}`,
        name,
        `${due ?? 'as many'} bytes`,
      );
    }
  }
  // A file that lost its end has no gaps; one with gaps and tensors beyond the end has wrong offsets.
  const gap = sorted.some(([, { begin }], index) => begin > (sorted[index - 1]?.[1].end ?? 0));
  for (const [name, { begin, end: stop }] of sorted) {
    if (gap && stop > room) {
      fail(`offsets ${begin} to ${stop} lie beyond the file size of ${size} bytes`, name, `offsets up to ${room}`);
    }
  }
  for (const [name, { begin, end: stop }] of sorted) {
    if (begin < end) fail(`${name} and ${last} overlap in the file`, name, 'tensors that lie one after another');
    if (begin > end) fail(`${begin - end} bytes before it belong to no tensor`, name, 'no gaps');
    end = stop;
    last = name;
  }
  if (end > room) fail(`truncated: found ${size} bytes`, undefined, `${dataStart + end} bytes`);
  if (end < room)
    fail(`${room - end} bytes at the end belong to no tensor`, undefined, `${dataStart + end} bytes in all`);
}

/** null where the type is unknown, or the product is beyond what can be counted (then it cannot match either). */
function bytesOf({ dtype, shape }: Entry): number | null {
  const unit = BYTES[dtype];
  return unit === undefined ? null : shape.reduce((product, length) => product * length, unit);
}

async function readTensor(handle: FileHandle, entry: Entry, name: string, dataStart: number, origin: string) {
  const place = { file: origin, what: name };
  if (!['F32', 'F16', 'BF16'].includes(entry.dtype)) {
    throw new UserError({ message: `tensor of type ${entry.dtype}`, place, expected: 'F32, F16 or BF16' });
  }
  const bytes = Buffer.from(new ArrayBuffer(entry.end - entry.begin));
  const whole = await readFully(handle, bytes, dataStart + entry.begin);
  if (!whole) throw new UserError({ message: 'cut off while it was read', place });
  const values =
    entry.dtype === 'F32'
      ? new Float32Array(bytes.buffer)
      : (entry.dtype === 'F16' ? float16ToFloat32 : bfloat16ToFloat32)(new Uint16Array(bytes.buffer));
  const bad = values.filter((value) => !Number.isFinite(value));
  if (bad.length === 0) return values;
  const kinds = [...new Set(Array.from(bad, (value) => (Number.isNaN(value) ? 'NaN' : 'Infinity')))].join(' and ');
  throw new UserError({
    message: `${bad.length} of ${values.length} values are ${kinds}`,
    place,
    expected: 'finite numbers',
  });
}

/** `[4,2,3,3]` */
export function list(shape: readonly number[]): string {
  return `[${shape.join(',')}]`;
}
