import { type Resels, reselCounts } from './random-field.js';
import { smoothness } from './smoothness.js';

export interface SmoothnessPayload {
  /** `[voxel, image]` residuals, a voxel's sum of squares 1, or 0 for a voxel without. */
  readonly residuals: Float64Array;
  readonly images: number;
  readonly dim: readonly [number, number, number];
  /** `[voxel]` file offsets, increasing. */
  readonly voxels: Int32Array;
}

export interface MapSmoothness {
  /** In voxels. */
  readonly fwhm: readonly [number, number, number];
  readonly resels: Resels;
  /** Voxels with residuals, that the resel counts are of. */
  readonly voxels: number;
}

/** Pool task `smoothness.map`. */
export function run({ residuals, images, dim, voxels }: SmoothnessPayload): MapSmoothness {
  const searched = voxels.filter((_, v) => residuals.subarray(v * images, (v + 1) * images).some((e) => e !== 0));
  const { fwhm } = smoothness(residuals, images, dim, voxels);
  return { fwhm, resels: reselCounts(dim, searched, fwhm), voxels: searched.length };
}
