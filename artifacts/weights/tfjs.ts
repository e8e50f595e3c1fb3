import { type FileHandle, open } from 'node:fs/promises';
import { UserError } from '../user-error.js';
import { readFully } from '../whole-bytes.js';
import type { Companions } from './companions.js';
import { elementsOf, floatsOf, list, someOf, type TensorFile } from './tensor-file.js';

/** model.json of VGG-16 has some 13 kB. */
const MOST_JSON = 32 << 20;

interface Shard {
  readonly name: string;
  readonly file: string;
  readonly size: number;
}

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Position within its group of shards, laid one after another. */
  readonly start: number;
  readonly shards: readonly Shard[];
}

const BYTES: Readonly<Record<string, number>> = { float32: 4, int32: 4, bool: 1, uint8: 1, complex64: 8 };

/**
 * A TensorFlow.js model: `model.json` and the shards it names. Tensors lie one after another over all shards of their
 * group and may straddle two. Source: @tensorflow/tfjs-core, io/types.ts (WeightsManifestConfig).
 */
export async function readTfjs(
  handle: FileHandle,
  size: number,
  origin: string,
  companions: Companions,
): Promise<TensorFile> {
  const groups = manifestOf(await readJson(handle, size, origin), origin);
  const entries = new Map<string, Entry>();
  for (const { paths, weights } of groups) {
    const shards = await Promise.all(
      paths.map(async (name): Promise<Shard> => {
        const file = await companions.find(name);
        const opened = await open(file);
        const { size } = await opened.stat().finally(() => opened.close());
        return { name, file, size };
      }),
    );
    let start = 0;
    for (const { name, dtype, shape } of weights) {
      entries.set(name, { dtype, shape, start, shards });
      start += elementsOf(shape) * BYTES[dtype]!;
    }
    const found = shards.reduce((sum, shard) => sum + shard.size, 0);
    if (found !== start) throw wrongLength(shards, start, found, origin);
  }
  return {
    origin,
    format: 'TensorFlow.js',
    names: [...entries.keys()],
    shapeOf: (name) => entries.get(name)?.shape,
    read: (name) => readTensor(entries.get(name)!, origin, name),
    close: () => handle.close(),
  };
}

async function readJson(handle: FileHandle, size: number, origin: string): Promise<unknown> {
  const text = Buffer.alloc(Math.min(size, MOST_JSON));
  await readFully(handle, text, 0);
  try {
    if (size > MOST_JSON) throw new Error(`${size} bytes`);
    return JSON.parse(text.toString('utf8'));
  } catch (error) {
    throw new UserError(
      { message: `not valid JSON: ${(error as Error).message}`, place: { file: origin }, hint: 'Download it again.' },
      { cause: error },
    );
  }
}

interface Group {
  readonly paths: readonly string[];
  readonly weights: readonly { readonly name: string; readonly dtype: string; readonly shape: readonly number[] }[];
}

function manifestOf(json: unknown, origin: string): Group[] {
  const fail = (message: string, what?: string) =>
    new UserError({
      message,
      place: { file: origin, ...(what !== undefined && { what }) },
      expected: 'model.json of a TensorFlow.js LayersModel, with weightsManifest',
    });
  const groups = (json as { weightsManifest?: unknown }).weightsManifest;
  if (!Array.isArray(groups)) {
    throw fail(`a JSON file without weightsManifest; found: ${someOf(Object.keys(json as object))}`);
  }
  return groups.map((group) => {
    const { paths, weights } = (group ?? {}) as Record<string, unknown>;
    if (!Array.isArray(paths) || !paths.every((name) => typeof name === 'string') || !Array.isArray(weights)) {
      throw fail('a group of weights without paths and weights', 'weightsManifest');
    }
    const entries = weights.map((entry) => {
      const { name, dtype, shape, quantization } = (entry ?? {}) as Record<string, unknown>;
      if (typeof name !== 'string') throw fail('a tensor without a name', 'weightsManifest');
      if (quantization !== undefined) throw fail('quantised weights, which are not read', name);
      if (typeof dtype !== 'string' || !Object.hasOwn(BYTES, dtype)) throw fail(`tensor of type ${dtype}`, name);
      if (!Array.isArray(shape) || !shape.every((length) => Number.isSafeInteger(length) && length >= 0)) {
        throw fail('a tensor without a shape', name);
      }
      return { name, dtype, shape: shape as number[] };
    });
    return { paths, weights: entries };
  });
}

/** All shards but the last have one size, so the one that is too short can be named. */
function wrongLength(shards: readonly Shard[], due: number, found: number, origin: string): UserError {
  const full = shards[0]?.size ?? 0;
  const odd = shards.slice(0, -1).find((shard) => shard.size !== full) ?? shards.at(-1);
  const expected = odd ? odd.size + due - found : due;
  return new UserError({
    message: `${odd?.name ?? 'no shard'}: found ${odd?.size ?? 0} bytes`,
    place: { file: origin },
    expected: `${expected} bytes (all shards: ${due}, found ${found})`,
    hint: 'Download that file again.',
  });
}

async function readTensor({ dtype, shape, start, shards }: Entry, origin: string, name: string) {
  if (dtype !== 'float32') {
    const place = { file: origin, what: name };
    throw new UserError({ message: `tensor ${list(shape)} of type ${dtype}`, place, expected: 'float32' });
  }
  const bytes = Buffer.from(new ArrayBuffer(elementsOf(shape) * 4));
  let from = start;
  let filled = 0;
  for (const shard of shards) {
    const count = Math.min(shard.size - from, bytes.length - filled);
    if (count > 0) {
      const handle = await open(shard.file);
      await readFully(handle, bytes.subarray(filled, filled + count), from).finally(() => handle.close());
      filled += count;
    }
    from = Math.max(0, from - shard.size);
  }
  return floatsOf(bytes.buffer as ArrayBuffer, 'F32', origin, name);
}
