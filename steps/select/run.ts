import path from 'node:path';
import type { Artifact, Produced } from '../../artifacts/artifact.js';
import { writeImage } from '../../artifacts/image.js';
import { type Kernel, namedLayers, readKernels, requireLayers } from '../../artifacts/kernels.js';
import { type Mask, readMask, toVolume } from '../../artifacts/mask.js';
import { fileOf, filesAt, untrainedOf } from '../../artifacts/meta.js';
import { writeTable } from '../../artifacts/table.js';
import { thresholdedRows } from '../../artifacts/thresholded-rows.js';
import { UserError } from '../../artifacts/user-error.js';
import { many, one, type StepContext } from '../../engine/step-type.js';
import { type Activation, placeInClusters, placeInRegions } from './activation.js';
import { groupClusters } from './group-clusters.js';
import type { SelectParams } from './index.js';
import { regionLabels } from './region-image.js';
import { type Region, regionsOfAtlas, regionsOfMasks } from './regions.js';
import { type Candidate, firstOf, mostSelective, reasonAgainst } from './rule.js';
import { leftOutColumns, leftOutRow, regionColumns, regionRows, selectionColumns, selectionRow } from './tables.js';

export async function run(context: StepContext<SelectParams>): Promise<Record<string, Produced>> {
  const { params, workDir, note } = context;
  const thresholded = one(context.inputs, 'thresholded');
  const kernels = await readKernels(fileOf(thresholded, 'rows.tsv'));
  requireLayers(namedLayers(params.layers), kernels, thresholded.origin);
  const mask = await readMask(fileOf(thresholded, 'mask.nii.gz'));
  const given = await givenRegions(context, mask);
  if (!given && (params.region_from === 'atlas' || params.regions)) {
    throw new UserError({
      message: 'no regions are given: neither atlas nor masks are wired',
      keys: [params.regions ? 'regions' : 'region_from'],
      expected: 'an atlas or masks under `in`, or a rule that does without',
    });
  }

  const { passed, leftOut } = await judge(thresholded, kernels, given, mask, context);
  const { candidates, regions } = given
    ? { candidates: passed.map((one) => ({ ...one, region: one.activation.main! })), regions: given }
    : ownRegions(passed);
  const { kept, others } = mostSelective(candidates, params.per_region);
  for (const { kernel, activation, region } of others) {
    const reason = `not among the ${params.per_region} most selective of ${kernel.layer} in ${regions[region]!.name}`;
    leftOut.push({ kernel, activation, reason });
  }
  const order = new Map(kernels.map((kernel, row) => [kernel, row]));
  leftOut.sort((a, b) => order.get(a.kernel)! - order.get(b.kernel)!);

  const labels = regionLabels(kept, regions, params.region_from, mask.voxels.length);
  const to = (name: string) => path.join(workDir, name);
  await writeTable(
    to('selection.tsv'),
    selectionColumns,
    kept.map((candidate) => selectionRow(candidate, regions)),
  );
  await writeTable(
    to('left_out.tsv'),
    leftOutColumns,
    leftOut.map(({ kernel, activation, reason }) => leftOutRow(kernel, activation, reason, given)),
  );
  await writeTable(to('regions.tsv'), regionColumns, regionRows(regions, kept, labels, mask));
  await writeImage(to('regions.nii.gz'), {
    grid: mask.grid,
    data: toVolume(
      mask,
      labels.map((label) => (label === 0 ? 0 : regions[label - 1]!.index)),
    ),
    datatype: 'int32',
    description: 'regions of selected kernels',
    intent: { code: 'label' },
  });
  noteOutcome(note, kept, leftOut.length, regions, labels);

  const roles = ['selection.tsv', 'left_out.tsv', 'regions.tsv', 'regions.nii.gz'];
  const { sign, min_voxels, min_selectivity, max_regions, per_region, region_from } = params;
  return {
    selection: {
      files: filesAt(workDir, roles),
      meta: {
        regions: given ? (context.inputs.atlas ? 'atlas' : 'masks') : 'own clusters',
        rule: { sign, min_voxels, min_selectivity, max_regions, per_region, region_from },
        ...untrainedOf(thresholded.meta),
      },
    },
  };
}

interface Judged {
  readonly kernel: Kernel;
  readonly activation: Activation;
}

async function judge(
  thresholded: Artifact,
  kernels: readonly Kernel[],
  given: readonly Region[] | null,
  mask: Mask,
  { params, signal, progress }: StepContext<SelectParams>,
): Promise<{ passed: Judged[]; leftOut: (Judged & { reason: string })[] }> {
  const place = given
    ? placeInRegions(given, mask.voxels.length, params)
    : (row: Parameters<typeof placeInClusters>[0]) => placeInClusters(row, params);
  const passed: Judged[] = [];
  const leftOut: (Judged & { reason: string })[] = [];
  for await (const row of thresholdedRows(thresholded)) {
    signal.throwIfAborted();
    const kernel = kernels[row.row]!;
    if (params.layers && !params.layers.includes(kernel.layer)) continue;
    const activation = place(row);
    const reason = reasonAgainst(kernel, activation, params);
    if (reason) leftOut.push({ kernel, activation, reason });
    // A copy: the row is a view into a block of many kernels, which it would keep in memory.
    else passed.push({ kernel, activation: { ...activation, voxels: activation.voxels.slice() } });
    if (row.row % 256 === 255) progress(row.row + 1, kernels.length, 'kernels');
  }
  progress(kernels.length, kernels.length, 'kernels');
  return { passed, leftOut };
}

function ownRegions(passed: readonly Judged[]): { candidates: Candidate[]; regions: Region[] } {
  const group = groupClusters(passed.map(({ activation }) => activation.voxels));
  const count = group.reduce((most, g) => Math.max(most, g + 1), 0);
  const unions = Array.from({ length: count }, () => new Set<number>());
  for (const [n, { activation }] of passed.entries()) for (const v of activation.voxels) unions[group[n]!]!.add(v);
  const regions = unions.map((union, r) => {
    return { index: r + 1, name: `region-${r + 1}`, voxels: Int32Array.from(union).sort() };
  });
  return { candidates: passed.map((one, n) => ({ ...one, region: group[n]! })), regions };
}

async function givenRegions({ inputs, params }: StepContext<SelectParams>, mask: Mask): Promise<Region[] | null> {
  if (inputs.atlas && inputs.masks) {
    throw new UserError({
      message: 'both an atlas and masks are wired',
      expected: 'one of them, to say what a region is',
    });
  }
  if (!inputs.atlas && !inputs.masks) return null;
  const all = inputs.atlas
    ? await regionsOfAtlas(one(inputs, 'atlas'), mask)
    : await regionsOfMasks(many(inputs, 'masks'), mask);
  const unknown = (params.regions ?? []).filter((name) => !all.some((region) => region.name === name));
  if (unknown.length > 0) {
    throw new UserError({
      message: `no region is named ${unknown.map((name) => `"${name}"`).join(', ')}`,
      keys: ['regions'],
      expected: `names among: ${all.map(({ name }) => name).join(', ')}`,
    });
  }
  return all.filter(({ name }) => !params.regions || params.regions.includes(name));
}

function noteOutcome(
  note: StepContext['note'],
  kept: readonly Candidate[],
  leftOut: number,
  regions: readonly Region[],
  labels: Int32Array,
): void {
  const used = new Set(kept.map(({ region }) => region));
  note(`${kept.length} of ${kept.length + leftOut} kernels selected, in ${used.size} of ${regions.length} regions`);
  const withVoxels = new Set(labels);
  const empty = regions.filter((_, r) => used.has(r) && !withVoxels.has(r + 1)).map(({ name }) => name);
  if (empty.length > 0) {
    note(`no voxel of their own, left out of regions.nii.gz: ${firstOf(empty)}`);
  }
}
