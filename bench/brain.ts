import { makeGrid, voxelCount } from '../artifacts/grid.js';
import type { Kernel } from '../artifacts/kernels.js';
import type { Mask } from '../artifacts/mask.js';
import { smoothVolume } from '../numerics/smooth.js';

/** A head of the usual size, 61x73x61 voxels of 3 mm, and a ball of 70,000 of them for the brain. */
export const grid = makeGrid([61, 73, 61], [3, 0, 0, -90, 0, 3, 0, -126, 0, 0, 3, -72, 0, 0, 0, 1], 4);

export function brainMask(): Mask {
  const inside: number[] = [];
  for (let v = 0; v < voxelCount(grid); v++) {
    const [x, y, z] = placeOf(v);
    if (((x - 30) / 24) ** 2 + ((y - 36) / 29) ** 2 + ((z - 30) / 24) ** 2 < 1) inside.push(v);
  }
  return { grid, voxels: Int32Array.from(inside) };
}

export function placeOf(offset: number): [x: number, y: number, z: number] {
  return [offset % 61, Math.floor(offset / 61) % 73, Math.floor(offset / (61 * 73))];
}

export function gauss(): number {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

/** White noise smoothed with a Gaussian of `fwhm` mm, of variance 1, at the voxels of a mask. */
export function smoothNoise({ voxels }: Mask, fwhm: number): Float64Array {
  const data = Float64Array.from({ length: voxelCount(grid) }, gauss);
  const smooth = smoothVolume({ data, dim: grid.dim, voxelSize: grid.voxelSize, fwhm });
  const values = Float64Array.from(voxels, (offset) => smooth[offset]!);
  const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
  return values.map((value) => value / Math.sqrt(variance));
}

/** A few regions of activation [voxel]: 1 at their centres, falling off over about 12 mm. */
export function activation({ voxels }: Mask): Float64Array {
  const centres = [
    [30, 12, 28],
    [18, 24, 22],
    [42, 24, 22],
    [14, 40, 30],
    [46, 40, 30],
    [30, 56, 36],
    [30, 30, 46],
  ];
  return Float64Array.from(voxels, (offset) => {
    const place = placeOf(offset);
    const distances = centres.map((centre) => centre.reduce((sum, x, axis) => sum + (x - place[axis]!) ** 2, 0));
    return Math.exp(-Math.min(...distances) / 32);
  });
}

export function kernelsOfLayer(count: number): Kernel[] {
  return Array.from({ length: count }, (_, k) => ({
    ...{ name: `layer/k${k + 1}`, layer: 'layer', kernel: k + 1, status: 'fitted' },
  }));
}
