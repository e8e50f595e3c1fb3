export interface SmoothVolume {
  /** `[z, y, x]` in file order, x fastest. */
  readonly data: Float64Array | Float32Array;
  readonly dim: readonly [number, number, number];
  /** mm. */
  readonly voxelSize: readonly [number, number, number];
  /** Full width at half maximum of the Gaussian, mm, > 0. */
  readonly fwhm: number;
}

/**
 * Gaussian smoothing of one volume, equal to nilearn.image.smooth_img (scipy's gaussian_filter1d along x, y, z): sigma =
 * fwhm / (sqrt(8 ln 2) * voxel size) voxels, cut at 4 sigma, weights scaled to sum 1. Beyond its edges the image is
 * continued by reflection (… c b a | a b c …), scipy's default, so a single slice keeps its intensity. NaN and
 * infinities count as 0, as there.
 */
export function smoothVolume({ data, dim, voxelSize, fwhm }: SmoothVolume): Float64Array {
  let volume = new Float64Array(data.length);
  for (let i = 0; i < data.length; i++) volume[i] = Number.isFinite(data[i]!) ? data[i]! : 0;
  let stride = 1;
  for (let axis = 0; axis < 3; axis++) {
    const sigma = fwhm / (Math.sqrt(8 * Math.LN2) * voxelSize[axis]!);
    const weights = gaussianWeights(sigma);
    volume = axis === 0 ? alongRows(volume, dim[0], weights) : acrossRows(volume, dim[axis]!, stride, weights);
    stride *= dim[axis]!;
  }
  return volume;
}

/** Weights at distances 0, 1, …, radius; with both sides they sum to 1. */
export function gaussianWeights(sigma: number): Float64Array {
  const radius = Math.floor(4 * sigma + 0.5);
  const weights = Float64Array.from({ length: radius + 1 }, (_, d) => Math.exp((-0.5 * d * d) / (sigma * sigma)));
  const sum = weights.reduce((total, weight, d) => total + (d === 0 ? weight : 2 * weight), 0);
  return weights.map((weight) => weight / sum);
}

/** Along x: each row is laid into a buffer with its continuation on both sides, so that the inner loop has no bounds. */
function alongRows(volume: Float64Array, length: number, weights: Float64Array): Float64Array<ArrayBuffer> {
  const out = new Float64Array(volume.length);
  const radius = weights.length - 1;
  const row = new Float64Array(length + 2 * radius);
  const sources = Int32Array.from(row, (_, i) => reflected(i - radius, length));
  for (let start = 0; start < volume.length; start += length) {
    for (let i = 0; i < row.length; i++) row[i] = volume[start + sources[i]!]!;
    for (let to = 0; to < length; to++) {
      let sum = weights[0]! * row[to + radius]!;
      for (let d = 1; d <= radius; d++) sum += weights[d]! * (row[to + radius - d]! + row[to + radius + d]!);
      out[start + to] = sum;
    }
  }
  return out;
}

/** Along y or z: the `stride` neighbours of a line are filtered together, so that memory is walked in order. */
function acrossRows(
  volume: Float64Array,
  length: number,
  stride: number,
  weights: Float64Array,
): Float64Array<ArrayBuffer> {
  const out = new Float64Array(volume.length);
  const radius = weights.length - 1;
  const slab = length * stride;
  for (let start = 0; start < volume.length; start += slab) {
    for (let to = 0; to < length; to++) {
      const target = start + to * stride;
      for (let i = 0; i < stride; i++) out[target + i] = weights[0]! * volume[target + i]!;
      for (let d = 1; d <= radius; d++) {
        const weight = weights[d]!;
        const before = start + reflected(to - d, length) * stride;
        const after = start + reflected(to + d, length) * stride;
        for (let i = 0; i < stride; i++) out[target + i]! += weight * (volume[before + i]! + volume[after + i]!);
      }
    }
  }
  return out;
}

/** The index inside that stands for one outside: -1 is 0, -2 is 1, length is length - 1. */
function reflected(index: number, length: number): number {
  const period = 2 * length;
  const inside = ((index % period) + period) % period;
  return inside < length ? inside : period - 1 - inside;
}
