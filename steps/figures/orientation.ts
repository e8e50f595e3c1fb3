import type { Grid } from '../../artifacts/grid.js';

/** Anatomical axes of mm space (RAS+): 0 left to right, 1 posterior to anterior, 2 inferior to superior. */
export type AnatomicalAxis = 0 | 1 | 2;

/** Which voxel axis runs along each anatomical axis, and whether its index rises towards right, anterior, superior. */
export interface Orientation {
  /** By anatomical axis: voxel axis 0..2. Each occurs once. */
  readonly voxelAxis: readonly [number, number, number];
  /** By anatomical axis: 1 or -1. */
  readonly sign: readonly [number, number, number];
  /** Largest angle between a voxel axis and its anatomical axis, degrees. Above 0 for an oblique acquisition. */
  readonly obliqueDegrees: number;
}

const PERMUTATIONS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const;

/** The voxel axes nearest to the anatomical ones: of the six ways to match them, the one with the largest sum of |cosines|. */
export function orientationOf(grid: Grid): Orientation {
  const cosine = (anatomical: number, axis: number) => {
    const column = [0, 1, 2].map((row) => grid.affine[4 * row + axis]!);
    return column[anatomical]! / (Math.hypot(...column) || 1);
  };
  const score = (p: readonly number[]) => p.reduce((sum, axis, a) => sum + Math.abs(cosine(a, axis)), 0);
  const best = PERMUTATIONS.reduce((a, b) => (score(b) > score(a) + 1e-9 ? b : a));
  const along = best.map((axis, a) => cosine(a, axis));
  const angles = along.map((c) => (Math.acos(Math.min(1, Math.abs(c))) * 180) / Math.PI);
  return {
    voxelAxis: [...best] as [number, number, number],
    sign: along.map((c) => (c < 0 ? -1 : 1)) as [number, number, number],
    obliqueDegrees: Math.max(...angles),
  };
}
