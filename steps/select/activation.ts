import type { ThresholdedRow } from '../../artifacts/thresholded-rows.js';
import type { SelectParams } from './index.js';
import type { Region } from './regions.js';

/** Where a kernel activates. */
export interface Activation {
  /** Voxels above threshold, of the sign asked for. */
  readonly total: number;
  /** Regions (or own clusters) with at least `min_voxels` of them, in their order. */
  readonly activated: readonly string[];
  /** Position of the main region among the regions, or null when no voxel lies in any. */
  readonly main: number | null;
  /** Voxels above threshold in the main region. */
  readonly voxels: Int32Array;
  /** `voxels.length / total`; 0 when there are none. */
  readonly selectivity: number;
}

/** Makes the function that places a kernel's voxels among given regions. `maskVoxels` is the number of voxels in the mask. */
export function placeInRegions(regions: readonly Region[], maskVoxels: number, params: SelectParams) {
  // Regions may overlap, so a voxel has a list of regions: those of voxel v are regionOf[start[v] .. start[v + 1]].
  const start = new Int32Array(maskVoxels + 1);
  for (const { voxels } of regions) for (const v of voxels) start[v + 1]! += 1;
  for (let v = 0; v < maskVoxels; v++) start[v + 1]! += start[v]!;
  const regionOf = new Int32Array(start[maskVoxels]!);
  const fill = start.slice();
  for (const [r, { voxels }] of regions.entries()) for (const v of voxels) regionOf[fill[v]!++] = r;
  const lies = (v: number, r: number) => regionOf.subarray(start[v]!, start[v + 1]!).includes(r);

  return (row: ThresholdedRow): Activation => {
    const own = ofSign(row, params.sign);
    const counts = new Int32Array(regions.length);
    for (const v of own) for (let at = start[v]!; at < start[v + 1]!; at++) counts[regionOf[at]!]! += 1;
    const main = largest(counts);
    const voxels = main === null ? new Int32Array(0) : own.filter((v) => lies(v, main));
    return {
      total: own.length,
      activated: regions.filter((_, r) => counts[r]! >= params.min_voxels).map(({ name }) => name),
      main,
      voxels,
      selectivity: own.length > 0 ? voxels.length / own.length : 0,
    };
  };
}

/** The same with a kernel's own clusters in place of regions. Which region that is, grouping decides later. */
export function placeInClusters(row: ThresholdedRow, params: SelectParams): Activation {
  const own = ofSign(row, params.sign);
  const sizes = new Map<number, number>();
  const counted = (label: number) => params.sign === 'any' || label > 0 === (params.sign === 'positive');
  for (const label of row.label) if (counted(label)) sizes.set(label, (sizes.get(label) ?? 0) + 1);
  const clusters = [...sizes].sort(([a, sizeA], [b, sizeB]) => sizeB - sizeA || Math.abs(a) - Math.abs(b) || b - a);
  const first = clusters[0]?.[0];
  const voxels = row.voxel.filter((_, n) => row.label[n] === first);
  return {
    total: own.length,
    activated: clusters.filter(([, size]) => size >= params.min_voxels).map(([label]) => `cluster ${label}`),
    main: null,
    voxels,
    selectivity: own.length > 0 ? voxels.length / own.length : 0,
  };
}

function ofSign({ voxel, label }: ThresholdedRow, sign: SelectParams['sign']): Int32Array {
  if (sign === 'any') return voxel;
  return voxel.filter((_, n) => label[n]! > 0 === (sign === 'positive'));
}

function largest(counts: Int32Array): number | null {
  let best: number | null = null;
  for (let r = 0; r < counts.length; r++) if (counts[r]! > (best === null ? 0 : counts[best]!)) best = r;
  return best;
}
