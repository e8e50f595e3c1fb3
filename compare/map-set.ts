import type { Artifact } from '../artifacts/artifact.js';
import { followsFromOthers, readMaps } from '../artifacts/maps.js';
import type { Mask } from '../artifacts/mask.js';
import { readThresholded } from '../artifacts/thresholded.js';
import type { Passed } from '../numerics/cluster-overlap.js';

interface Common {
  readonly mask: Mask;
  /** What each map is: a kernel, a contrast, a layer. */
  readonly names: readonly string[];
  readonly statistic: string;
  readonly untrained: boolean;
}

/** Maps of one statistic. */
export interface ValueMaps extends Common {
  readonly kind: 'values';
  /** Voxels that are not in the mask have the value 0: the mask only says where some map has another. Default false. */
  readonly zeroOutside?: boolean;
  /** `[voxel]` of one map. */
  read(row: number): Promise<ArrayLike<number>>;
}

/** What passed a threshold. */
export interface PassedMaps extends Common {
  readonly kind: 'passed';
  /** Indices are into the mask's voxels. */
  read(row: number): Promise<Passed>;
}

export type MapSet = ValueMaps | PassedMaps;

/** Numbers that are read at a time: opening a file for each of thousands of maps would take longer than comparing them. */
const BLOCK = 1 << 21;

/** The sets of maps that an artifact holds, one for each statistic; none for other types. */
export async function mapSetsOf(artifact: Artifact): Promise<MapSet[]> {
  const untrained = artifact.meta.untrained === true;
  if (artifact.type === 'thresholded') {
    const { mask, rows, statistic, readRows } = await readThresholded(artifact);
    const names = rows.map(({ name }) => name);
    const read = inBlocks(readRows, names.length, mask.voxels.length, ({ indptr, voxel, label }, at): Passed => {
      const [from, to] = [indptr[at]!, indptr[at + 1]!];
      return { voxel: voxel.subarray(from, to), label: label.subarray(from, to) };
    });
    return [{ kind: 'passed', mask, names, statistic, untrained, read }];
  }
  if (artifact.type !== 'maps') return [];
  const { mask, rows, statistics, readRows } = await readMaps(artifact);
  const names = rows.map(({ name }) => name);
  return Object.keys(statistics)
    .filter((statistic) => !followsFromOthers(statistic))
    .map((statistic) => {
      const width = mask.voxels.length;
      const read = inBlocks(
        (first, end) => readRows(statistic, first, end),
        names.length,
        width,
        (block, at): ArrayLike<number> => block.subarray(at * width, (at + 1) * width),
      );
      return { kind: 'values', mask, names, statistic, untrained, read };
    });
}

/** Reads single rows by blocks of them, of which one is kept. */
function inBlocks<Block, Row>(
  readRows: (first: number, end: number) => Promise<Block>,
  rows: number,
  width: number,
  rowOf: (block: Block, at: number) => Row,
): (row: number) => Promise<Row> {
  const size = Math.max(1, Math.floor(BLOCK / Math.max(1, width)));
  let first = 0;
  let block: Block | undefined;
  return async (row) => {
    if (block === undefined || row < first || row >= first + size) {
      first = row - (row % size);
      block = await readRows(first, Math.min(rows, first + size));
    }
    return rowOf(block, row - first);
  };
}
