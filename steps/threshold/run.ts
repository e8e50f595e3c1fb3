import path from 'node:path';
import type { Artifact, JsonObject, Produced } from '../../artifacts/artifact.js';
import { type Kernel, readKernels } from '../../artifacts/kernels.js';
import { linkOrCopy } from '../../artifacts/link.js';
import { type Mask, readMask } from '../../artifacts/mask.js';
import { fileOf, filesAt, untrainedOf } from '../../artifacts/meta.js';
import { writeNpy } from '../../artifacts/npy.js';
import { appendNpy } from '../../artifacts/npy-append.js';
import { writeTable } from '../../artifacts/table.js';
import { UserError } from '../../artifacts/user-error.js';
import { one, type StepContext } from '../../engine/step-type.js';
import type { ClusteredBlock } from '../../numerics/clusters-block.js';
import { clusterColumns, clusterRows } from './cluster-table.js';
import { heightThreshold } from './height.js';
import type { ThresholdParams } from './index.js';
import { labelBlocks } from './label-blocks.js';

export async function run(context: StepContext<ThresholdParams>): Promise<Record<string, Produced>> {
  const { params, workDir } = context;
  const maps = one(context.inputs, 'maps');
  const file = statisticFile(maps, params.statistic);
  const height = heightThreshold(maps, params);
  const kernels = await readKernels(fileOf(maps, 'rows.tsv'));
  const mask = await readMask(fileOf(maps, 'mask.nii.gz'));
  const leftOut = kernels.map(({ status }) => status !== undefined && status !== 'fitted');

  const to = (name: string) => path.join(workDir, name);
  const voxel = await appendNpy(to('voxel.npy'), '<i4');
  const label = await appendNpy(to('label.npy'), '<i4');
  const value = await appendNpy(to('value.npy'), '<f4');
  const indptr = new Int32Array(kernels.length + 1);
  const clusters: { first: number; block: Float64Array }[] = [];
  const rule = { threshold: height.threshold, sides: params.sides, minExtent: params.min_extent };
  try {
    const blocks = labelBlocks({ file, mask, leftOut, connectivity: params.connectivity, rule }, context);
    for await (const { first, labelled } of blocks) {
      countUp(indptr, first, labelled, maps);
      await voxel.append(labelled.voxel);
      await label.append(labelled.label);
      await value.append(labelled.value);
      clusters.push({ first, block: labelled.clusters });
      context.progress(first + labelled.counts.length, kernels.length, 'maps');
    }
  } finally {
    await Promise.all([voxel.close(), label.close(), value.close()]);
  }

  await writeNpy(to('indptr.npy'), [indptr.length], indptr);
  await writeTable(to('clusters.tsv'), clusterColumns, allRows(clusters, kernels, mask));
  await linkOrCopy(fileOf(maps, 'rows.tsv'), to('rows.tsv'));
  await linkOrCopy(fileOf(maps, 'mask.nii.gz'), to('mask.nii.gz'));
  noteEmpty(context, indptr, leftOut);

  const roles = ['indptr.npy', 'voxel.npy', 'label.npy', 'value.npy', 'rows.tsv', 'clusters.tsv', 'mask.nii.gz'];
  const meta: JsonObject = {
    statistic: params.statistic,
    threshold: height.threshold,
    p: height.p,
    df: height.df,
    sides: params.sides,
    connectivity: params.connectivity,
    minExtent: params.min_extent,
    ...untrainedOf(maps.meta),
  };
  return { thresholded: { files: filesAt(workDir, roles), meta } };
}

function statisticFile(maps: Artifact, statistic: string): string {
  const file = maps.files[`${statistic}.npy`];
  if (file) return file;
  const there = Object.keys(maps.files).filter((role) => role.endsWith('.npy'));
  throw new UserError({
    message: `${maps.origin} has no map of the statistic "${statistic}"`,
    keys: ['statistic'],
    expected: `one of: ${there.map((role) => role.slice(0, -4)).join(', ')}`,
  });
}

/** Adds the block's rows to the running totals. An int32 index is enough for 30,000 maps of 70,000 voxels that all pass. */
function countUp(indptr: Int32Array, first: number, { counts }: ClusteredBlock, maps: Artifact): void {
  counts.forEach((count, row) => {
    const total = indptr[first + row]! + count;
    if (total > 0x7fffffff) {
      throw new UserError({
        message: `more than 2^31 voxels of ${maps.origin} pass the threshold`,
        expected: 'a threshold that keeps fewer voxels, or fewer maps',
      });
    }
    indptr[first + row + 1] = total;
  });
}

function* allRows(
  blocks: readonly { first: number; block: Float64Array }[],
  kernels: readonly Kernel[],
  mask: Mask,
): Generator<(string | number)[]> {
  for (const { first, block } of blocks) yield* clusterRows(block, first, kernels, mask);
}

function noteEmpty({ note }: Pick<StepContext, 'note'>, indptr: Int32Array, leftOut: readonly boolean[]): void {
  const unfitted = leftOut.filter(Boolean).length;
  const empty = leftOut.filter((left, row) => !left && indptr[row] === indptr[row + 1]).length;
  if (unfitted > 0) {
    note(`${unfitted} of ${leftOut.length} kernels were left out of the fit and count as not activating`);
  }
  if (empty > 0) note(`${empty} of ${leftOut.length} maps have no voxel above the threshold`);
}
