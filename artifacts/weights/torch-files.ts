import type { FileHandle } from 'node:fs/promises';
import { UserError } from '../user-error.js';
import { readFully } from '../whole-bytes.js';
import { type PickleValue, unpickle } from './pickle.js';
import { someOf, type TensorFile } from './tensor-file.js';
import { type StoredBytes, tensorsOf } from './torch.js';
import { type Storage, TorchTensor, torchVocabulary } from './torch-pickle.js';
import { readDirectory, shortName, startOf, type ZipEntry } from './zip.js';

/** Pickles that are longer are refused: a state_dict of VGG takes some 4 kB, a checkpoint with its history more. */
const MOST_PICKLE = 32 << 20;

/** First look at a legacy file, whose pickles come before its numbers. */
const FIRST_LOOK = 256 << 10;

/** At the start of every file that torch.save wrote before version 1.6. */
const MAGIC = 0x1950a86a20f9469cfc6cn;

/** torch.save since version 1.6: a zip archive of `data.pkl` and one uncompressed entry for each storage. */
export async function readTorchZip(handle: FileHandle, size: number, origin: string): Promise<TensorFile> {
  const entries = await readDirectory(handle, size, origin);
  const pickle = [...entries.values()].find(({ name }) => shortName(name) === 'data.pkl');
  if (!pickle) throw noPickle([...entries.keys()], origin);
  if (pickle.size > MOST_PICKLE) throw tooLong(pickle.size, origin);
  const bytes = Buffer.alloc(pickle.size);
  await readFully(handle, bytes, await startOf(handle, pickle, size, origin));
  const order = entries.get(pickle.name.replace(/data\.pkl$/, 'byteorder'));
  if (order && order.size < 16) {
    const text = Buffer.alloc(order.size);
    await readFully(handle, text, await startOf(handle, order, size, origin));
    if (text.toString('latin1') === 'big') throw bigEndian(origin);
  }
  const folder = pickle.name.slice(0, -'data.pkl'.length);
  const storages = new Map<string, StoredBytes>();
  const vocabulary = torchVocabulary(({ key }) => {
    const entry = entries.get(`${folder}data/${key}`);
    if (entry) storages.set(key, storedIn(handle, entry, size, origin));
  });
  const { value: root } = unpickle(bytes, 0, vocabulary, origin);
  return tensorsOf(handle, { format: 'PyTorch', root, storages }, origin);
}

function storedIn(handle: FileHandle, entry: ZipEntry, size: number, origin: string): StoredBytes {
  const { compressed } = entry;
  return {
    name: shortName(entry.name),
    length: entry.size,
    compressed,
    start: () => startOf(handle, entry, size, origin),
  };
}

/** torch.save before 1.6: five pickles (magic number, version, machine, what was saved, storage keys), then the storages. */
export async function readTorchLegacy(handle: FileHandle, size: number, origin: string): Promise<TensorFile> {
  let bytes = Buffer.alloc(Math.min(size, FIRST_LOOK));
  await readFully(handle, bytes, 0);
  let head: LegacyHead;
  try {
    head = readHead(bytes, origin);
  } catch (error) {
    // Either it is damaged, or its pickles are longer than the first look; a longer look tells.
    if (size <= bytes.length) throw error;
    bytes = Buffer.alloc(Math.min(size, MOST_PICKLE));
    await readFully(handle, bytes, 0);
    head = readHead(bytes, origin);
  }
  const storages = await locate(handle, head, size, origin);
  return tensorsOf(handle, { format: 'PyTorch (before 1.6)', root: head.root, storages }, origin);
}

interface LegacyHead {
  readonly root: PickleValue;
  readonly known: ReadonlyMap<string, Storage>;
  readonly keys: readonly string[];
  /** Position of the first storage. */
  readonly end: number;
}

function readHead(bytes: Buffer, origin: string): LegacyHead {
  const known = new Map<string, Storage>();
  const vocabulary = torchVocabulary((storage) => known.set(storage.key, storage));
  let at = 0;
  const next = () => {
    const { value, end } = unpickle(bytes, at, vocabulary, origin);
    at = end;
    return value;
  };
  if (next() !== MAGIC) {
    throw new UserError({
      message: 'a Python pickle that torch.save did not write',
      place: { file: origin },
      expected: 'a state_dict: a dictionary of tensors',
      hint: 'Save it in Python: torch.save(model.state_dict(), "vgg16.pth")',
    });
  }
  next();
  const machine = next();
  if (machine instanceof Map && machine.get('little_endian') === false) throw bigEndian(origin);
  const root = next();
  const keys = next();
  return { root, known, keys: Array.isArray(keys) ? keys.map(String) : [], end: at };
}

/** Storages follow in the order of their keys, each after its number of elements (8 bytes). */
async function locate(handle: FileHandle, head: LegacyHead, size: number, origin: string) {
  const storages = new Map<string, StoredBytes>();
  let at = head.end;
  for (const key of head.keys) {
    const storage = head.known.get(key);
    const count = Buffer.alloc(8);
    const whole = await readFully(handle, count, at);
    const elements = whole ? Number(count.readBigInt64LE()) : 0;
    const length = storage ? elements * storage.unit : 0;
    if (!storage || !whole || elements < 0 || at + 8 + length > size) {
      const name = storage ? nameOf(head.root, key) : undefined;
      throw new UserError({
        message: `cut off: the bytes of this tensor end early (storage ${key} would end at ${at + 8 + length}, the file at ${size} bytes)`,
        place: name === undefined ? { file: origin } : { file: origin, what: name },
        hint: 'Download the file again.',
      });
    }
    const start = at + 8;
    storages.set(key, { name: `storage ${key}`, length, compressed: false, start: async () => start });
    at = start + length;
  }
  return storages;
}

/** A tensor that lies in this storage, for messages. */
function nameOf(root: PickleValue, key: string): string | undefined {
  if (!(root instanceof Map)) return undefined;
  for (const [name, value] of root) {
    if (value instanceof TorchTensor && value.storage.key === key) return String(name);
  }
  return undefined;
}

function noPickle(names: readonly string[], origin: string): UserError {
  const hint = names.includes('model.weights.h5')
    ? 'A .keras archive: take model.weights.h5 out of it with an unzip program, and name that.'
    : 'PyTorch’s archives hold data.pkl; npz files and others are not read.';
  return new UserError({
    message: `a zip archive without data.pkl; found: ${someOf(names)}`,
    place: { file: origin },
    expected: 'a file that torch.save wrote',
    hint,
  });
}

function tooLong(length: number, origin: string): UserError {
  return new UserError({
    message: `its pickle has a length of ${length} bytes`,
    place: { file: origin, what: 'data.pkl' },
    expected: `at most ${MOST_PICKLE}`,
    hint: 'Save only the weights in Python: torch.save(model.state_dict(), "vgg16.pth")',
  });
}

function bigEndian(origin: string): UserError {
  return new UserError({
    message: 'written on a big-endian machine',
    place: { file: origin },
    expected: 'little-endian numbers',
  });
}
