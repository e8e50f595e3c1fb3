import { requireSameGrid, toMm } from '../artifacts/grid.js';
import type { Mask } from '../artifacts/mask.js';
import { type ClusterOverlap, clusterOverlap } from '../numerics/cluster-overlap.js';
import { type MapDifference, mapDifference } from '../numerics/map-pair.js';
import type { MapSet, PassedMaps, ValueMaps } from './map-set.js';

export interface RowDifference extends MapDifference {
  readonly name: string;
  /** Of the largest difference, mm. */
  readonly maxMm: readonly [number, number, number] | null;
}

export interface RowOverlap extends ClusterOverlap {
  readonly name: string;
}

/** How the maps of one result differ between two experiments, map by map. */
export type SetComparison = {
  readonly statistic: string;
  /** Voxels that both masks have, and those that only one has. */
  readonly voxels: number;
  readonly onlyA: number;
  readonly onlyB: number;
  /** Maps that only one has. */
  readonly missing: readonly string[];
} & (
  | { readonly kind: 'values'; readonly maps: readonly RowDifference[] }
  | { readonly kind: 'passed'; readonly maps: readonly RowOverlap[] }
);

/**
 * Compares maps of the same name in the voxels that both masks have.
 * @throws UserError where they are on different grids
 */
export async function compareSets(
  a: MapSet,
  b: MapSet,
  names: { readonly what: string; readonly a: string; readonly b: string },
  signal?: AbortSignal,
): Promise<SetComparison> {
  const on = (set: MapSet, experiment: string) => ({ grid: set.mask.grid, name: `${names.what} of ${experiment}` });
  requireSameGrid(on(b, names.b), on(a, names.a), 'Maps on different grids cannot be compared: resample one of them.');
  const common = commonVoxels(a.mask, b.mask);
  const inB = new Map(b.names.map((name, row) => [name, row]));
  const rows = a.names.flatMap((name, row) => (inB.has(name) ? [{ name, row, other: inB.get(name)! }] : []));
  const shared = new Set(rows.map(({ name }) => name));
  const facts = {
    statistic: a.statistic,
    voxels: common.a.length,
    onlyA: a.mask.voxels.length - common.a.length,
    onlyB: b.mask.voxels.length - common.b.length,
    missing: [...a.names, ...b.names].filter((name) => !shared.has(name)),
  };
  if (a.kind === 'passed') {
    const maps: RowOverlap[] = [];
    for (const { name, row, other } of rows) {
      signal?.throwIfAborted();
      const passed = [await a.read(row), await (b as PassedMaps).read(other)] as const;
      maps.push({ name, ...clusterOverlap(within(passed[0], common.a), within(passed[1], common.b)) });
    }
    return { kind: 'passed', ...facts, maps };
  }
  const maps: RowDifference[] = [];
  for (const { name, row, other } of rows) {
    signal?.throwIfAborted();
    const [x, y] = [await a.read(row), await (b as ValueMaps).read(other)];
    const difference = mapDifference(picked(x, common.a), picked(y, common.b));
    maps.push({ name, ...difference, maxMm: positionOf(a.mask, common.a[difference.maxAt]) });
  }
  return { kind: 'values', ...facts, maps };
}

/** Indices into either mask of the voxels that both have, in order. */
function commonVoxels(a: Mask, b: Mask): { readonly a: Int32Array; readonly b: Int32Array } {
  const [inA, inB]: [number[], number[]] = [[], []];
  for (let i = 0, j = 0; i < a.voxels.length && j < b.voxels.length; ) {
    const [x, y] = [a.voxels[i]!, b.voxels[j]!];
    if (x === y) {
      inA.push(i);
      inB.push(j);
    }
    if (x <= y) i += 1;
    if (y <= x) j += 1;
  }
  return { a: Int32Array.from(inA), b: Int32Array.from(inB) };
}

function picked(values: ArrayLike<number>, indices: Int32Array): ArrayLike<number> {
  return indices.length === values.length ? values : Float64Array.from(indices, (index) => values[index]!);
}

/** Renumbers what passed by the common voxels; what is outside of them is left out. */
function within(passed: { voxel: ArrayLike<number>; label: ArrayLike<number> }, indices: Int32Array) {
  const voxel: number[] = [];
  const label: number[] = [];
  let at = 0;
  for (let n = 0; n < passed.voxel.length; n++) {
    while (at < indices.length && indices[at]! < passed.voxel[n]!) at += 1;
    if (indices[at] !== passed.voxel[n]!) continue;
    voxel.push(at);
    label.push(passed.label[n]!);
  }
  return { voxel, label };
}

function positionOf({ grid, voxels }: Mask, index: number | undefined): RowDifference['maxMm'] {
  if (index === undefined) return null;
  const offset = voxels[index]!;
  const [nx, ny] = grid.dim;
  return toMm(grid, [offset % nx, Math.floor(offset / nx) % ny, Math.floor(offset / (nx * ny))]);
}
