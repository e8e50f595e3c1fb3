import type { Artifact } from './artifact.js';
import { fileOf } from './meta.js';
import { readNpy, readNpyRows } from './npy.js';

/** What passed the threshold in one map. */
export interface ThresholdedRow {
  /** Index into rows.tsv. */
  readonly row: number;
  /** `[passed]` indices into the mask, increasing. */
  readonly voxel: Int32Array;
  /** `[passed]` signed cluster number. */
  readonly label: Int32Array;
}

/** Voxels of all maps read at a time: 2 x 8 MB. */
const chunk = 1 << 21;

/** Goes through the maps of a `thresholded` artifact in order; memory does not grow with their number. */
export async function* thresholdedRows(thresholded: Artifact): AsyncGenerator<ThresholdedRow> {
  const indptr = (await readNpy(fileOf(thresholded, 'indptr.npy'))).data as Int32Array;
  const rows = indptr.length - 1;
  let first = 0;
  while (first < rows) {
    let end = first + 1;
    while (end < rows && indptr[end + 1]! - indptr[first]! <= chunk) end += 1;
    const [start, stop] = [indptr[first]!, indptr[end]!];
    const voxel = (await readNpyRows(fileOf(thresholded, 'voxel.npy'), start, stop)).data as Int32Array;
    const label = (await readNpyRows(fileOf(thresholded, 'label.npy'), start, stop)).data as Int32Array;
    for (let row = first; row < end; row++) {
      const [from, to] = [indptr[row]! - start, indptr[row + 1]! - start];
      yield { row, voxel: voxel.subarray(from, to), label: label.subarray(from, to) };
    }
    first = end;
  }
}
