import { UserError } from '../user-error.js';
import { elementsOf, finite, floatType, list, someOf, type TensorFile } from './tensor-file.js';

/** Names of HDF5 number types for messages; only the first is a Keras weight. */
const types: Readonly<Record<string, string>> = { '<f': 'F32', '<e': 'float16', '<d': 'float64' };

/**
 * The datasets of an HDF5 file of Keras, by path: the three legacy layouts (`block1_conv1/…`), a full model
 * (`model_weights/block1_conv1/…`) and Keras 3's `.weights.h5` (`layers/conv2d_1/vars/0`). HDF5 is read by the HDF5
 * library itself, compiled to WebAssembly, so damage to the file cannot reach outside its memory.
 */
export async function readKeras(file: string, size: number, origin: string): Promise<TensorFile> {
  const hdf5 = await import('h5wasm/node');
  const module = await hdf5.ready;
  // Else the library prints its errors.
  module.activate_throwing_error_handler();
  const guard = <T>(make: () => T): T => {
    try {
      return make();
    } catch (error) {
      throw error instanceof UserError ? error : damaged(error, origin);
    }
  };
  const opened = guard(() => new hdf5.File(file, 'r'));
  try {
    const datasets = guard(() => find(opened, hdf5, origin));
    return {
      origin,
      format: 'HDF5 (Keras)',
      names: [...datasets.keys()],
      shapeOf: (name) => datasets.get(name)?.shape ?? undefined,
      read: async (name) => guard(() => read(datasets.get(name)!, size, origin, name)),
      async close() {
        guard(() => opened.close());
      },
    };
  } catch (error) {
    guard(() => opened.close());
    throw error;
  }
}

type Hdf5 = typeof import('h5wasm/node');
type File = InstanceType<Hdf5['File']>;
type Dataset = InstanceType<Hdf5['Dataset']>;

function find(file: File, hdf5: Hdf5, origin: string): Map<string, Dataset> {
  const datasets = new Map<string, Dataset>();
  for (const path of file.paths()) {
    const entity = file.get(path);
    if (entity instanceof hdf5.Dataset) datasets.set(path, entity);
  }
  const root = file.keys().includes('model_weights') ? 'model_weights' : '';
  const group = root ? file.get(root) : file;
  const listed = group instanceof hdf5.Group ? group.attrs.layer_names?.value : undefined;
  const present = group instanceof hdf5.Group ? group.keys() : [];
  const dangling = Array.isArray(listed) ? listed.filter((name) => !present.includes(String(name))) : [];
  if (dangling.length > 0) {
    throw new UserError({
      message: `layer_names lists ${someOf(dangling.map(String))}, but the file has no such group`,
      place: { file: origin, what: `${root}/@layer_names` },
      hint: 'Download the file again, or save it again from Keras.',
    });
  }
  if (datasets.size === 0) {
    throw new UserError({
      message: `no datasets; found: ${someOf(file.keys())}`,
      place: { file: origin },
      expected: 'weights that Keras saved, with layers like block1_conv1',
    });
  }
  return datasets;
}

function read(dataset: Dataset, size: number, origin: string, name: string): Float32Array {
  const { shape, dtype } = dataset;
  floatType(typeof dtype === 'string' ? (types[dtype] ?? dtype) : 'a compound type', origin, name);
  const bytes = elementsOf(shape ?? []) * 4;
  if (bytes > size) {
    throw new UserError({
      message: `shape ${list(shape ?? [])} takes ${bytes} bytes, more than the file size of ${size} bytes`,
      place: { file: origin, what: name },
      hint: 'Download the file again.',
    });
  }
  const { value } = dataset;
  if (!(value instanceof Float32Array)) throw new Error('no numbers');
  return finite(value, origin, name);
}

/** What the HDF5 library says is a page long; its last line is the cause. */
function damaged(error: unknown, origin: string): UserError {
  const text = error instanceof Error ? error.message : String(error);
  const [, found, expected] = /eof = (\d+),.*stored_eo[af] = (\d+)/.exec(text) ?? [];
  const place = { file: origin };
  const hint = 'Download the file again.';
  if (found) {
    return new UserError(
      { message: `truncated: found ${found} bytes`, place, expected: `${expected} bytes`, hint },
      { cause: error },
    );
  }
  const cause = [...text.matchAll(/\(\): (.*)/g)].at(-1)?.[1] ?? text.split('\n')[0]!;
  return new UserError({ message: `a damaged HDF5 file: ${cause}`, place, hint }, { cause: error });
}
