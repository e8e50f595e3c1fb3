import { smoothVolume } from '../smooth.js';

/**
 * Gaussian smoothing of the values of a mask's voxels that takes nothing from outside it: the smoothed values divided by
 * the smoothed mask. `voxels` are offsets `x + nx (y + ny z)`; `fwhm` and `voxelSize` in mm. With `fwhm` 0 the same values.
 */
export function smoothWithin(
  values: Float64Array,
  voxels: Int32Array,
  { dim, voxelSize }: { dim: readonly [number, number, number]; voxelSize: readonly [number, number, number] },
  fwhm: number,
): Float64Array {
  if (fwhm === 0) return values.slice();
  const volume = (of: (v: number) => number) => {
    const data = new Float64Array(dim[0] * dim[1] * dim[2]);
    voxels.forEach((offset, v) => {
      data[offset] = of(v);
    });
    return smoothVolume({ data, dim, voxelSize, fwhm });
  };
  const sums = volume((v) => values[v]!);
  const weights = volume(() => 1);
  return Float64Array.from(voxels, (offset) => sums[offset]! / weights[offset]!);
}
