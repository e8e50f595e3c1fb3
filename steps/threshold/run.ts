import path from 'node:path';
import type { Artifact, JsonObject, Produced } from '../../artifacts/artifact.js';
import { type Kernel, readKernels } from '../../artifacts/kernels.js';
import { linkOrCopy } from '../../artifacts/link.js';
import { readMask } from '../../artifacts/mask.js';
import { filesAt, untrainedOf } from '../../artifacts/meta.js';
import { writeNpy } from '../../artifacts/npy.js';
import { appendNpy } from '../../artifacts/npy-append.js';
import { appendTable } from '../../artifacts/table-stream.js';
import { UserError } from '../../artifacts/user-error.js';
import { one, type StepContext } from '../../engine/step-type.js';
import { type ClusteredBlock, clusterFields } from '../../numerics/clusters-block.js';
import { correct } from '../../numerics/height.js';
import { fieldRule } from './field-rule.js';
import { isPermuted, levelOf, type ThresholdParams } from './index.js';
import { candidatesOfAll, labelBlocks, type MapsToLabel } from './label-blocks.js';
import { permutedRule } from './permuted-rule.js';
import { regionNames } from './regions.js';
import {
  countedCorrection,
  distributionOf,
  type Found,
  ownRule,
  plainRule,
  type RuleContext,
  type ThresholdRule,
  uncorrectedP,
} from './rule.js';
import { tablesOf, thresholdColumns } from './tables.js';

type Cell = string | number | null;

export async function run(context: StepContext<ThresholdParams>): Promise<Record<string, Produced>> {
  const { params, workDir } = context;
  const artifact = one(context.inputs, 'maps');
  const kernels = await readKernels(artifact.files['rows.tsv']!);
  const mask = await readMask(artifact.files['mask.nii.gz']!);
  const leftOut = kernels.map(({ status }) => status !== undefined && status !== 'fitted');
  const maps: MapsToLabel = {
    fileOf: (statistic) => statisticFile(artifact, statistic),
    statistic: params.statistic,
    mask,
    leftOut,
  };
  const ruled: RuleContext = {
    maps: artifact,
    rows: kernels.length,
    params,
    distribution: distributionOf(artifact, params.statistic),
  };
  maps.fileOf(params.statistic);
  const rule = await ruleOf(ruled, maps, kernels, context);
  const atlas = context.inputs.atlas as Artifact | undefined;
  const regions = atlas && (await regionNames(atlas, mask));
  const tables = tablesOf({ kernels, mask, rule, regions, uncorrected: (value) => uncorrectedP(ruled, value) });

  const to = (name: string) => path.join(workDir, name);
  const voxel = await appendNpy(to('voxel.npy'), '<i4');
  const label = await appendNpy(to('label.npy'), '<i4');
  const value = await appendNpy(to('value.npy'), '<f4');
  const indptr = new Int32Array(kernels.length + 1);
  const clusters = await appendTable(to('clusters.tsv'), tables.clusterColumns);
  const peaks = await appendTable(to('peaks.tsv'), tables.peakColumns);
  const thresholds = await appendTable(to('thresholds.tsv'), thresholdColumns);
  const { sides, connectivity } = params;
  const how = { sides, connectivity, peaks: { most: params.peaks, distance: params.peak_distance } };
  try {
    await labelBlocks(maps, rule, how, context, async (block, first) => {
      countUp(indptr, first, block, artifact);
      await voxel.append(block.voxel);
      await label.append(block.label);
      await value.append(block.value);
      await clusters.append(tables.clusters(block, first));
      await peaks.append(tables.peaks(block, first));
      await thresholds.append(thresholdRows(block, first, kernels, rule));
      context.progress(first + block.counts.length, kernels.length, 'maps');
    });
  } finally {
    await Promise.all([voxel, label, value, clusters, peaks, thresholds].map((file) => file.close()));
  }

  await writeNpy(to('indptr.npy'), [indptr.length], indptr);
  await linkOrCopy(artifact.files['rows.tsv']!, to('rows.tsv'));
  await linkOrCopy(artifact.files['mask.nii.gz']!, to('mask.nii.gz'));
  noteEmpty(context, indptr, leftOut);

  const arrays = ['indptr.npy', 'voxel.npy', 'label.npy', 'value.npy'];
  const others = ['rows.tsv', 'clusters.tsv', 'peaks.tsv', 'thresholds.tsv', 'mask.nii.gz'];
  const meta: JsonObject = {
    statistic: params.statistic,
    threshold: rule.threshold,
    p: params.value === undefined ? levelOf(params) : null,
    correction: params.correction,
    family: params.correction === 'none' ? null : params.family,
    df: ruled.distribution && 'df' in ruled.distribution ? ruled.distribution.df : null,
    sides: params.sides,
    connectivity: params.connectivity,
    minExtent: params.min_extent,
    ...untrainedOf(artifact.meta),
  };
  return { thresholded: { files: filesAt(workDir, [...arrays, ...others]), meta } };
}

async function ruleOf(
  ruled: RuleContext,
  maps: MapsToLabel,
  kernels: readonly Kernel[],
  context: StepContext<ThresholdParams>,
): Promise<ThresholdRule> {
  const { params } = ruled;
  if (isPermuted(params.correction)) return permutedRule(ruled, maps.leftOut);
  if (params.correction.startsWith('rft-')) {
    return fieldRule(ruled, kernels, maps.leftOut, context.inputs.smoothness as Artifact | undefined);
  }
  if (params.correction === 'none') return plainRule(ruled);
  const own = ownRule(ruled);
  if (params.family === 'map') return own;
  const correction = countedCorrection(ruled);
  const corrected = correct(await candidatesOfAll(maps, correction, context), correction);
  const ofAll = (_: number, { value }: Found) => corrected.pOf(value);
  return {
    ...own,
    heights: new Float64Array(kernels.length).fill(corrected.height),
    ofCluster: ofAll,
    ofPeak: ofAll,
    threshold: Number.isFinite(corrected.height) ? corrected.height : null,
  };
}

function statisticFile(maps: Artifact, statistic: string): string {
  const file = maps.files[`${statistic}.npy`];
  if (file) return file;
  const there = Object.keys((maps.meta.statistics ?? {}) as object);
  throw new UserError({
    message: `${maps.origin} has no map of the statistic "${statistic}"`,
    keys: ['statistic'],
    expected: `one of: ${there.join(', ')}`,
  });
}

function* thresholdRows(
  { counts, heights, clusters }: ClusteredBlock,
  first: number,
  kernels: readonly Kernel[],
  rule: ThresholdRule,
): Generator<Cell[]> {
  const clusterCounts = new Int32Array(counts.length);
  for (let at = 0; at < clusters.length; at += clusterFields.length) clusterCounts[clusters[at]!]! += 1;
  for (const [row, count] of counts.entries()) {
    const { name, layer, kernel } = kernels[first + row]!;
    const extent = rule.minExtents[first + row]!;
    const mass = rule.minMasses?.[first + row] ?? null;
    // Where another statistic decides (TFCE), any positive value may pass: there is no height to tell.
    const height = rule.second ? null : heights[row]!;
    yield [name, layer, kernel, height, Math.ceil(extent), mass, count, clusterCounts[row]!];
  }
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

function noteEmpty({ note }: Pick<StepContext, 'note'>, indptr: Int32Array, leftOut: readonly boolean[]): void {
  const unfitted = leftOut.filter(Boolean).length;
  const empty = leftOut.filter((left, row) => !left && indptr[row] === indptr[row + 1]).length;
  if (unfitted > 0) {
    note(`${unfitted} of ${leftOut.length} kernels were left out of the fit and count as not activating`);
  }
  if (empty > 0) note(`${empty} of ${leftOut.length} maps have no voxel above the threshold`);
}
