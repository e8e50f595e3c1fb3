import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readImage } from '../../artifacts/image.js';
import { readNpy } from '../../artifacts/npy.js';
import { readTable } from '../../artifacts/table.js';
import { loadWorkflow, type RunResult, run } from '../../index.js';
import { arrays } from '../support/reference-maps.js';
import { describeShared, root } from '../support/shared.js';

const subjects = 8;
const kernels = 12;

/**
 * From files to files: the workflow reads real BOLD and the reference's regressors, and what it publishes is read back
 * as any program would and compared with nilearn 0.10.4 and scipy (shared/reference/README.md).
 */
describeShared('real BOLD, from images to published maps, equals nilearn', () => {
  let dir: string;
  let offsets: Float64Array;

  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'voxreel-haxby-'));
    offsets = (await readNpy(path.join(arrays, 'mask', 'file_offset.npy'))).data as Float64Array;
    for (const experiment of ['ols', 'ar1', 'friston24']) {
      const workflow = await loadWorkflow(path.join(root, 'test', 'workflows', 'haxby-reference.yaml'), { experiment });
      const result = await run(workflow, { cache: path.join(dir, 'cache'), results: path.join(dir, 'results') });
      expect(failures(result)).toEqual([]);
    }
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  const published = (experiment: string, ...names: string[]) =>
    path.join(dir, 'results', 'haxby-reference', experiment, ...names);

  /** [kernel, voxel] in the reference's voxel order. */
  async function mapsOf(file: string): Promise<Float64Array> {
    const { header, data } = await readImage(file);
    const size = header.grid.dim.reduce((product, n) => product * n, 1);
    const rows = data.length / size;
    return Float64Array.from({ length: rows * offsets.length }, (_, at) => {
      const row = Math.floor(at / offsets.length);
      return data[row * size + offsets[at % offsets.length]!]!;
    });
  }

  const reference = async (...names: string[]) => (await readNpy(path.join(arrays, ...names))).data as Float64Array;

  async function firstLevel(experiment: string, statistic: string): Promise<Float64Array> {
    const all: number[] = [];
    for (let subject = 1; subject <= subjects; subject++) {
      const stem = `sub-0${subject}_task-movie_space-T1w_stat-${statistic}_statmap.nii.gz`;
      all.push(...(await mapsOf(published(experiment, 'first-level', stem))));
    }
    expect(all).toHaveLength(subjects * kernels * offsets.length);
    return Float64Array.from(all);
  }

  // nilearn solves by an unscaled pseudo-inverse: the reference's README measures 2e-13 of the largest effect and 2e-12
  // for t against a QR on scaled columns. Maps are published as float64 here, so storage adds nothing. 1e-9 of the
  // largest leaves room for another BLAS.
  const tolerance = 1e-9;

  test.each([
    ['ols', 'ols'],
    ['ar1', 'ar1'],
  ])('%s: effect, SE and t of every subject, kernel and voxel', async (experiment, folder) => {
    for (const [statistic, file] of [
      ['effect', 'beta'],
      ['se', 'se'],
      ['t', 't'],
    ] as const) {
      const ours = await firstLevel(experiment, statistic);
      const theirs = await reference('glm', folder, `${file}.npy`);
      expect(largestDifference(ours, theirs), statistic).toBeLessThan(tolerance);
    }
  });

  test('Friston 24 (lagged form): effect and t', async () => {
    for (const [statistic, file] of [
      ['effect', 'beta'],
      ['t', 't'],
    ] as const) {
      const ours = await firstLevel('friston24', statistic);
      const theirs = await reference('glm', 'ols_friston24', `${file}.npy`);
      expect(largestDifference(ours, theirs), statistic).toBeLessThan(tolerance);
    }
  });

  test('group: mean and t equal scipy', async () => {
    const ours = await mapsOf(published('ols', 'group', 'group_stat-t_statmap.nii.gz'));
    expect(largestDifference(ours, await reference('group', 't.npy'))).toBeLessThan(tolerance);
    const mean = await mapsOf(published('ols', 'group', 'group_stat-effect_statmap.nii.gz'));
    expect(largestDifference(mean, await reference('group', 'mean.npy'))).toBeLessThan(tolerance);
  });

  test('clusters at P < 0.001, 18-connected: the same sizes and peaks in mm', async () => {
    const table = await readTable(published('ols', 'significant', 'significant_desc-clusters.tsv'));
    const at = (name: string) => table.columns.indexOf(name);
    const ours = table.rows.map((row) => [
      Number(row[at('name')]!.slice(1)),
      ...['voxels', 'x', 'y', 'z'].map((name) => Number(row[at(name)])),
    ]);
    const all = await readTable(path.join(arrays, 'group', 'clusters.tsv'));
    const column = (name: string) => all.columns.indexOf(name);
    const theirs = all.rows
      .filter((row) => Number(row[column('p')]) === 0.001 && row[column('two_sided')] === 'False')
      .filter((row) => Number(row[column('connectivity')]) === 18)
      .map((row) => ['kernel', 'size_voxels', 'x_mm', 'y_mm', 'z_mm'].map((name) => Number(row[column(name)])));
    const order = (rows: number[][]) => rows.map((row) => row.map((n) => n.toFixed(3)).join(' ')).sort();
    expect(ours.length).toBeGreaterThan(10);
    expect(order(ours)).toEqual(order(theirs));
  });

  test('activation probability of layers A and B, and their difference', async () => {
    // Shares of 6 kernels, published as float32: rounded to 24 bits, 6e-8 of the value.
    for (const [name, file] of [
      ['layer-A_probmap', 'A'],
      ['layer-B_probmap', 'B'],
      ['layer-B-minus-A_diffmap', 'difference'],
    ] as const) {
      const ours = await mapsOf(published('ols', 'probability', `probability_${name}.nii.gz`));
      const theirs = await reference('layers', `probability_onesided_p001_${file}.npy`);
      expect(largestDifference(ours, theirs), name).toBeLessThan(6e-8);
    }
  });
});

describeShared('the workflow of the real data as it is shipped', () => {
  test('runs from series to probability maps, reverse analysis and figures', async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'voxreel-haxby-real-'));
    try {
      const workflow = await loadWorkflow(path.join(root, 'workflows', 'haxby-real.yaml'));
      const options = { cache: path.join(dir, 'cache'), results: path.join(dir, 'results') };
      const result = await run(workflow, options);
      expect(failures(result)).toEqual([]);
      const clusters = await readTable(
        path.join(dir, 'results', 'haxby-real', 'default', 'significant', 'significant_desc-clusters.tsv'),
      );
      // k01 follows the visual blocks of the real experiment: no other kernel may have a larger cluster.
      const sizes = clusters.rows.map((row) => ({
        name: row[clusters.columns.indexOf('name')]!,
        voxels: Number(row[clusters.columns.indexOf('voxels')]),
      }));
      expect(sizes.sort((a, b) => b.voxels - a.voxels)[0]!.name).toBe('k01');
      // k07 follows them too, weighed by category: the region that responds to the blocks must select both.
      const selection = await readTable(
        path.join(dir, 'results', 'haxby-real', 'default', 'selection', 'selection_selection.tsv'),
      );
      const selected = selection.rows.map((row) => row[selection.columns.indexOf('name')]);
      expect(selected).toEqual(expect.arrayContaining(['k01', 'k07']));
      const again = await run(await loadWorkflow(path.join(root, 'workflows', 'haxby-real.yaml')), options);
      expect(again.ran).toEqual(0);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });
});

function failures(result: RunResult): unknown {
  return result.ok ? [] : result;
}

/** Largest absolute difference as a share of the largest reference value; infinite where only one is a number. */
function largestDifference(ours: Float64Array, theirs: Float64Array): number {
  expect(ours.length).toBe(theirs.length);
  let difference = 0;
  let scale = 0;
  for (let i = 0; i < ours.length; i++) {
    scale = Math.max(scale, Math.abs(theirs[i]!));
    const d = Math.abs(ours[i]! - theirs[i]!);
    difference = Math.max(difference, Number.isNaN(d) ? Number.POSITIVE_INFINITY : d);
  }
  return difference / scale;
}
