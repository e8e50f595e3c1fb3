import {
  type ClusterRule,
  type Connectivity,
  type LabelledMap,
  type Lattice,
  labelClusters,
  makeLattice,
  makeScratch,
  type Scratch,
} from './clusters.js';
import { type CountedCorrection, candidatesOf, correct, type Sides } from './height.js';
import { type LocalPeak, localPeaks, type PeakRule } from './local-peaks.js';

/** What each map of a block must reach. */
export interface BlockRule {
  readonly sides: Sides;
  /** `[row]` smallest statistic that passes, above 0, or the correction that finds it in every map. */
  readonly heights: Float64Array | CountedCorrection;
  /** `[row]` smaller clusters are left out. */
  readonly minExtents: Float64Array;
  /** `[row]` clusters of less mass are left out. */
  readonly minMasses?: Float64Array;
  /** A second map that must be as large too, `[row, voxel]` with `[row]` heights (absolute): an enhanced one. */
  readonly second?: { readonly values: Float32Array | Float64Array; readonly heights: Float64Array };
  readonly peaks: PeakRule;
}

/** Maps of one mask, to be cut into clusters by one worker. */
export interface ClusterBlock {
  /** `[row, voxel]` row-major. */
  readonly values: Float32Array | Float64Array;
  /** `[row]` 1 where the map is left out and gives no cluster, whatever it holds. */
  readonly skip: Uint8Array;
  readonly dim: readonly [number, number, number];
  /** 4 x 4, row-major, from voxel index to mm. */
  readonly affine: readonly number[];
  /** `[voxel]` file offsets, increasing. */
  readonly voxels: Int32Array;
  readonly connectivity: Connectivity;
  readonly rule: BlockRule;
}

/** Numbers of each cluster in `ClusteredBlock.clusters`. `second`: the largest of the second map; `corrected`: its peak's p; NaN for none. */
export const clusterFields = [
  'row',
  'label',
  'size',
  'mass',
  'peak',
  'peakValue',
  'i',
  'j',
  'k',
  'second',
  'corrected',
] as const;

/** Numbers of each peak in `ClusteredBlock.peaks`. */
export const peakFields = ['row', 'label', 'order', 'voxel', 'value', 'second', 'corrected'] as const;

export interface ClusteredBlock {
  /** `[row]` voxels kept. */
  readonly counts: Int32Array;
  /** `[row]` the height that the map had to reach. */
  readonly heights: Float64Array;
  /** `[kept]` of one row after the other: index in the mask, cluster label, statistic. */
  readonly voxel: Int32Array;
  readonly label: Int32Array;
  readonly value: Float32Array;
  /** `[cluster, field]` by row, then by falling size; `row` counts from the block's first, i, j, k are the centre of mass. */
  readonly clusters: Float64Array;
  /** `[peak, field]` by row, cluster and falling height. */
  readonly peaks: Float64Array;
}

interface BlockMap extends LabelledMap {
  readonly map: Float32Array | Float64Array;
  readonly height: number;
  readonly peaks: readonly LocalPeak[];
  readonly secondOf: (voxel: number) => number;
  readonly correctedOf: (value: number) => number;
}

/** Pool task `clusters.block`. */
export function run(block: ClusterBlock): ClusteredBlock {
  const lattice = makeLattice(block.dim, block.voxels, block.connectivity);
  const scratch = makeScratch(lattice);
  const maps = Array.from(block.skip, (left, row) => (left ? nothing : cutMap(block, row, lattice, scratch)));
  const total = maps.reduce((sum, { voxel }) => sum + voxel.length, 0);
  const voxel = new Int32Array(total);
  const label = new Int32Array(total);
  const value = new Float32Array(total);
  let next = 0;
  for (const labelled of maps) {
    voxel.set(labelled.voxel, next);
    label.set(labelled.label, next);
    for (const at of labelled.voxel) value[next++] = labelled.map[at]!;
  }
  return {
    counts: Int32Array.from(maps, (labelled) => labelled.voxel.length),
    heights: Float64Array.from(maps, ({ height }) => height),
    voxel,
    label,
    value,
    clusters: Float64Array.from(maps.flatMap(clusterNumbers)),
    peaks: Float64Array.from(
      maps.flatMap(({ map, peaks, secondOf, correctedOf }, row) =>
        peaks.flatMap((peak) => {
          const height = map[peak.voxel]!;
          return [row, peak.label, peak.order, peak.voxel, height, secondOf(peak.voxel), correctedOf(height)];
        }),
      ),
    ),
  };
}

function cutMap(
  { values, voxels, affine, rule }: ClusterBlock,
  row: number,
  lattice: Lattice,
  scratch: Scratch,
): BlockMap {
  const width = voxels.length;
  const map = values.subarray(row * width, (row + 1) * width);
  const { sides, heights, second } = rule;
  const counted = heights instanceof Float64Array ? undefined : correct(candidatesOf(map, heights), heights);
  const height = counted ? counted.height : (heights as Float64Array)[row]!;
  const other = second?.values.subarray(row * width, (row + 1) * width);
  const least = second?.heights[row];
  const passing = other ? map.map((value, v) => (Math.abs(other[v]!) >= least! ? value : Number.NaN)) : map;
  const clusterRule: ClusterRule = {
    threshold: height,
    sides,
    minExtent: rule.minExtents[row]!,
    ...(rule.minMasses && { minMass: rule.minMasses[row]! }),
  };
  const labelled = labelClusters(passing, lattice, clusterRule, scratch);
  return {
    map,
    height,
    ...labelled,
    peaks: localPeaks(map, labelled, lattice, scratch, affine, rule.peaks),
    secondOf: (voxel) => (other ? other[voxel]! : Number.NaN),
    correctedOf: counted ? counted.pOf : () => Number.NaN,
  };
}

function clusterNumbers({ clusters, voxel, label, secondOf, correctedOf }: BlockMap, row: number): number[] {
  const largest = new Map<number, number>();
  if (clusters.length > 0 && !Number.isNaN(secondOf(voxel[0]!))) {
    voxel.forEach((v, n) => {
      const own = label[n]!;
      const size = Math.abs(secondOf(v));
      if (!(size <= (largest.get(own) ?? -1))) largest.set(own, size);
    });
  }
  return clusters.flatMap(({ label: own, size, mass, peak, peakValue, centre }) => [
    ...[row, own, size, mass, peak, peakValue, ...centre],
    largest.get(own) ?? Number.NaN,
    correctedOf(peakValue),
  ]);
}

const nothing: BlockMap = {
  map: new Float32Array(0),
  height: Number.NaN,
  voxel: new Int32Array(0),
  label: new Int32Array(0),
  clusters: [],
  peaks: [],
  secondOf: () => Number.NaN,
  correctedOf: () => Number.NaN,
};
