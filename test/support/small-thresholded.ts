import path from 'node:path';
import type { Artifact, Produced } from '../../artifacts/artifact.js';
import { type Grid, makeGrid } from '../../artifacts/grid.js';
import { writeKernels } from '../../artifacts/kernels.js';
import { writeMask } from '../../artifacts/mask.js';
import { metaOf, untrainedOf } from '../../artifacts/meta.js';
import { writeNpy } from '../../artifacts/npy.js';
import { type Table, writeTable } from '../../artifacts/table.js';
import type { Entries, ThresholdedFacts } from '../../artifacts/thresholded.js';
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

/** The files of a `thresholded` artifact that is in memory; the step itself writes them piece by piece. */
export async function writeThresholded(
  dir: string,
  data: ThresholdedFacts & Entries & { readonly clusters: Table },
): Promise<Produced> {
  const files: Record<string, string> = {};
  const at = (role: string) => {
    files[role] = path.join(dir, role);
    return files[role];
  };
  for (const name of ['indptr', 'voxel', 'label', 'value'] as const) {
    await writeNpy(at(`${name}.npy`), [data[name].length], data[name]);
  }
  await writeKernels(at('rows.tsv'), data.rows);
  await writeTable(at('clusters.tsv'), data.clusters.columns, data.clusters.rows);
  await writeMask(at('mask.nii.gz'), data.mask);
  const { statistic, threshold, rule } = data;
  return { files, meta: metaOf({ ...rule, statistic, threshold, ...untrainedOf(data) }) };
}
