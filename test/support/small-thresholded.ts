import path from 'node:path';
import type { Artifact } from '../../artifacts/artifact.js';
import { type Grid, makeGrid } from '../../artifacts/grid.js';
import { writeThresholded } from '../../artifacts/thresholded.js';
import { newFolder } from './folders.js';
import { madeArtifact } from './run-step.js';

export interface SmallMap {
  readonly layer: string;
  /** Signed cluster number at each voxel, 0 where the threshold is not reached. */
  readonly labels: readonly number[];
  readonly status?: string;
}

/** A line of voxels 2 mm apart, from x = 0. */
export function lineGrid(voxels: number): Grid {
  return makeGrid([voxels, 1, 1], [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1], 4);
}

/** Thresholded maps on a line of voxels, all of them in the mask. Kernels are named `A/k1`, `A/k2`, … */
export async function thresholdedOf(maps: readonly SmallMap[]): Promise<Artifact> {
  const voxels = maps[0]!.labels.length;
  const entries = maps.map(({ labels }) => labels.flatMap((label, voxel) => (label === 0 ? [] : [{ label, voxel }])));
  const all = entries.flat();
  const indptr = [0];
  for (const row of entries) indptr.push(indptr.at(-1)! + row.length);
  const numbers = new Map<string, number>();
  const rows = maps.map(({ layer, status }) => {
    const kernel = (numbers.get(layer) ?? 0) + 1;
    numbers.set(layer, kernel);
    return { name: `${layer}/k${kernel}`, layer, kernel, status: status ?? 'fitted' };
  });
  const produced = await writeThresholded(await newFolder('thresholded'), {
    indptr: Int32Array.from(indptr),
    voxel: Int32Array.from(all, ({ voxel }) => voxel),
    label: Int32Array.from(all, ({ label }) => label),
    value: Float32Array.from(all, ({ label }) => 5 * Math.sign(label)),
    rows,
    clusters: { columns: ['name'], rows: [] },
    mask: { grid: lineGrid(voxels), voxels: Int32Array.from({ length: voxels }, (_, n) => n) },
    statistic: 't',
    threshold: 4,
    rule: { p: 0.001, df: 10, sides: 'two', connectivity: 18, minExtent: 1 },
  });
  return madeArtifact('thresholded', produced, `steps.significant (${path.basename(produced.files['indptr.npy']!)})`);
}
