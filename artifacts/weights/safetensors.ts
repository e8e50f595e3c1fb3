import type { FileHandle } from 'node:fs/promises';
import { UserError } from '../user-error.js';
import { bytesAt, floatsOf, floatType, list, type TensorFile } from './tensor-file.js';

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
 * Checks the whole header of an open safetensors file against its size before anything is allocated.
 * Source: https://huggingface.co/docs/safetensors (8 bytes length, JSON header, then the tensors without gaps).
 */
export async function readSafetensors(handle: FileHandle, size: number, origin: string): Promise<TensorFile> {
  const { json, dataStart } = await readHeader(handle, size, origin);
  const entries = parseEntries(json, origin);
  checkLayout(entries, dataStart, size, origin);
  return {
    origin,
    format: 'safetensors',
    names: [...entries.keys()],
    shapeOf: (name) => entries.get(name)?.shape,
    async read(name) {
      const { dtype, begin, end } = entries.get(name)!;
      const type = floatType(dtype, origin, name);
      return floatsOf(await bytesAt(handle, dataStart + begin, end - begin, origin, name), type, origin, name);
    },
    close: () => handle.close(),
  };
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
