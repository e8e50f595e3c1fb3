import { PickleFault, type PickleValue, type Vocabulary } from './pickle.js';
import { list } from './tensor-file.js';

/** Bytes that a tensor lies in, named by its key in the file. */
export interface Storage {
  readonly key: string;
  /** `F32`, `I64`, … */
  readonly dtype: string;
  /** Bytes of one element. */
  readonly unit: number;
  /** Elements of the whole storage. */
  readonly elements: number;
  /** First element of this view of it. */
  readonly first: number;
}

/** A tensor as the pickle describes it: the element [i, j, …] is `offset + i * stride[0] + j * stride[1] + …`. */
export class TorchTensor {
  constructor(
    readonly storage: Storage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly stride: readonly number[],
  ) {}
}

/** PyTorch's typed storages: our name of the type, and bytes of an element. */
const storages: Readonly<Record<string, readonly [dtype: string, unit: number]>> = {
  FloatStorage: ['F32', 4],
  HalfStorage: ['F16', 2],
  BFloat16Storage: ['BF16', 2],
  DoubleStorage: ['F64', 8],
  LongStorage: ['I64', 8],
  IntStorage: ['I32', 4],
  ShortStorage: ['I16', 2],
  CharStorage: ['I8', 1],
  ByteStorage: ['U8', 1],
  BoolStorage: ['BOOL', 1],
};

class StorageType {
  constructor(
    readonly dtype: string,
    readonly unit: number,
  ) {}
}

type Build = (args: readonly PickleValue[]) => PickleValue;

/** What torch.save writes for tensors and dictionaries; the 2017 files of torchvision use the first form of `_rebuild_tensor`. */
const functions: Readonly<Record<string, Build>> = {
  'collections.OrderedDict': (args) => {
    if (args.length === 0) return new Map();
    // Python 2 passes a list of pairs.
    const pairs = args[0];
    if (!Array.isArray(pairs)) throw new PickleFault('an OrderedDict of no pairs');
    return new Map(pairs.map((pair) => (Array.isArray(pair) ? [pair[0], pair[1]] : [null, null])));
  },
  'torch._utils._rebuild_tensor': tensor,
  'torch._utils._rebuild_tensor_v2': tensor,
  'torch._utils._rebuild_parameter': ([data]) => {
    if (data instanceof TorchTensor) return data;
    throw new PickleFault('a parameter without a tensor');
  },
  'torch.Size': ([lengths]) => lengths ?? [],
};

function tensor([storage, offset, shape, stride]: readonly PickleValue[]): TorchTensor {
  if (!isStorage(storage) || !isCount(offset) || !isCounts(shape) || !isCounts(stride)) {
    throw new PickleFault('a tensor without storage, offset, shape and strides');
  }
  if (shape.length !== stride.length) throw new PickleFault(`shape ${list(shape)} with strides ${list(stride)}`);
  return new TorchTensor(storage, storage.first + offset, shape, stride);
}

/** The vocabulary of a state_dict. `onStorage` hears of every storage. */
export function torchVocabulary(onStorage: (storage: Storage) => void): Vocabulary {
  return {
    find(name) {
      if (Object.hasOwn(functions, name)) return functions[name];
      const [, kind = ''] = /^torch\.(?:cuda\.)?(\w+Storage)$/.exec(name) ?? [];
      if (!Object.hasOwn(storages, kind)) return undefined;
      return new StorageType(...storages[kind]!);
    },
    call(callee, args) {
      if (typeof callee !== 'function') throw new PickleFault('calls what is no function');
      return (callee as Build)(args);
    },
    persistent(id) {
      const storage = storageOf(id);
      onStorage(storage);
      return storage;
    },
    adviceFor: (name) =>
      /^(torch|torchvision|timm|__torch__|__main__)\b/.test(name) && !name.startsWith('torch.storage.')
        ? 'A whole model, not its weights? Save those in Python: torch.save(model.state_dict(), "vgg16.pth")'
        : 'Save only the weights in Python: torch.save(model.state_dict(), "vgg16.pth"). If the file came from elsewhere, do not open it with torch.load.',
  };
}

/** ('storage', class, key, device, elements[, view]); a view is (key, first element, elements) and was written until 2018. */
function storageOf(id: PickleValue): Storage {
  if (Array.isArray(id) && id[0] === 'storage' && id[1] instanceof StorageType && isCount(id[4])) {
    const [, type, key, , elements, view] = id;
    const first = Array.isArray(view) && isCount(view[1]) ? view[1] : 0;
    return { key: String(key), dtype: type.dtype, unit: type.unit, elements, first };
  }
  throw new PickleFault('a persistent id that is no storage');
}

function isStorage(value: PickleValue | undefined): value is Storage {
  return typeof value === 'object' && value !== null && 'elements' in value && 'unit' in value;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(isCount);
}
