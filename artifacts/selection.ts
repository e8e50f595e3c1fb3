import type { Artifact, ArtifactType, Produced, PublishedFile, PublishTarget } from './artifact.js';
import { requireFiles } from './check-files.js';
import type { Grid } from './grid.js';
import { kernelsOf } from './kernels.js';
import { fileOf, metaOf, untrainedOf } from './meta.js';
import { readImage } from './nifti-data.js';
import { publishAsIs } from './published.js';
import { numericColumn, readTable, type Table, textColumn } from './table.js';
import { UserError } from './user-error.js';

export interface SelectedKernel {
  readonly name: string;
  readonly layer: string;
  readonly kernel: number;
  readonly region: string;
  /** Share of its voxels above threshold that lie in its region, 0 to 1. */
  readonly selectivity: number;
  /** Voxels above threshold in the region. */
  readonly voxels: number;
}

export interface SelectedRegion {
  /** Value of its voxels in `regions.nii.gz`. */
  readonly index: number;
  readonly name: string;
}

export interface SelectionData {
  readonly kernels: readonly SelectedKernel[];
  readonly regions: readonly SelectedRegion[];
  readonly grid: Grid;
  /** Region index at every voxel of the grid in file order, 0 for none. */
  readonly labels: Int32Array;
  /** All columns of `selection.tsv`. */
  readonly table: Table;
  readonly untrained?: boolean;
}

export async function readSelection(artifact: Artifact): Promise<SelectionData> {
  const selection = fileOf(artifact, 'selection.tsv');
  const table = await readTable(selection);
  const [region, selectivity, voxels] = [
    textColumn(table, 'region', selection),
    numericColumn(table, 'selectivity', selection),
    numericColumn(table, 'voxels', selection),
  ];
  const file = fileOf(artifact, 'regions.tsv');
  const regions = await readTable(file);
  const index = numericColumn(regions, 'index', file);
  const { header, data } = await readImage(fileOf(artifact, 'regions.nii.gz'));
  return {
    kernels: kernelsOf(table, selection).map(({ name, layer, kernel }, row) => ({
      name,
      layer,
      kernel,
      region: region[row]!,
      selectivity: selectivity[row]!,
      voxels: voxels[row]!,
    })),
    regions: textColumn(regions, 'name', file).map((name, row) => ({ index: index[row]!, name })),
    grid: header.grid,
    labels: Int32Array.from(data),
    table,
    ...untrainedOf(artifact.meta),
  };
}

async function check(produced: Produced): Promise<void> {
  requireFiles(produced, ['selection.tsv', 'regions.tsv', 'regions.nii.gz']);
  const { kernels, regions, labels } = await readSelection({
    type: 'selection',
    digest: '',
    meta: {},
    origin: 'selection',
    ...produced,
  });
  const known = new Set(regions.map(({ name }) => name));
  const lost = kernels.find(({ region }) => !known.has(region));
  if (lost) throw new UserError({ message: `kernel ${lost.name} lies in "${lost.region}", which regions.tsv lacks` });
  const indices = new Set([0, ...regions.map(({ index }) => index)]);
  const odd = labels.find((label) => !indices.has(label));
  if (odd !== undefined) throw new UserError({ message: `regions.nii.gz has label ${odd}, which regions.tsv lacks` });
}

async function publish(artifact: Artifact, target: PublishTarget): Promise<readonly PublishedFile[]> {
  const { meta } = artifact;
  const facts = metaOf({ Rule: meta.rule, Regions: meta.regions });
  const asIs = (role: string, suffix: string, description: string) =>
    publishAsIs(fileOf(artifact, role), target, suffix, { description, units: '1', facts }, meta);
  const files = [
    await asIs('selection.tsv', 'selection.tsv', 'Selected kernels: region, selectivity (0 to 1), number of voxels.'),
    await asIs('regions.tsv', 'regions.tsv', 'Regions: index in the image, name, number of voxels; positions in mm.'),
    await asIs(
      'regions.nii.gz',
      'regions_dseg.nii.gz',
      'Regions of the selected kernels: index at each voxel, 0 for none.',
    ),
  ];
  if (artifact.files['left_out.tsv']) {
    files.push(await asIs('left_out.tsv', 'leftout.tsv', 'Kernels that were not selected, with the reason.'));
  }
  return files;
}

export const selectionType: ArtifactType = {
  name: 'selection',
  title: 'kernels that activate one region, and the regions',
  description: [
    '- `selection.tsv`: name, layer, kernel, region, selectivity (share of the kernel’s voxels above threshold that lie in the region, 0 to 1), voxels, …',
    '- `regions.tsv`: index, name, voxels, …',
    '- `regions.nii.gz`: int32, index of the region at each voxel, 0 for none',
    '- `left_out.tsv`, where there is one: the other kernels with the reason',
    '- meta: `rule`',
  ].join('\n'),
  check,
  publish,
};
