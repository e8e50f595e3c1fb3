import { closeSync, openSync, writeSync } from 'node:fs';
import type { Statistic, StatisticMaps } from './statistic-maps.js';

/** Arrays [kernel, voxel] in files that exist in full length, of which a task fills a block of voxels. */
export interface MapsFiles {
  /** By statistic: the file, and the byte at which its data begin. */
  readonly files: Partial<Record<Statistic, { readonly file: string; readonly offset: number }>>;
  /** Voxels of the whole array. */
  readonly columns: number;
  readonly firstColumn: number;
}

export interface OpenMapsFiles {
  /** `maps`: [kernel, voxel], with `voxels` to a row; `kernels` rows are written, the first as row `firstKernel`. */
  write(maps: StatisticMaps, firstKernel: number, kernels: number, voxels: number): void;
  close(): void;
}

/**
 * Opens the files for this thread: numbers of files that another thread opened may stand for others when it is done.
 * Writing waits for the system here, in the thread that has the values in its cache; a row at a time through the event
 * loop costs several times as much.
 */
export function openMapsFiles({ files, columns, firstColumn }: MapsFiles): OpenMapsFiles {
  const open: { statistic: Statistic; descriptor: number; offset: number }[] = [];
  const close = () => {
    for (const { descriptor } of open.splice(0)) closeSync(descriptor);
  };
  try {
    for (const [statistic, { file, offset }] of Object.entries(files)) {
      open.push({ statistic: statistic as Statistic, descriptor: openSync(file, 'r+'), offset });
    }
  } catch (error) {
    close();
    throw error;
  }
  return {
    close,
    write(maps, firstKernel, kernels, voxels) {
      for (const { statistic, descriptor, offset } of open) {
        const values = maps[statistic]!;
        const { BYTES_PER_ELEMENT: size } = values;
        const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
        for (let k = 0; k < kernels; k++) {
          const position = offset + size * ((firstKernel + k) * columns + firstColumn);
          writeFully(descriptor, bytes, k * voxels * size, voxels * size, position);
        }
      }
    },
  };
}

function writeFully(descriptor: number, bytes: Uint8Array, from: number, length: number, position: number): void {
  for (let done = 0; done < length; ) {
    done += writeSync(descriptor, bytes, from + done, length - done, position + done);
  }
}
