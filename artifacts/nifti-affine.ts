import type { NIFTI1, NIFTI2 } from 'nifti-reader-js';
import { type Grid, makeGrid, voxelVolume } from './grid.js';
import type { UserError } from './user-error.js';

/** Makes the error for a header field. */
export type Failure = (message: string, field?: string, expected?: string, hint?: string) => UserError;

/** mm per spatial unit: unknown (taken as mm), metre, millimetre, micrometre. */
const millimetres: Readonly<Record<number, number>> = { 0: 1, 1: 1000, 2: 1, 3: 1e-3 };

/**
 * The grid of a header: the sform where `sform_code` > 0, else the qform, else the voxel sizes with the first voxel at 0
 * (methods 3, 2 and 1 of nifti1.h). Spatial units other than mm are converted. An affine that is not finite, or whose
 * axes lie in one plane, is a failure.
 */
export function readGrid(
  raw: NIFTI1 | NIFTI2,
  view: DataView,
  littleEndian: boolean,
  version: 1 | 2,
  dim: [number, number, number],
  bad: Failure,
): Grid {
  const mm = millimetres[raw.xyzt_units & 7] ?? 1;
  const [rows, field, code] =
    raw.sform_code > 0
      ? [sformRows(view, littleEndian, version), 'sform', raw.sform_code]
      : raw.qform_code > 0
        ? [qformRows(raw), 'qform', raw.qform_code]
        : [pixdimRows(raw), 'pixdim', 0];
  const affine = [...rows.map((value) => value * mm), 0, 0, 0, 1];
  const shown = rows.map((value) => Number(value.toPrecision(6))).join(' ');
  if (affine.some((value) => !Number.isFinite(value))) {
    throw bad(`the affine is not finite: ${shown}`, field, '12 finite numbers');
  }
  const grid = makeGrid(dim, affine, code);
  // Relative to the voxel sizes, so that small voxels are no matter: below this the axes lie in one plane.
  if (!(Math.abs(voxelVolume(grid)) > 1e-6 * grid.voxelSize[0] * grid.voxelSize[1] * grid.voxelSize[2])) {
    throw bad(`the affine is singular: ${shown}`, field, 'three independent voxel axes');
  }
  return grid;
}

/** Method 3 of the standard. The library prefers the qform when its code is higher, so the rows are read here. */
function sformRows(view: DataView, littleEndian: boolean, version: 1 | 2): number[] {
  return Array.from({ length: 12 }, (_, index) =>
    version === 1 ? view.getFloat32(280 + 4 * index, littleEndian) : view.getFloat64(400 + 8 * index, littleEndian),
  );
}

/** Method 2: rotation from the quaternion, `pixdim[0]` = -1 turns the third axis. Formulas of nifti1_io.c. */
function qformRows(raw: NIFTI1 | NIFTI2): number[] {
  let [b, c, d] = [raw.quatern_b, raw.quatern_c, raw.quatern_d];
  let a = 1 - (b * b + c * c + d * d);
  if (a < 1e-7) {
    const length = Math.hypot(b, c, d);
    [a, b, c, d] = [0, b / length, c / length, d / length];
  } else a = Math.sqrt(a);
  const [dx, dy] = [raw.pixDims[1]!, raw.pixDims[2]!];
  const dz = raw.pixDims[3]! * (raw.pixDims[0]! < 0 ? -1 : 1);
  return [
    (a * a + b * b - c * c - d * d) * dx,
    2 * (b * c - a * d) * dy,
    2 * (b * d + a * c) * dz,
    raw.qoffset_x,
    2 * (b * c + a * d) * dx,
    (a * a + c * c - b * b - d * d) * dy,
    2 * (c * d - a * b) * dz,
    raw.qoffset_y,
    2 * (b * d - a * c) * dx,
    2 * (c * d + a * b) * dy,
    (a * a + d * d - c * c - b * b) * dz,
    raw.qoffset_z,
  ];
}

/** Method 1: voxel sizes only, the first voxel at the origin. */
function pixdimRows(raw: NIFTI1 | NIFTI2): number[] {
  const [dx, dy, dz] = raw.pixDims.slice(1, 4) as [number, number, number];
  return [dx, 0, 0, 0, 0, dy, 0, 0, 0, 0, dz, 0];
}
