import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Artifact } from '../../artifacts/artifact.js';
import type { Grid } from '../../artifacts/grid.js';
import { writeImage } from '../../artifacts/image.js';
import { writeMask } from '../../artifacts/mask.js';
import { readSelection } from '../../artifacts/selection.js';
import { readTable } from '../../artifacts/table.js';
import { createPool, type Pool } from '../../numerics/pool.js';
import { groupClusters } from '../../steps/select/group-clusters.js';
import { selectStep } from '../../steps/select/index.js';
import { newFolder } from '../support/folders.js';
import { madeArtifact, runStep } from '../support/run-step.js';
import { lineGrid, thresholdedOf } from '../support/small-thresholded.js';

let pool: Pool;
beforeAll(() => {
  pool = createPool(1);
});
afterAll(() => pool.close());

async function atlasOf(labels: number[], names: Record<number, string>, grid: Grid = lineGrid(labels.length)) {
  const dir = await newFolder('atlas');
  const files = { 'atlas.nii.gz': path.join(dir, 'atlas.nii.gz'), 'labels.tsv': path.join(dir, 'labels.tsv') };
  const data = Int32Array.from(labels);
  await writeImage(files['atlas.nii.gz'], { grid, data, datatype: 'int16', description: 'atlas' });
  const rows = Object.entries(names).map(([index, name]) => `${index}\t${name}`);
  await writeFile(files['labels.tsv'], ['index\tname', ...rows, ''].join('\n'));
  return madeArtifact('atlas', { files }, 'atlas.nii.gz');
}

async function select(inputs: Record<string, Artifact | Artifact[]>, params: Record<string, unknown> = {}) {
  const { outputs, notes } = await runStep(selectStep, inputs, { min_voxels: 2, ...params }, { pool });
  const selection = outputs.selection!;
  const { kernels, labels, regions } = await readSelection(selection);
  const left = await readTable(selection.files['left_out.tsv']!);
  return {
    notes,
    labels: [...labels],
    regions: regions.map(({ name }) => name),
    kernels: kernels.map(({ name, region, selectivity, voxels }) => [name, region, selectivity, voxels]),
    leftOut: Object.fromEntries(left.rows.map((row) => [row[0], row.at(-1)])),
  };
}

describe('select with an atlas', () => {
  const atlas = () => atlasOf([1, 1, 1, 0, 2, 2, 2, 2], { 1: 'visual', 2: 'parietal' });

  it('takes kernels that activate one region and says why it leaves the others out', async () => {
    const thresholded = await thresholdedOf([
      { layer: 'A', labels: [1, 1, 1, 1, 0, 0, 0, 0] },
      { layer: 'A', labels: [1, 1, 0, 0, 2, 2, 0, 0] },
      { layer: 'A', labels: [0, 0, 0, 0, 0, 0, 0, 0] },
      { layer: 'A', labels: [1, 0, 0, 0, 0, 0, 0, 0] },
      { layer: 'A', labels: [0, 0, 0, 0, 0, 0, 0, 0], status: 'constant' },
      { layer: 'B', labels: [2, 0, 0, 1, 1, 1, 0, 0] },
    ]);
    const { kernels, leftOut, regions, labels } = await select({ thresholded, atlas: await atlas() });
    expect(regions).toEqual(['visual', 'parietal']);
    // The fourth voxel of A/k1 lies in no region and counts against it; so does the first of B/k1.
    expect(kernels).toEqual([
      ['A/k1', 'visual', 0.75, 3],
      ['B/k1', 'parietal', 0.5, 2],
    ]);
    expect(leftOut).toEqual({
      'A/k2': 'activates 2 regions: visual, parietal',
      'A/k3': 'no voxel above threshold',
      'A/k4': 'no region with at least 2 voxels above threshold',
      'A/k5': 'left out of the fit: constant',
    });
    expect(labels).toEqual([1, 1, 1, 0, 2, 2, 0, 0]);
  });

  it('counts positive clusters only, unless told otherwise', async () => {
    const thresholded = await thresholdedOf([{ layer: 'A', labels: [-1, -1, 0, 0, 1, 1, 1, 0] }]);
    expect((await select({ thresholded, atlas: await atlas() })).kernels).toEqual([['A/k1', 'parietal', 1, 3]]);
    const negative = await select({ thresholded, atlas: await atlas() }, { sign: 'negative' });
    expect(negative.kernels).toEqual([['A/k1', 'visual', 1, 2]]);
    const any = await select({ thresholded, atlas: await atlas() }, { sign: 'any', max_regions: 2 });
    expect(any.kernels).toEqual([['A/k1', 'parietal', 0.6, 3]]);
  });

  it('keeps the most selective kernels of each layer and region', async () => {
    const thresholded = await thresholdedOf([
      { layer: 'A', labels: [1, 1, 0, 1, 0, 0, 0, 0] },
      { layer: 'A', labels: [1, 1, 0, 0, 0, 0, 0, 0] },
      { layer: 'A', labels: [1, 1, 1, 0, 0, 0, 0, 0] },
      { layer: 'B', labels: [1, 1, 0, 1, 0, 0, 0, 0] },
    ]);
    const { kernels, leftOut } = await select({ thresholded, atlas: await atlas() }, { per_region: 1 });
    expect(kernels.map(([name]) => name)).toEqual(['A/k3', 'B/k1']);
    expect(leftOut['A/k2']).toBe('not among the 1 most selective of A in visual');
  });

  it('makes the region of the voxels above threshold in any or all of its kernels, or of the whole region', async () => {
    const thresholded = await thresholdedOf([
      { layer: 'A', labels: [1, 1, 0, 0, 0, 0, 0, 0] },
      { layer: 'A', labels: [0, 1, 1, 0, 0, 0, 0, 0] },
    ]);
    const labelsFrom = async (region_from: string) =>
      (await select({ thresholded, atlas: await atlas() }, { region_from })).labels.slice(0, 4);
    expect(await labelsFrom('union')).toEqual([1, 1, 1, 0]);
    expect(await labelsFrom('overlap')).toEqual([0, 1, 0, 0]);
    expect(await labelsFrom('atlas')).toEqual([1, 1, 1, 0]);
  });

  it('considers the layers and regions asked for', async () => {
    const thresholded = await thresholdedOf([
      { layer: 'A', labels: [1, 1, 0, 0, 2, 2, 0, 0] },
      { layer: 'B', labels: [1, 1, 0, 0, 0, 0, 0, 0] },
    ]);
    const only = await select({ thresholded, atlas: await atlas() }, { layers: ['A'], regions: ['parietal'] });
    expect(only.kernels).toEqual([['A/k1', 'parietal', 0.5, 2]]);
    expect(only.leftOut).toEqual({});
    const wrong = select({ thresholded, atlas: await atlas() }, { regions: ['motor'] });
    await expect(wrong).rejects.toThrow(/"motor"[\s\S]*visual, parietal/);
  });

  it('refuses an atlas on another grid and names both grids', async () => {
    const thresholded = await thresholdedOf([{ layer: 'A', labels: [1, 1, 0, 0, 0, 0, 0, 0] }]);
    const other = await atlasOf([1, 1, 1, 1, 1, 1], { 1: 'visual' }, lineGrid(6));
    await expect(select({ thresholded, atlas: other })).rejects.toThrow(/6 x 1 x 1[\s\S]*8 x 1 x 1/);
  });

  it('tells regions that share a name apart by their label', async () => {
    const thresholded = await thresholdedOf([{ layer: 'A', labels: [0, 0, 0, 0, 1, 1, 0, 0] }]);
    const both = await atlasOf([1, 1, 1, 0, 2, 2, 2, 3], { 1: 'insula', 2: 'insula' });
    expect((await select({ thresholded, atlas: both })).regions).toEqual(['insula (1)', 'insula (2)', 'label 3']);
  });
});

describe('select with masks', () => {
  it('takes each mask as a region and lets them overlap', async () => {
    const dir = await newFolder('masks');
    const masks = await Promise.all(
      [
        [0, 1, 2],
        [2, 3],
      ].map(async (voxels, n) => {
        const file = path.join(dir, `area-${n + 1}.nii.gz`);
        await writeMask(file, { grid: lineGrid(5), voxels: Int32Array.from(voxels) });
        return madeArtifact('mask', { files: { 'mask.nii.gz': file } }, file);
      }),
    );
    const thresholded = await thresholdedOf([
      { layer: 'A', labels: [0, 1, 1, 1, 0] },
      { layer: 'A', labels: [1, 1, 1, 0, 0] },
    ]);
    const { kernels, leftOut, regions } = await select({ thresholded, masks });
    expect(regions).toEqual(['area-1', 'area-2']);
    expect(kernels).toEqual([['A/k2', 'area-1', 1, 3]]);
    expect(leftOut['A/k1']).toBe('activates 2 regions: area-1, area-2');
  });
});

describe('select by the kernels’ own clusters', () => {
  it('takes kernels with one cluster and groups those that lie in each other', async () => {
    const thresholded = await thresholdedOf([
      { layer: 'A', labels: [1, 1, 0, 0, 2, 2, 0, 0, 0] },
      { layer: 'A', labels: [1, 1, 1, 1, 0, 0, 0, 0, 0] },
      { layer: 'A', labels: [0, 0, 0, 0, 0, 0, 1, 1, 0] },
      { layer: 'A', labels: [0, 0, 1, 1, 1, 0, 0, 0, 2] },
    ]);
    const { kernels, leftOut, labels, regions } = await select({ thresholded });
    expect(kernels).toEqual([
      ['A/k2', 'region-1', 1, 4],
      ['A/k3', 'region-2', 1, 2],
      ['A/k4', 'region-1', 0.75, 3],
    ]);
    expect(leftOut['A/k1']).toBe('activates 2 regions: cluster 1, cluster 2');
    expect(regions).toEqual(['region-1', 'region-2']);
    expect(labels).toEqual([1, 1, 1, 1, 1, 0, 2, 2, 0]);
  });

  it('asks for regions where a rule needs them', async () => {
    const thresholded = await thresholdedOf([{ layer: 'A', labels: [1, 1] }]);
    await expect(select({ thresholded }, { region_from: 'atlas' })).rejects.toThrow(/neither atlas nor masks/);
  });

  it('selects nothing without failing', async () => {
    const { kernels, labels, notes } = await select({
      thresholded: await thresholdedOf([{ layer: 'A', labels: [0, 0] }]),
    });
    expect([kernels, labels, notes]).toEqual([[], [0, 0], ['0 of 1 kernels selected, in 0 of 0 regions']]);
  });

  it('compares clusters with the first of a group only, so that chains do not become one region', () => {
    const cluster = (from: number, to: number) => Int32Array.from({ length: to - from }, (_, n) => from + n);
    // Each holds half of the next one's voxels.
    expect(groupClusters([cluster(0, 8), cluster(4, 11), cluster(8, 14)])).toEqual([0, 0, 1]);
  });
});
