import { type Grid, requireSameGrid, toMm } from '../artifacts/grid.js';
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
  const zeroOutside = a.kind === 'values' && b.kind === 'values' && a.zeroOutside && b.zeroOutside;
  const common = zeroOutside ? eitherVoxels(a.mask, b.mask) : commonVoxels(a.mask, b.mask);
  const inB = new Map(b.names.map((name, row) => [name, row]));
  const rows = a.names.flatMap((name, row) => (inB.has(name) ? [{ name, row, other: inB.get(name)! }] : []));
  const shared = new Set(rows.map(({ name }) => name));
  const facts = {
    statistic: a.statistic,
    voxels: common.a.length,
    onlyA: zeroOutside ? 0 : a.mask.voxels.length - common.a.length,
    onlyB: zeroOutside ? 0 : b.mask.voxels.length - common.b.length,
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
    maps.push({ name, ...difference, maxMm: positionOf(a.mask.grid, common.voxels[difference.maxAt]) });
  }
  return { kind: 'values', ...facts, maps };
}

/** Voxels that are compared, in order, with their indices in either mask; -1 where it does not have them. */
interface Compared {
  readonly voxels: Int32Array;
  readonly a: Int32Array;
  readonly b: Int32Array;
}

/** The voxels that both masks have. */
function commonVoxels(a: Mask, b: Mask): Compared {
  const both = eitherVoxels(a, b);
  const kept = both.voxels.map((_, n) => n).filter((n) => both.a[n] !== -1 && both.b[n] !== -1);
  const of = (list: Int32Array) => kept.map((n) => list[n]!);
  return { voxels: of(both.voxels), a: of(both.a), b: of(both.b) };
}

/** The voxels that one of the masks has, or both. */
function eitherVoxels(a: Mask, b: Mask): Compared {
  const [voxels, inA, inB]: [number[], number[], number[]] = [[], [], []];
  for (let i = 0, j = 0; i < a.voxels.length || j < b.voxels.length; ) {
    const [x, y] = [a.voxels[i] ?? Number.POSITIVE_INFINITY, b.voxels[j] ?? Number.POSITIVE_INFINITY];
    voxels.push(Math.min(x, y));
    inA.push(x <= y ? i++ : -1);
    inB.push(y <= x ? j++ : -1);
  }
  return { voxels: Int32Array.from(voxels), a: Int32Array.from(inA), b: Int32Array.from(inB) };
}

function picked(values: ArrayLike<number>, indices: Int32Array): ArrayLike<number> {
  const same = indices.length === values.length && !indices.includes(-1);
  return same ? values : Float64Array.from(indices, (index) => (index === -1 ? 0 : values[index]!));
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

function positionOf(grid: Grid, offset: number | undefined): RowDifference['maxMm'] {
  if (offset === undefined) return null;
  const [nx, ny] = grid.dim;
  return toMm(grid, [offset % nx, Math.floor(offset / nx) % ny, Math.floor(offset / (nx * ny))]);
}
