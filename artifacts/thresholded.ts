import type { Artifact, ArtifactType, JsonObject, Produced } from './artifact.js';
import { requireShape } from './check-files.js';
import { type Kernel, readKernels } from './kernels.js';
import { type Mask, readMask } from './mask.js';
import { fileOf, untrainedOf } from './meta.js';
import { readNpy, readNpyRows } from './npy.js';
import { requireTable } from './table-stream.js';
import { publishThresholded } from './thresholded-publish.js';
import { UserError } from './user-error.js';

export interface ThresholdedFacts {
  readonly rows: readonly Kernel[];
  readonly mask: Mask;
  /** Statistic that was thresholded (`t`). */
  readonly statistic: string;
  /** Value that a voxel must reach; null where it differs between rows (`thresholds.tsv`). */
  readonly threshold: number | null;
  /** How the threshold was chosen (`p`, `correction`, `df`, `sides`, `connectivity`, `minExtent`), as in the meta. */
  readonly rule: JsonObject;
  readonly untrained?: boolean;
}

/** Voxels that passed, of some rows: compressed sparse rows. */
export interface Entries {
  /** `[rows + 1]`: the entries of row r are `indptr[r]` to `indptr[r + 1]`, counted from the first entry here. */
  readonly indptr: Int32Array;
  /** `[entry]`: index into the voxels of the mask, increasing inside a row. */
  readonly voxel: Int32Array;
  /** `[entry]`: number of the cluster in its row from 1, negative for negative clusters. */
  readonly label: Int32Array;
  /** `[entry]`: the statistic. */
  readonly value: Float32Array;
}

export interface StoredThresholded extends ThresholdedFacts {
  /** `[row + 1]`, for the whole artifact. */
  readonly indptr: Int32Array;
  /** Entries of rows `first` to `end` (excluded). */
  readRows(first: number, end: number): Promise<Entries>;
}

export async function readThresholded(artifact: Artifact): Promise<StoredThresholded> {
  const { statistic, threshold, untrained: _, ...rule } = artifact.meta;
  const indptr = (await readNpy(fileOf(artifact, 'indptr.npy'))).data as Int32Array;
  return {
    rows: await readKernels(fileOf(artifact, 'rows.tsv')),
    mask: await readMask(fileOf(artifact, 'mask.nii.gz')),
    statistic: statistic as string,
    threshold: threshold as number | null,
    rule,
    ...untrainedOf(artifact.meta),
    indptr,
    async readRows(first, end) {
      const [from, to] = [indptr[first]!, indptr[end]!];
      const part = async (role: string) => (await readNpyRows(fileOf(artifact, role), from, to)).data;
      return {
        indptr: indptr.slice(first, end + 1).map((at) => at - from),
        voxel: (await part('voxel.npy')) as Int32Array,
        label: (await part('label.npy')) as Int32Array,
        value: (await part('value.npy')) as Float32Array,
      };
    },
  };
}

async function check(produced: Produced): Promise<void> {
  const rows = (await readKernels(fileOf(produced, 'rows.tsv'))).length;
  await requireShape(produced, 'indptr.npy', [rows + 1], '<i4');
  const file = fileOf(produced, 'indptr.npy');
  const indptr = (await readNpy(file)).data;
  if (indptr[0] !== 0 || indptr.some((value, row) => row > 0 && value < indptr[row - 1]!)) {
    throw new UserError({ message: 'the row starts do not increase from 0', place: { file } });
  }
  const entries = indptr[rows]!;
  await requireShape(produced, 'voxel.npy', [entries], '<i4');
  await requireShape(produced, 'label.npy', [entries], '<i4');
  await requireShape(produced, 'value.npy', [entries], '<f4');
  await readMask(fileOf(produced, 'mask.nii.gz'));
  await requireTable(fileOf(produced, 'clusters.tsv'));
}

export const thresholdedType: ArtifactType = {
  name: 'thresholded',
  title: 'voxels that passed a threshold, with their clusters',
  description: [
    'Compressed sparse rows, one row per kernel:',
    '',
    '- `indptr.npy`: int32 `[row + 1]`; the entries of row r are `indptr[r]` to `indptr[r + 1]`',
    '- `voxel.npy`: int32 `[entry]`, index into the voxels of the mask, increasing inside a row',
    '- `label.npy`: int32 `[entry]`, number of the cluster in its row from 1; negative for negative clusters',
    '- `value.npy`: float32 `[entry]`, the statistic',
    '- `rows.tsv` (name, layer, kernel, status), `clusters.tsv` (one line per cluster, peaks in mm), `mask.nii.gz`',
    '- `peaks.tsv` (one line per peak of a cluster), `thresholds.tsv` (one line per row: height, least extent, what passed), where there are these',
    '- meta: `statistic`, `threshold` (null where it differs between rows), `p`, `correction`, `family`, `df`, `sides`, `connectivity`, `minExtent`',
    '',
    'Published as two 4D NIfTI images (the statistic, and cluster numbers; 0 where the threshold is not reached) and the tables of clusters, peaks and thresholds.',
  ].join('\n'),
  check,
  publish: async (artifact, target) => publishThresholded(artifact, await readThresholded(artifact), target),
};
