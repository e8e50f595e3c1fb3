import type { Artifact } from '../../artifacts/artifact.js';
import { readBold } from '../../artifacts/bold.js';
import { readFit } from '../../artifacts/fit.js';
import { type Grid, requireSameGrid } from '../../artifacts/grid.js';
import { readVoxelSeries } from '../../artifacts/image.js';
import { UserError } from '../../artifacts/user-error.js';
import type { RegionOfKernels } from './regions-of-kernels.js';

/** Mean signal of every region in one subject. */
export interface SubjectSeries {
  readonly subject: string;
  /** Repetition time, s. */
  readonly tr: number;
  /** Volumes after `drop`. */
  readonly volumes: number;
  /** Per region `[volume]`, in the unit of the BOLD; null where the subject has no usable voxel of the region. */
  readonly means: readonly (Float64Array | null)[];
}

const rewire =
  'Wire the images that the regions were found in, or put these on that grid: step "resample", "kind: bold".';

/** Region means of a BOLD image as it is, without its first `drop` volumes. The image is read as a stream. */
export async function seriesOfBold(
  bold: Artifact,
  regions: readonly RegionOfKernels[],
  grid: Grid,
  drop: number,
  signal: AbortSignal,
): Promise<SubjectSeries> {
  const { file, header, tr } = await readBold(bold);
  requireSameGrid({ grid: header.grid, name: bold.origin }, { grid, name: 'the regions' }, rewire);
  const volumes = header.volumes - drop;
  if (volumes < 3) {
    throw new UserError({
      message: `${bold.origin} has ${header.volumes} volumes, of which ${drop} are dropped`,
      keys: ['drop'],
      expected: 'at least 3 volumes to be left',
    });
  }
  const voxels = Int32Array.from(new Set(regions.flatMap(({ voxels }) => [...voxels]))).sort();
  const values = await readVoxelSeries(file, voxels, { first: drop, signal });
  const rowOf = new Map(Array.from(voxels, (offset, row) => [offset, row]));
  const rowsOf = (region: RegionOfKernels) => Array.from(region.voxels, (offset) => rowOf.get(offset)!);
  return {
    subject: bold.label ?? bold.origin,
    tr,
    volumes,
    means: regions.map((region) => meanOfRows(values, rowsOf(region), volumes)),
  };
}

/** Region means of the residualised BOLD of a fit. */
export async function seriesOfFit(
  artifact: Artifact,
  regions: readonly RegionOfKernels[],
  grid: Grid,
): Promise<SubjectSeries> {
  const fit = await readFit(artifact);
  requireSameGrid({ grid: fit.mask.grid, name: artifact.origin }, { grid, name: 'the regions' }, rewire);
  const rowOf = new Map(Array.from(fit.mask.voxels, (offset, row) => [offset, row]));
  const { volumes } = fit;
  const rows = regions.map(({ voxels }) =>
    Array.from(voxels, (offset) => rowOf.get(offset)).filter((row) => row !== undefined),
  );
  const first = rows.flat().reduce((least, row) => Math.min(least, row), fit.voxels);
  const end = rows.flat().reduce((most, row) => Math.max(most, row + 1), first);
  const values = await fit.readBold(first, end);
  const means = rows.map((own) =>
    meanOfRows(
      values,
      own.map((row) => row - first),
      volumes,
    ),
  );
  return { subject: artifact.label ?? artifact.origin, tr: fit.tr, volumes, means };
}

/** Mean over the rows of `values` `[row, volume]` that are finite throughout; null when there is none. */
function meanOfRows(values: Float64Array, rows: readonly number[], volumes: number): Float64Array | null {
  const usable = rows
    .map((row) => values.subarray(row * volumes, (row + 1) * volumes))
    .filter((series) => series.every(Number.isFinite));
  if (usable.length === 0) return null;
  const mean = new Float64Array(volumes);
  for (const series of usable) for (let n = 0; n < volumes; n++) mean[n]! += series[n]!;
  return mean.map((sum) => sum / usable.length);
}
