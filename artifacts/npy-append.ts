import { open } from 'node:fs/promises';
import { dtypeOf, headerBytes, type NpyData, type NpyDtype } from './npy-format.js';
import { writeFully } from './whole-bytes.js';

export interface NpyAppender {
  /** Appends elements; calls must not overlap. */
  append(data: NpyData): Promise<void>;
  /** Writes the final number of rows into the header and closes; returns that number. */
  close(): Promise<number>;
}

/**
 * Creates a .npy file whose number of rows is known only at the end (the voxels that pass a threshold, the images of
 * a movie), so that they need not be held in memory. `rowShape` is the shape of one row; a list has none.
 * The header has the same size for every number of rows that can occur (2^53 has 16 digits; there is room for 50).
 */
export async function appendNpy(file: string, dtype: NpyDtype, rowShape: readonly number[] = []): Promise<NpyAppender> {
  const handle = await open(file, 'w');
  const rowSize = rowShape.reduce((product, size) => product * size, 1);
  const start = headerBytes([0, ...rowShape], dtype).length;
  let position = start;
  let length = 0;
  return {
    async append(data) {
      if (dtypeOf(data) !== dtype) throw new TypeError(`${dtypeOf(data)} data for the ${dtype} array ${file}`);
      await writeFully(handle, data, position);
      position += data.byteLength;
      length += data.length;
    },
    async close() {
      try {
        if (length % rowSize !== 0)
          throw new RangeError(`${length} elements are no whole rows [${rowShape}] in ${file}`);
        const head = headerBytes([length / rowSize, ...rowShape], dtype);
        await handle.write(head, 0, head.length, 0);
      } finally {
        await handle.close();
      }
      return length / rowSize;
    },
  };
}
