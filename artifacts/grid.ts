import { UserError } from './user-error.js';

/** The voxel grid of an image. */
export interface Grid {
  /** Voxels along x, y, z. */
  readonly dim: readonly [number, number, number];
  /** 4 x 4, row-major, from voxel index (x, y, z, 1) to mm. */
  readonly affine: readonly number[];
  /** Distance between neighbouring voxel centres along x, y, z, in mm. */
  readonly voxelSize: readonly [number, number, number];
  /** NIfTI's code of the space that the affine leads to: 0 unknown, 1 scanner, 2 aligned, 3 Talairach, 4 MNI 152, 5 other template. */
  readonly spaceCode: number;
}

/** Two grids whose corner voxels lie within this distance (mm) are one grid: float32 headers and quaternions round to about 1e-4 mm. */
const gridTolerance = 1e-3;

/** Makes a grid from its dimensions and affine. */
export function makeGrid(dim: readonly [number, number, number], affine: readonly number[], spaceCode: number): Grid {
  const size = (column: number) => Math.hypot(affine[column]!, affine[4 + column]!, affine[8 + column]!);
  return { dim, affine, voxelSize: [size(0), size(1), size(2)], spaceCode };
}

export function voxelCount(grid: Grid): number {
  return grid.dim[0] * grid.dim[1] * grid.dim[2];
}

/** Equal dimensions, and every corner voxel within 0.001 mm of the other grid's. The space code is not compared. */
export function sameGrid(a: Grid, b: Grid): boolean {
  if (a.dim.some((length, axis) => length !== b.dim[axis])) return false;
  const last = voxelCount(a) - 1;
  const corner = (index: number) =>
    [0, 1, 2].map((axis) => ((index >> axis) & 1) * (a.dim[axis]! - 1)) as [number, number, number];
  if (last < 0) return true;
  for (let index = 0; index < 8; index++) {
    const [pa, pb] = [toMm(a, corner(index)), toMm(b, corner(index))];
    if (Math.hypot(pa[0] - pb[0], pa[1] - pb[1], pa[2] - pb[2]) > gridTolerance) return false;
  }
  return true;
}

/** Something on a grid, and what messages call it. */
export interface OnGrid {
  readonly grid: Grid;
  readonly name: string;
  /** Its file, where there is one to be named. */
  readonly file?: string;
}

/** Throws UserError where `found` does not lie on the grid of `due`; `hint` says what to do. */
export function requireSameGrid(found: OnGrid, due: Omit<OnGrid, 'file'>, hint: string): void {
  if (sameGrid(found.grid, due.grid)) return;
  throw new UserError({
    message: `${found.name} is on another grid: ${describeGrid(found.grid)}`,
    ...(found.file !== undefined && { place: { file: found.file } }),
    expected: `that of ${due.name}: ${describeGrid(due.grid)}`,
    hint,
  });
}

/** Volume of a voxel in mm³, negative where the axes are left-handed; of a sheared grid too. */
export function voxelVolume({ affine: a }: Pick<Grid, 'affine'>): number {
  return (
    a[0]! * (a[5]! * a[10]! - a[6]! * a[9]!) -
    a[1]! * (a[4]! * a[10]! - a[6]! * a[8]!) +
    a[2]! * (a[4]! * a[9]! - a[5]! * a[8]!)
  );
}

/** For messages: `61 x 73 x 61 voxels of 3 x 3 x 3 mm, first voxel at (90, -126, -72) mm`. */
export function describeGrid(grid: Grid): string {
  const size = grid.voxelSize.map(short).join(' x ');
  const origin = [grid.affine[3]!, grid.affine[7]!, grid.affine[11]!].map(short).join(', ');
  const diagonal = [0, 5, 10].map((at) => grid.affine[at]!);
  const flips = ['x', 'y', 'z'].filter((_, axis) => diagonal[axis]! < 0);
  const flipped = flips.length > 0 ? `, ${flips.join(' and ')} running down` : '';
  return `${grid.dim.join(' x ')} voxels of ${size} mm, first voxel at (${origin}) mm${flipped}`;
}

/** Position in mm of the voxel at a file offset `x + nx*(y + ny*z)`. */
export function mmOf(grid: Grid, offset: number): [number, number, number] {
  return toMm(grid, ijkOf(grid, offset));
}

/** Voxel index (x, y, z), from 0, of a file offset. */
export function ijkOf(grid: Grid, offset: number): [number, number, number] {
  const [nx, ny] = grid.dim;
  return [offset % nx, Math.floor(offset / nx) % ny, Math.floor(offset / (nx * ny))];
}

/** Position in mm of a voxel index (x, y, z), which need not be whole. */
export function toMm({ affine: a }: Grid, [x, y, z]: readonly [number, number, number]): [number, number, number] {
  return [
    a[0]! * x + a[1]! * y + a[2]! * z + a[3]!,
    a[4]! * x + a[5]! * y + a[6]! * z + a[7]!,
    a[8]! * x + a[9]! * y + a[10]! * z + a[11]!,
  ];
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

/**
 * From voxel indices of one grid to places between voxels of another, by mm: 3 x 4, row-major, for (x, y, z, 1).
 */
export function voxelToVoxel(from: Grid, to: Grid): number[] {
  const place = mmToVoxel(to);
  const origin = place(toMm(from, [0, 0, 0]));
  const steps = [place(toMm(from, [1, 0, 0])), place(toMm(from, [0, 1, 0])), place(toMm(from, [0, 0, 1]))];
  return [0, 1, 2].flatMap((row) => [...steps.map((step) => step[row]! - origin[row]!), origin[row]!]);
}

function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}
