import { writeSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';

/** Most that is asked of one system call, whose limit is 2 GiB. */
const MOST = 1 << 30;

/** Fills `target` from `position` on; false where the file ends before. A single read may return less than asked. */
export async function readFully(handle: FileHandle, target: Buffer, position: number): Promise<boolean> {
  for (let done = 0; done < target.length; ) {
    const want = Math.min(target.length - done, MOST);
    const { bytesRead } = await handle.read(target, done, want, position + done);
    if (bytesRead === 0) return false;
    done += bytesRead;
  }
  return true;
}

/** Writes all bytes of an array at `position`. */
export async function writeFully(handle: FileHandle, data: ArrayBufferView, position: number): Promise<void> {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, Math.min(bytes.length - done, MOST), position + done);
    done += bytesWritten;
  }
}

/** The same for the number of an open file; this thread waits. */
export function writeFullySync(file: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(file, bytes, done, Math.min(bytes.length - done, MOST), position + done);
  }
}

/** Turns big-endian elements of so many bytes into little-endian ones, in place. */
export function swapBytes(buffer: Buffer, bytes: number): void {
  if (bytes === 2) buffer.swap16();
  if (bytes === 4) buffer.swap32();
  if (bytes === 8) buffer.swap64();
}
