import { open } from 'node:fs/promises';
import { visitImage } from './nifti-data.js';
import { readImageHeader, readStart } from './nifti-header.js';
import { writeFully } from './whole-bytes.js';

/** NIfTI's code of single precision. */
const FLOAT32 = 16;

/**
 * Writes an image again with other values: in single precision, unscaled, not compressed, with all other fields of the header
 * as they are, byte for byte; without extensions.
 * @param change gets the scaled values of each volume `[z, y, x]`, rounded to single precision, to be changed in place
 */
export async function rewriteImage(
  file: string,
  target: string,
  change: (values: Float32Array) => void,
  signal?: AbortSignal,
): Promise<void> {
  const { version, littleEndian } = await readImageHeader(file);
  const { start } = await readStart(file);
  const size = version === 1 ? 348 : 540;
  const head = Buffer.alloc(size + 4);
  start.copy(head, 0, 0, size);
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const [datatype, bitpix] = version === 1 ? [70, 72] : [12, 14];
  view.setInt16(datatype, FLOAT32, littleEndian);
  view.setInt16(bitpix, 32, littleEndian);
  if (version === 1) {
    view.setFloat32(108, head.length, littleEndian);
    view.setFloat32(112, 1, littleEndian);
    view.setFloat32(116, 0, littleEndian);
  } else {
    view.setBigInt64(168, BigInt(head.length), littleEndian);
    view.setFloat64(176, 1, littleEndian);
    view.setFloat64(184, 0, littleEndian);
  }
  const handle = await open(target, 'wx');
  let at = 0;
  const write = async (bytes: Buffer) => {
    await writeFully(handle, bytes, at);
    at += bytes.length;
  };
  try {
    await write(head);
    const visit = async (values: Float64Array) => {
      const single = Float32Array.from(values);
      change(single);
      const bytes = Buffer.from(single.buffer);
      if (!littleEndian) bytes.swap32();
      await write(bytes);
    };
    await visitImage(file, visit, signal);
  } finally {
    await handle.close();
  }
}
