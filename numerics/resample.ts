/** How a value between voxels is made: that of the nearest voxel, or linear between the eight around. */
export type Interpolation = 'nearest' | 'linear';

export interface ResampleVolume {
  /** `[z, y, x]`, file order. */
  readonly data: Float64Array;
  readonly dim: readonly [number, number, number];
  /** The grid that values are wanted on. */
  readonly target: readonly [number, number, number];
  /** 3 x 4, row-major: from a voxel (x, y, z, 1) of the target to a place between voxels of the source. */
  readonly toSource: readonly number[];
  readonly interpolation: Interpolation;
}

/** Places this close (voxels) count as the same: affines are stored in single precision. */
const rounding = 1e-5;

/**
 * The values of a volume at the voxel centres of another grid. A voxel reaches half its size to all sides: places inside
 * the outermost voxels get values (`linear` holds the outermost centre's value to the edge), places beyond get 0. Halfway
 * between two voxels `nearest` takes the one with the higher index. With `linear`, NaN of any neighbour with a weight
 * makes NaN. Nothing is averaged: on a coarser grid most voxels of a fine one are not looked at.
 */
export function resampleVolume({ data, dim, target, toSource: m, interpolation }: ResampleVolume): Float64Array {
  const [nx, ny, nz] = dim;
  const out = new Float64Array(target[0] * target[1] * target[2]);
  const sample = interpolation === 'nearest' ? nearest : linear;
  let at = 0;
  for (let k = 0; k < target[2]; k++) {
    for (let j = 0; j < target[1]; j++) {
      for (let i = 0; i < target[0]; i++, at++) {
        const x = m[0]! * i + m[1]! * j + m[2]! * k + m[3]!;
        const y = m[4]! * i + m[5]! * j + m[6]! * k + m[7]!;
        const z = m[8]! * i + m[9]! * j + m[10]! * k + m[11]!;
        if (inside(x, nx) && inside(y, ny) && inside(z, nz)) out[at] = sample(data, dim, x, y, z);
      }
    }
  }
  return out;
}

function inside(place: number, length: number): boolean {
  return place > -0.5 - rounding && place < length - 0.5 + rounding;
}

type Sample = (data: Float64Array, dim: ResampleVolume['dim'], x: number, y: number, z: number) => number;

const nearest: Sample = (data, [nx, ny, nz], x, y, z) => {
  const whole = (place: number, length: number) =>
    Math.min(length - 1, Math.max(0, Math.floor(place + 0.5 + rounding)));
  return data[whole(x, nx) + nx * (whole(y, ny) + ny * whole(z, nz))]!;
};

const linear: Sample = (data, [nx, ny, nz], x, y, z) => {
  const [px, py, pz] = [between(x, nx), between(y, ny), between(z, nz)];
  const [fx, fy, fz] = [Math.floor(px), Math.floor(py), Math.floor(pz)];
  let sum = 0;
  for (let corner = 0; corner < 8; corner++) {
    const [cx, cy, cz] = [fx + (corner & 1), fy + ((corner >> 1) & 1), fz + (corner >> 2)];
    const weight = (1 - Math.abs(px - cx)) * (1 - Math.abs(py - cy)) * (1 - Math.abs(pz - cz));
    // Beyond the last voxel only with weight 0.
    if (weight > 0) sum += weight * data[cx + nx * (cy + ny * cz)]!;
  }
  return sum;
};

/** Held inside the outermost centres; whole where it is but for rounding, so that the same grid gives the same values. */
function between(place: number, length: number): number {
  const held = Math.min(length - 1, Math.max(0, place));
  const whole = Math.round(held);
  return Math.abs(held - whole) < rounding ? whole : held;
}
