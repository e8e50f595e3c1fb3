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

/** Fractional voxel index of a mm position, by Cramer's rule. */
export function mmToVoxel(grid: Grid): (mm: readonly number[]) => [number, number, number] {
  const a = grid.affine;
  const [m00, m01, m02, m10, m11, m12, m20, m21, m22] = [0, 1, 2, 4, 5, 6, 8, 9, 10].map((i) => a[i]!) as number[];
  const c00 = m11! * m22! - m12! * m21!;
  const c01 = m12! * m20! - m10! * m22!;
  const c02 = m10! * m21! - m11! * m20!;
  const determinant = m00! * c00 + m01! * c01 + m02! * c02;
  const inverse = [
    [c00, m02! * m21! - m01! * m22!, m01! * m12! - m02! * m11!],
    [c01, m00! * m22! - m02! * m20!, m02! * m10! - m00! * m12!],
    [c02, m01! * m20! - m00! * m21!, m00! * m11! - m01! * m10!],
  ].map((row) => row.map((v) => v / determinant));
  return (mm) => {
    const [x, y, z] = [mm[0]! - a[3]!, mm[1]! - a[7]!, mm[2]! - a[11]!];
    return inverse.map((row) => row[0]! * x + row[1]! * y + row[2]! * z) as [number, number, number];
  };
}
