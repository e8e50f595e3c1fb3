import type { FileHandle } from 'node:fs/promises';
import { UserError } from '../user-error.js';
import type { PickleValue } from './pickle.js';
import { bytesAt, elementsOf, finite, floatsOf, floatType, list, someOf, type TensorFile } from './tensor-file.js';
import { TorchTensor } from './torch-pickle.js';

/** Where the bytes of a storage lie in the file, and how many there are. */
export interface StoredBytes {
  /** What messages call them: `data/0`. */
  readonly name: string;
  readonly length: number;
  readonly compressed: boolean;
  /** Position of the first byte in the file. Throws UserError where they are not whole. */
  start(): Promise<number>;
}

/** A file of torch.save: what was saved, and where its storages are. */
export interface Saved {
  readonly format: string;
  readonly root: PickleValue;
  readonly storages: ReadonlyMap<string, StoredBytes>;
}

/** Dictionaries within dictionaries that are looked through: `checkpoint['state_dict']['features.0.weight']`. */
const DEPTH = 6;

/**
 * The tensors of what torch.save wrote, by name; those of inner dictionaries with the keys that lead to them
 * (`state_dict.module.features.0.weight`). Every tensor is checked against its storage, and every storage against the
 * file, before anything is allocated.
 */
export async function tensorsOf(handle: FileHandle, saved: Saved, origin: string): Promise<TensorFile> {
  const tensors = collect(saved.root, origin);
  const starts = new Map<string, number>();
  for (const [name, tensor] of tensors) {
    const { key } = tensor.storage;
    const stored = saved.storages.get(key);
    // Whether the claimed bytes are in the file comes first, then whether they are as many as the tensor needs. For
    // compressed bytes it is the other way about: nothing is unpacked to find out.
    const locate = async () => starts.has(key) || (stored && starts.set(key, await stored.start()));
    if (!stored?.compressed) await locate();
    checkExtent(name, tensor, stored, origin);
    await locate();
  }
  return {
    origin,
    format: saved.format,
    names: [...tensors.keys()],
    shapeOf: (name) => tensors.get(name)?.shape,
    read: (name) => readTensor(handle, tensors.get(name)!, starts.get(tensors.get(name)!.storage.key)!, origin, name),
    close: () => handle.close(),
  };
}

function collect(root: PickleValue, origin: string): Map<string, TorchTensor> {
  const fail = (message: string) => {
    throw new UserError({
      message,
      place: { file: origin },
      expected: 'a state_dict: a dictionary of tensors',
      hint: 'Save it in Python: torch.save(model.state_dict(), "vgg16.pth")',
    });
  };
  if (root instanceof TorchTensor) fail(`holds a tensor of shape ${list(root.shape)}, no state_dict`);
  if (!(root instanceof Map)) fail('holds no dictionary');
  const tensors = new Map<string, TorchTensor>();
  const seen = new Set<PickleValue>();
  const visit = (dictionary: Map<PickleValue, PickleValue>, prefix: string, depth: number) => {
    if (seen.has(dictionary) || depth > DEPTH) return;
    seen.add(dictionary);
    for (const [key, value] of dictionary) {
      if (typeof key !== 'string' && typeof key !== 'number') continue;
      if (value instanceof TorchTensor) tensors.set(`${prefix}${key}`, value);
      else if (value instanceof Map) visit(value, `${prefix}${key}.`, depth + 1);
    }
  };
  visit(root as Map<PickleValue, PickleValue>, '', 0);
  const keys = [...(root as Map<PickleValue, PickleValue>).keys()].map(String);
  if (tensors.size === 0) fail(`holds a dictionary without tensors; found: ${someOf(keys)}`);
  return tensors;
}

/** What the pickle claims must fit the storage, and the storage the file. */
function checkExtent(name: string, tensor: TorchTensor, stored: StoredBytes | undefined, origin: string): void {
  const { storage, shape } = tensor;
  const fail = (message: string, expected?: string): never => {
    const hint = 'Download the file again.';
    throw new UserError({ message, place: { file: origin, what: name }, ...(expected && { expected }), hint });
  };
  if (!stored) throw fail(`its storage ${storage.key} is not in the file`);
  const due = storage.elements * storage.unit;
  const elements = elementsOf(shape);
  // A storage that the tensor would not fit is the pickle's fault; the bytes of one that it fits are the file's.
  if (elements * storage.unit > stored.length || due !== stored.length) {
    fail(
      `shape ${list(shape)} takes ${elements * storage.unit} bytes, and its storage ${due}, but ${stored.name} has ${stored.length} bytes`,
      `${due} bytes`,
    );
  }
  const last = shape.reduce((at, length, axis) => at + (length - 1) * tensor.stride[axis]!, tensor.offset);
  if (elements > 0 && last >= storage.elements) {
    fail(
      `shape ${list(shape)} with strides ${list(tensor.stride)} from ${tensor.offset} on reaches beyond the ${storage.elements} elements of ${stored.name}`,
    );
  }
}

async function readTensor(handle: FileHandle, tensor: TorchTensor, start: number, origin: string, name: string) {
  const { storage, shape, stride, offset } = tensor;
  const type = floatType(storage.dtype, origin, name);
  const count = elementsOf(shape);
  if (count === 0) return new Float32Array();
  const span = shape.reduce((last, length, axis) => last + (length - 1) * stride[axis]!, 1);
  const bytes = await bytesAt(handle, start + offset * storage.unit, span * storage.unit, origin, name);
  if (isContiguous(shape, stride)) return floatsOf(bytes, type, origin, name);
  return finite(gather(floatsOf(bytes, type, origin, name), shape, stride), origin, name);
}

function isContiguous(shape: readonly number[], stride: readonly number[]): boolean {
  let due = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && stride[axis] !== due) return false;
    due *= shape[axis]!;
  }
  return true;
}

/** Elements in C order, picked by strides: channels-last tensors lie in another order. */
function gather(stored: Float32Array, shape: readonly number[], stride: readonly number[]): Float32Array {
  const out = new Float32Array(elementsOf(shape));
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < out.length; to++) {
    out[to] = stored[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += stride[axis]!;
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      from -= stride[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}
