export interface Smoothness {
  /** Full width at half maximum of the equivalent Gaussian along x, y, z, in voxels; 1 along an axis of one voxel. NaN where no voxel has all its neighbours. */
  readonly fwhm: [number, number, number];
  /** Voxels that the estimate is from. */
  readonly voxels: number;
  /** `[voxel]` resels per voxel; NaN where a neighbour is missing. */
  readonly reselsPerVoxel: Float64Array;
}

/**
 * Smoothness of the noise from the residuals of a model, as SPM12 estimates it (spm_est_smoothness; Kiebel et al. 1999,
 * NeuroImage 10:756-766; Hayasaka et al. 2004, NeuroImage 22:676-687): the roughness is the sum over images of the products
 * of the forward differences of the residuals.
 *
 * `residuals` [voxel, image] are scaled so that a voxel's sum of squares over all images of the model is 1; a row of 0 is
 * a voxel without residuals. `scale` is the number of all images over that of those given (1 when all are given). A voxel
 * counts if it and its forward neighbours (2 x 2 x 2) are all in the mask and have residuals; beyond the last voxel of
 * the image the difference is 0, as in SPM.
 */
export function smoothness(
  residuals: Float64Array,
  images: number,
  dim: readonly [number, number, number],
  voxels: Int32Array,
  scale = 1,
): Smoothness {
  const [nx, ny, nz] = dim;
  const steps = [1, nx, nx * ny];
  const axes = [0, 1, 2].filter((axis) => dim[axis]! > 1);
  const place = new Int32Array(nx * ny * nz).fill(-1);
  voxels.forEach((offset, v) => {
    const row = residuals.subarray(v * images, (v + 1) * images);
    if (row.some((value) => value !== 0)) place[offset] = v;
  });
  const reselsPerVoxel = new Float64Array(voxels.length).fill(Number.NaN);
  const along = [0, 0, 0];
  let total = 0;
  let count = 0;
  const rough = new Float64Array(9);
  const forward = new Int32Array(3);
  for (let v = 0; v < voxels.length; v++) {
    const offset = voxels[v]!;
    const position = [offset % nx, Math.floor(offset / nx) % ny, Math.floor(offset / (nx * ny))];
    const step = steps.map((size, axis) => (position[axis]! + 1 < dim[axis]! ? size : 0));
    if (!complete(offset, step, place)) continue;
    for (const axis of axes) forward[axis] = place[offset + step[axis]!]!;
    differences(residuals, images, v, forward, axes, rough);
    for (let i = 0; i < 9; i++) rough[i]! *= scale;
    const resels = Math.sqrt(Math.max(0, determinant(rough, axes)) / (4 * Math.log(2)) ** axes.length);
    reselsPerVoxel[v] = resels;
    total += resels;
    for (const axis of axes) along[axis]! += Math.sqrt(rough[axis * 4]! / (4 * Math.log(2)));
    count += 1;
  }
  // The axes as their own means say, scaled so that their product is the (unbiased) mean of the resels per voxel.
  const product = axes.reduce((all, axis) => all * (along[axis]! / count), 1);
  const factor = (total / count / product) ** (1 / axes.length);
  const fwhm = along.map((sum, axis) => (axes.includes(axis) ? count / (sum * factor) : 1));
  return { fwhm: fwhm as [number, number, number], voxels: count, reselsPerVoxel };
}

/** Leaves in the upper half of `rough` [3, 3] the sums over images of the products of the differences along two axes. */
function differences(
  residuals: Float64Array,
  images: number,
  v: number,
  forward: Int32Array,
  axes: readonly number[],
  rough: Float64Array,
): void {
  rough.fill(0);
  const here = v * images;
  for (const a of axes) {
    const first = forward[a]! * images;
    for (const b of axes) {
      if (b < a) continue;
      const second = forward[b]! * images;
      let sum = 0;
      for (let i = 0; i < images; i++) {
        const value = residuals[here + i]!;
        sum += (residuals[first + i]! - value) * (residuals[second + i]! - value);
      }
      rough[a * 3 + b] = sum;
    }
  }
}

function complete(offset: number, step: readonly number[], place: Int32Array): boolean {
  for (let corner = 0; corner < 8; corner++) {
    const at = offset + (corner & 1 ? step[0]! : 0) + (corner & 2 ? step[1]! : 0) + (corner & 4 ? step[2]! : 0);
    if (place[at]! < 0) return false;
  }
  return true;
}

/** Of the symmetric matrix whose upper half is in `m` [3, 3], in the given axes. */
function determinant(m: Float64Array, axes: readonly number[]): number {
  const of = (a: number, b: number) => m[axes[a]! * 3 + axes[b]!]!;
  if (axes.length === 0) return 1;
  if (axes.length === 1) return of(0, 0);
  if (axes.length === 2) return of(0, 0) * of(1, 1) - of(0, 1) ** 2;
  return (
    of(0, 0) * of(1, 1) * of(2, 2) +
    2 * of(0, 1) * of(1, 2) * of(0, 2) -
    of(0, 0) * of(1, 2) ** 2 -
    of(0, 1) ** 2 * of(2, 2) -
    of(0, 2) ** 2 * of(1, 1)
  );
}
