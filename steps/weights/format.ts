import { type FileHandle, open } from 'node:fs/promises';
import { UserError } from '../../artifacts/user-error.js';

const ACCEPTED =
  'a .safetensors file of VGG-16 (tensors named features.0.weight, features.0.bias, … as torchvision and timm write them)';

/** The ways a weight file can begin, most telling first. `size` is that of the file in bytes. */
const kinds: readonly { is(head: Buffer, size: number): boolean; name: string; hint?: string }[] = [
  { is: (_, size) => size === 0, name: 'the file is empty (0 bytes)', hint: 'Download it again.' },
  {
    is: (head) => head.toString('latin1').startsWith('version https://git-lfs'),
    name: 'a Git LFS pointer, not the weights themselves',
    hint: 'Fetch the weights with: git lfs pull',
  },
  {
    is: (head) => /^\s*<(!doctype|html|\?xml)/i.test(head.toString('latin1')),
    name: 'an HTML page saved in place of the weights',
    hint: 'Download the file again; the server may have asked for a login.',
  },
  {
    is: (head) => head.toString('latin1', 0, 4) === 'PK\x03\x04',
    name: 'a zip archive (a PyTorch .pth, a .keras or an .npz file), which is not read yet',
    hint: 'Convert it in Python: safetensors.torch.save_file(torch.load("vgg16.pth", weights_only=True), "vgg16.safetensors")',
  },
  {
    is: (head) => head[0] === 0x80 && head[1]! >= 2 && head[1]! <= 5 && head[8] !== 0x7b,
    name: 'a Python pickle (an old PyTorch .pth file), which is not read yet',
    hint: 'Convert it in Python: safetensors.torch.save_file(torch.load("vgg16.pth", weights_only=True), "vgg16.safetensors")',
  },
  {
    is: (head) => head.toString('latin1', 0, 8) === '\x89HDF\r\n\x1a\n',
    name: 'an HDF5 file (Keras .h5), which is not read yet',
    hint: 'Convert it in Python: safetensors.numpy.save_file({w.path: w.numpy() for w in model.weights}, "vgg16.safetensors")',
  },
  {
    is: (head) => /^\s*\{\s*"/.test(head.toString('latin1')),
    name: 'a JSON file (a TensorFlow.js model.json?), which is not read yet',
  },
  {
    // ModelProto: field 1 (ir_version) as a varint, then a text field (producer) or a message.
    is: (head) => head[0] === 0x08 && head[1]! > 0 && head[1]! < 32 && (head[2]! & 7) === 2 && head[8] !== 0x7b,
    name: 'an ONNX model, which is not read yet',
    hint: 'Convert its initializers in Python: safetensors.numpy.save_file({t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}, …)',
  },
];

/**
 * Opens a weight file whose content (not its name) is safetensors: 8 bytes of header length, then JSON.
 * Throws UserError that names what else it is.
 */
export async function openSafetensors(file: string, origin: string): Promise<{ handle: FileHandle; size: number }> {
  const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new UserError({ message: 'file not found', place: { file: origin }, expected: ACCEPTED }, { cause: error });
  });
  try {
    const info = await handle.stat();
    if (info.isDirectory()) {
      throw new UserError({ message: 'a folder where a file is due', place: { file: origin }, expected: ACCEPTED });
    }
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64), 0, 64, 0);
    const head = buffer.subarray(0, bytesRead);
    const kind = kinds.find(({ is }) => is(head, info.size));
    if (kind) {
      const hint = kind.hint ? { hint: kind.hint } : {};
      throw new UserError({ message: kind.name, place: { file: origin }, expected: ACCEPTED, ...hint });
    }
    if (head[8] !== 0x7b) {
      throw new UserError({
        message: 'no format of weights that is known here',
        place: { file: origin },
        expected: ACCEPTED,
      });
    }
    return { handle, size: info.size };
  } catch (error) {
    await handle.close();
    throw error;
  }
}
