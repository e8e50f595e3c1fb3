import path from 'node:path';
import type { Artifact } from '../../artifacts/artifact.js';
import { readImage } from '../../artifacts/image.js';
import { numericColumn, readTable, textColumn } from '../../artifacts/table.js';
import { readThresholded } from '../../artifacts/thresholded.js';
import { compare, type Recovery } from './recovery.js';

/**
 * Compares the thresholded group maps of a run with the study's truth.tsv.
 * @param margin mm around planted regions that count neither way
 */
export async function measureRecovery(dir: string, significant: Artifact, margin: number): Promise<Recovery> {
  const thresholded = await readThresholded(significant);
  const { voxel, indptr } = await thresholded.readRows(0, thresholded.rows.length);
  const atlas = await readImage(path.join(dir, 'atlas', 'regions.nii.gz'));
  const file = path.join(dir, 'truth.tsv');
  const table = await readTable(file);
  const names = textColumn(table, 'region', file);
  const kernels = textColumn(table, 'kernel', file);
  const truth = [...numericColumn(table, 'index', file)].map((region, i) => ({
    region,
    regionName: names[i]!,
    kernel: kernels[i]!,
  }));
  const found = {
    grid: thresholded.mask.grid,
    mask: thresholded.mask.voxels,
    rows: thresholded.rows.map(({ name, status }) => ({ name, fitted: (status ?? 'fitted') === 'fitted' })),
    indptr,
    voxel,
  };
  return compare(found, atlas.data, truth, margin);
}
