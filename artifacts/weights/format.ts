import { type FileHandle, open } from 'node:fs/promises';
import { UserError } from '../user-error.js';

export type WeightFormat = 'safetensors' | 'torch-zip' | 'torch-legacy' | 'hdf5' | 'onnx' | 'tfjs';

/** What messages say that a weight file should be. */
export const READABLE =
  'weights of VGG-16 as .safetensors, .pth (PyTorch), .h5 (Keras), .onnx or model.json (TensorFlow.js)';

interface Head {
  readonly bytes: Buffer;
  readonly text: string;
  /** Of the file, in bytes. */
  readonly size: number;
}

/** What is sometimes found in place of weights. */
const mistakes: readonly { is(head: Head): boolean; name: string; hint: string }[] = [
  { is: ({ size }) => size === 0, name: 'the file is empty (0 bytes)', hint: 'Download it again.' },
  {
    is: ({ text }) => text.startsWith('version https://git-lfs'),
    name: 'a Git LFS pointer, not the weights themselves',
    hint: 'Fetch the weights with: git lfs pull',
  },
  {
    is: ({ text }) => /^\s*<(!doctype|html|\?xml)/i.test(text),
    name: 'an HTML page saved in place of the weights',
    hint: 'Download the file again; the server may have asked for a login.',
  },
];

/** How each format begins, most telling first. */
const formats: readonly { is(head: Head): boolean; format: WeightFormat }[] = [
  { is: ({ text }) => text.startsWith('\x89HDF\r\n\x1a\n'), format: 'hdf5' },
  { is: ({ text }) => text.startsWith('PK\x03\x04'), format: 'torch-zip' },
  // 8 bytes of length, then a JSON object.
  { is: ({ bytes, text }) => bytes.length > 8 && text[8] === '{', format: 'safetensors' },
  { is: ({ bytes }) => bytes[0] === 0x80 && bytes[1]! >= 2 && bytes[1]! <= 5, format: 'torch-legacy' },
  { is: ({ text }) => /^\s*\{\s*"/.test(text), format: 'tfjs' },
  // ModelProto: field 1 (ir_version) as a varint, then a text (producer) or a message.
  { is: ({ bytes }) => bytes[0] === 8 && bytes[1]! > 0 && bytes[1]! < 32 && (bytes[2]! & 7) === 2, format: 'onnx' },
];

export interface OpenFile {
  readonly handle: FileHandle;
  readonly size: number;
  readonly format: WeightFormat;
}

/** Opens a weight file and tells its format by its content, never by its name. Throws UserError that names what else it is. */
export async function openByContent(file: string, origin: string): Promise<OpenFile> {
  const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new UserError({ message: 'file not found', place: { file: origin }, expected: READABLE }, { cause: error });
  });
  try {
    const info = await handle.stat();
    if (info.isDirectory()) {
      throw new UserError({ message: 'a folder where a file is due', place: { file: origin }, expected: READABLE });
    }
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64), 0, 64, 0);
    const bytes = buffer.subarray(0, bytesRead);
    const head: Head = { bytes, text: bytes.toString('latin1'), size: info.size };
    const mistake = mistakes.find(({ is }) => is(head));
    if (mistake) {
      const { name: message, hint } = mistake;
      throw new UserError({ message, place: { file: origin }, expected: READABLE, hint });
    }
    const format = formats.find(({ is }) => is(head))?.format;
    if (format) return { handle, size: info.size, format };
    const ending = /\.(h5|hdf5|keras)$/i.test(origin) ? 'not an HDF5 file, and ' : '';
    throw new UserError({
      message: `${ending}no format of weights that is known here`,
      place: { file: origin },
      expected: READABLE,
    });
  } catch (error) {
    await handle.close();
    throw error;
  }
}
