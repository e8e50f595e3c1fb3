import type { Artifact, ArtifactType, InputContext, Produced } from './artifact.js';
import { requireFiles } from './check-files.js';
import type { Grid } from './grid.js';
import { publishImage, requireVolume } from './image-types.js';
import { inputFile, pathProperty } from './input-file.js';
import { fileOf, niftiFile, niftiRole } from './meta.js';
import { readImage } from './nifti-data.js';
import { publishAsIs } from './published.js';
import { numericColumn, readTable, textColumn } from './table.js';
import { UserError } from './user-error.js';

export interface Region {
  /** The value of the region's voxels in the atlas image. */
  readonly index: number;
  readonly name: string;
}

export interface AtlasData {
  readonly grid: Grid;
  /** Region index of every voxel of the grid in file order; 0 is none. */
  readonly labels: Int32Array;
  /** In the order of the table. Regions without a voxel are kept. */
  readonly regions: readonly Region[];
}

/** Reads image and table. Throws UserError for values that are not whole numbers. */
export async function readAtlas(artifact: Artifact): Promise<AtlasData> {
  const file = niftiFile(artifact, 'atlas');
  const { header, data } = await readImage(file);
  const labels = Int32Array.from(data);
  const odd = data.findIndex((value, at) => value !== labels[at]);
  if (odd >= 0) throw noLabel(data[odd]!, file);
  return { grid: header.grid, labels, regions: await readRegions(fileOf(artifact, 'labels.tsv')) };
}

/** The error for a value that cannot be the index of a region. */
export function noLabel(value: number, file: string): UserError {
  return new UserError({
    message: `value ${value} in the atlas`,
    place: { file },
    expected: 'whole numbers: the index of a region, 0 for none',
    hint: 'A probabilistic atlas must be made discrete first.',
  });
}

/** The table of regions: columns `index` and `name`, others are ignored. Index 0 (background) is left out. */
export async function readRegions(file: string): Promise<Region[]> {
  const table = await readTable(file);
  const indices = numericColumn(table, 'index', file);
  const names = textColumn(table, 'name', file);
  const seen = new Map<number, string>();
  const regions = names.map((name, row) => ({ index: indices[row]!, name }));
  regions.forEach(({ index, name }, row) => {
    const problem = !Number.isInteger(index)
      ? `index of region "${name}" is no whole number`
      : seen.has(index)
        ? `regions "${seen.get(index)}" and "${name}" have the same index ${index}`
        : null;
    if (problem) throw new UserError({ message: problem, place: { file, line: row + 2, what: 'index' } });
    seen.set(index, name);
  });
  return regions.filter(({ index }) => index !== 0);
}

async function resolve(spec: { path: string; labels: string }, context: InputContext) {
  const file = await inputFile(spec.path, context, 'an atlas image (.nii or .nii.gz)');
  const labels = await inputFile(spec.labels, context, 'a table with the columns index and name', ['labels']);
  await requireVolume(file, 'atlas');
  await readRegions(labels);
  return { type: 'atlas', files: { [niftiRole('atlas', file)]: file, 'labels.tsv': labels }, origin: spec.path };
}

export const atlasType: ArtifactType = {
  name: 'atlas',
  title: 'atlas (3D NIfTI of region indices, with a table of names)',
  description: [
    '- `atlas.nii.gz` (or `atlas.nii`): one volume of whole numbers, the index of the region at each voxel, 0 for none',
    '- `labels.tsv`: columns `index` and `name`',
  ].join('\n'),
  input: {
    properties: {
      path: pathProperty('The atlas image.'),
      labels: pathProperty('A table (.tsv) with the columns `index` and `name`.'),
    },
    required: ['path', 'labels'],
    resolve: (spec, context) => resolve(spec as { path: string; labels: string }, context),
  },
  async check(produced: Produced) {
    requireFiles(produced, ['labels.tsv']);
    await requireVolume(niftiFile(produced, 'atlas'), 'atlas');
    await readRegions(fileOf(produced, 'labels.tsv'));
  },
  async publish(artifact: Artifact, target) {
    const table = { description: 'Regions of the atlas: index and name.' };
    return [
      ...(await publishImage(artifact, 'atlas', target, 'dseg', {
        description: 'Atlas: index of the region at each voxel; regions are named in the table beside it.',
        units: '1',
      })),
      await publishAsIs(fileOf(artifact, 'labels.tsv'), target, 'dseg.tsv', table, artifact.meta),
    ];
  },
};
