import { type Grid, ijkOf, mmOf, toMm } from '../../artifacts/grid.js';
import type { Kernel } from '../../artifacts/kernels.js';
import type { Mask } from '../../artifacts/mask.js';
import { type ClusteredBlock, clusterFields, peakFields } from '../../numerics/clusters-block.js';
import type { RegionNames } from './regions.js';
import type { Found, ThresholdRule } from './rule.js';

type Cell = string | number | null;

/** Columns of clusters.tsv; `centre_…` is the centre of mass. */
const clusterColumns = [
  'name',
  'layer',
  'kernel',
  'cluster',
  'sign',
  'voxels',
  'volume_mm3',
  'peak',
  'i',
  'j',
  'k',
  'x',
  'y',
  'z',
  'centre_x',
  'centre_y',
  'centre_z',
  'mass',
  'p_uncorrected',
  'p_corrected',
] as const;

/** Columns of peaks.tsv; `peak` counts within the cluster, from the highest. */
const peakColumns = [
  'name',
  'layer',
  'kernel',
  'cluster',
  'peak',
  'value',
  'i',
  'j',
  'k',
  'x',
  'y',
  'z',
  'p_uncorrected',
  'p_corrected',
] as const;

/** Makes the tables of clusters and peaks, block by block. */
export interface Tables {
  readonly clusterColumns: readonly string[];
  readonly peakColumns: readonly string[];
  clusters(block: ClusteredBlock, firstRow: number): Generator<Cell[]>;
  peaks(block: ClusteredBlock, firstRow: number): Generator<Cell[]>;
}

export function tablesOf({
  kernels,
  mask,
  rule,
  regions,
  uncorrected,
}: {
  readonly kernels: readonly Kernel[];
  readonly mask: Mask;
  readonly rule: ThresholdRule;
  readonly regions: RegionNames | undefined;
  readonly uncorrected: (value: number) => number | null;
}): Tables {
  const { grid } = mask;
  const volume = voxelVolume(grid);
  const place = (voxel: number) => {
    const offset = mask.voxels[voxel]!;
    return [...ijkOf(grid, offset), ...mmOf(grid, offset)];
  };
  const nameOf = (row: number) => {
    const { name, layer, kernel } = kernels[row]!;
    return [name, layer, kernel];
  };
  return {
    clusterColumns: [
      ...clusterColumns,
      ...(rule.intervalOf ? ['p_low', 'p_high'] : []),
      ...(regions ? ['region', 'regions'] : []),
    ],
    peakColumns: [...peakColumns, ...(regions ? ['region'] : [])],
    *clusters({ clusters, voxel, label, counts }, firstRow) {
      const width = clusterFields.length;
      const voxelsOf = regions && voxelsByCluster(voxel, label, counts);
      for (let at = 0; at < clusters.length; at += width) {
        const [row, own, size, mass, peak, value, ci, cj, ck, second, corrected] = clusters.subarray(
          at,
          at + width,
        ) as unknown as number[];
        const found: Found = { value: value!, size: size!, mass: mass!, second: second!, corrected: corrected! };
        const p = rule.ofCluster(firstRow + row!, found);
        const cells: Cell[] = [
          ...nameOf(firstRow + row!),
          own!,
          Math.sign(own!),
          size!,
          size! * volume,
          value!,
          ...place(peak!),
          ...toMm(grid, [ci!, cj!, ck!]),
          mass!,
          uncorrected(value!),
          p,
        ];
        if (rule.intervalOf) cells.push(...(p === null ? [null, null] : rule.intervalOf(p)));
        if (regions) cells.push(regions.at(peak!), regions.shares(voxelsOf!.get(`${row} ${own}`)!));
        yield cells;
      }
    },
    *peaks({ peaks }, firstRow) {
      const width = peakFields.length;
      for (let at = 0; at < peaks.length; at += width) {
        const [row, own, order, voxel, value, second, corrected] = peaks.subarray(
          at,
          at + width,
        ) as unknown as number[];
        const found = { value: value!, size: Number.NaN, mass: Number.NaN, second: second!, corrected: corrected! };
        const cells: Cell[] = [
          ...nameOf(firstRow + row!),
          own!,
          order!,
          value!,
          ...place(voxel!),
          uncorrected(value!),
          rule.ofPeak(firstRow + row!, found),
        ];
        if (regions) cells.push(regions.at(voxel!));
        yield cells;
      }
    },
  };
}

/** Voxels of each cluster, by `row label`. */
function voxelsByCluster(voxel: Int32Array, label: Int32Array, counts: Int32Array): Map<string, number[]> {
  const clusters = new Map<string, number[]>();
  let next = 0;
  counts.forEach((count, row) => {
    for (const end = next + count; next < end; next++) {
      const key = `${row} ${label[next]}`;
      const others = clusters.get(key);
      if (others) others.push(voxel[next]!);
      else clusters.set(key, [voxel[next]!]);
    }
  });
  return clusters;
}

/** mm³: the determinant of the affine, right for sheared grids too. */
function voxelVolume({ affine: a }: Grid): number {
  const det =
    a[0]! * (a[5]! * a[10]! - a[6]! * a[9]!) -
    a[1]! * (a[4]! * a[10]! - a[6]! * a[8]!) +
    a[2]! * (a[4]! * a[9]! - a[5]! * a[8]!);
  return Math.abs(det);
}

/** Columns of thresholds.tsv: what each map had to reach, and what did. */
export const thresholdColumns = [
  'name',
  'layer',
  'kernel',
  'height',
  'min_extent',
  'min_mass',
  'voxels',
  'clusters',
] as const;
