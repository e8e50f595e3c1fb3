import type { Companions } from './companions.js';
import { openByContent } from './format.js';
import { readKeras } from './keras.js';
import { readOnnx } from './onnx.js';
import { readSafetensors } from './safetensors.js';
import type { TensorFile } from './tensor-file.js';
import { readTfjs } from './tfjs.js';
import { readTorchLegacy, readTorchZip } from './torch-files.js';

/**
 * Opens a weight file of any format, told by its content. Headers are read and checked, no numbers. `origin`: what
 * messages call the file. The caller closes it.
 */
export async function openWeights(file: string, origin: string, companions: Companions): Promise<TensorFile> {
  const { handle, size, format } = await openByContent(file, origin);
  try {
    switch (format) {
      case 'safetensors':
        return await readSafetensors(handle, size, origin);
      case 'torch-zip':
        return await readTorchZip(handle, size, origin);
      case 'torch-legacy':
        return await readTorchLegacy(handle, size, origin);
      case 'onnx':
        return await readOnnx(handle, size, origin, companions);
      case 'tfjs':
        return await readTfjs(handle, size, origin, companions);
      case 'hdf5':
        // The HDF5 library opens the file itself.
        await handle.close();
        return await readKeras(file, size, origin);
    }
  } catch (error) {
    await handle.close();
    throw error;
  }
}
