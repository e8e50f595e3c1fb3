import { type Grid, requireSameGrid, voxelCount } from './grid.js';
import { readImage } from './nifti-data.js';
import { writeImage } from './nifti-write.js';
import { UserError } from './user-error.js';

/** The voxels of a grid that are analysed. */
export interface Mask {
  readonly grid: Grid;
  /** Offsets `x + nx*(y + ny*z)` inside a volume, increasing. This is the voxel order of every array in voxreel. */
  readonly voxels: Int32Array;
}

/**
 * Reads a mask: every voxel whose value is neither 0 nor NaN. Throws UserError for a series, for an image without any
 * such voxel, and for what `readImage` finds.
 */
export async function readMask(file: string): Promise<Mask> {
  const { header, data } = await readImage(file);
  if (header.volumes > 1) {
    throw new UserError({
      message: `a mask of ${header.volumes} volumes`,
      place: { file, what: 'dim[4]' },
      expected: 'one volume (3D)',
    });
  }
  const voxels = maskVoxels(data);
  if (voxels.length === 0) {
    throw new UserError({
      message: 'the mask is empty: every voxel is 0 or NaN',
      place: { file },
      expected: 'voxels other than 0',
    });
  }
  return { grid: header.grid, voxels };
}

/** Offsets of the values that are neither 0 nor NaN. */
export function maskVoxels(data: ArrayLike<number>): Int32Array {
  const out = new Int32Array(data.length);
  let count = 0;
  for (let i = 0; i < data.length; i++) if (data[i] && !Number.isNaN(data[i])) out[count++] = i;
  return out.slice(0, count);
}

/** Writes a mask as uint8 image of 0 and 1. */
export async function writeMask(file: string, mask: Mask): Promise<void> {
  const data = new Uint8Array(voxelCount(mask.grid));
  for (const offset of mask.voxels) data[offset] = 1;
  await writeImage(file, { grid: mask.grid, datatype: 'uint8', data, description: 'voxreel: mask', calMax: 1 });
}

/**
 * The voxels that all masks have. `names` (files or subjects) are for messages. Throws UserError when the grids
 * differ or no voxel is common to all.
 */
export function intersectMasks(masks: readonly Mask[], names: readonly string[] = []): Mask {
  const [first, ...others] = masks;
  if (!first) throw new RangeError('no masks');
  const nameOf = (index: number) => names[index] ?? `mask ${index + 1}`;
  let voxels = first.voxels;
  others.forEach((mask, index) => {
    requireSameGrid(
      { grid: mask.grid, name: nameOf(index + 1) },
      { grid: first.grid, name: nameOf(0) },
      'Put the BOLD images on one grid before they are fitted: step "resample", "kind: bold".',
    );
    const member = new Set(mask.voxels);
    voxels = voxels.filter((offset) => member.has(offset));
  });
  if (voxels.length === 0) {
    throw new UserError({
      message: `the ${masks.length} masks have no voxel in common (${masks.map((_, i) => nameOf(i)).join(', ')})`,
    });
  }
  return { grid: first.grid, voxels };
}

/** Puts one value per mask voxel back into a volume in file order; `outside` (default 0) elsewhere. */
export function toVolume(mask: Mask, values: ArrayLike<number>, outside = 0): Float64Array {
  const volume = new Float64Array(voxelCount(mask.grid)).fill(outside);
  for (let v = 0; v < mask.voxels.length; v++) volume[mask.voxels[v]!] = values[v]!;
  return volume;
}
