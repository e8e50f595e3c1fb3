import { open } from 'node:fs/promises';
import { dtypeOf, headerBytes, type NpyData, type NpyDtype } from './npy.js';

export interface NpyAppender {
  /** Appends elements; calls must not overlap. */
  append(data: NpyData): Promise<void>;
  /** Writes the final length into the header and closes; returns the length. */
  close(): Promise<number>;
}

/**
 * Creates a one-dimensional .npy file whose length is known only at the end (the voxels that pass a threshold), so
 * that it need not be held in memory. The header of a list has the same size for every length below 10^50.
 */
export async function appendNpy(file: string, dtype: NpyDtype): Promise<NpyAppender> {
  const handle = await open(file, 'w');
  const start = headerBytes([0], dtype).length;
  let position = start;
  let length = 0;
  return {
    async append(data) {
      if (dtypeOf(data) !== dtype) throw new TypeError(`${dtypeOf(data)} data for the ${dtype} array ${file}`);
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
        done += bytesWritten;
      }
      position += bytes.length;
      length += data.length;
    },
    async close() {
      try {
        const head = headerBytes([length], dtype);
        await handle.write(head, 0, head.length, 0);
      } finally {
        await handle.close();
      }
      return length;
    },
  };
}
