import type { Random } from './random.js';

/**
 * Smooths a volume in place with a separable Gaussian; air beyond the borders counts as 0.
 * @param volume [z, y, x]
 * @param sigma in voxels
 */
export function blur(volume: Float32Array, dim: readonly [number, number, number], sigma: number): void {
  const weights = gaussian(sigma);
  const reach = (weights.length - 1) / 2;
  const strides = [1, dim[0], dim[0] * dim[1]];
  const line = new Float64Array(Math.max(...dim) + 2 * reach);
  for (let axis = 0; axis < 3; axis++) {
    const length = dim[axis]!;
    const step = strides[axis]!;
    line.fill(0);
    for (let block = 0; block < volume.length; block += step * length) {
      for (let start = block; start < block + step; start++) {
        for (let i = 0; i < length; i++) line[reach + i] = volume[start + i * step]!;
        for (let i = 0; i < length; i++) {
          let value = 0;
          for (let w = 0; w < weights.length; w++) value += weights[w]! * line[i + w]!;
          volume[start + i * step] = value;
        }
      }
    }
  }
}

/**
 * White noise smoothed over space, scaled so that a voxel far from the border has standard deviation 1.
 * @param sigma in voxels; 0 leaves the noise white
 */
export function smoothNoise(random: Random, dim: readonly [number, number, number], sigma: number): Float32Array {
  const volume = new Float32Array(dim[0] * dim[1] * dim[2]);
  for (let i = 0; i < volume.length; i++) volume[i] = random.normal();
  if (sigma === 0) return volume;
  blur(volume, dim, sigma);
  const scale = 1 / remainingDeviation(sigma);
  for (let i = 0; i < volume.length; i++) volume[i] = volume[i]! * scale;
  return volume;
}

/** Standard deviation of unit white noise after `blur`: the root of the sum of squared weights, once per axis. */
function remainingDeviation(sigma: number): number {
  return gaussian(sigma).reduce((sum, weight) => sum + weight ** 2, 0) ** 1.5;
}

/** Weights at the voxels up to 3 sigma to both sides; their sum is 1. */
function gaussian(sigma: number): Float64Array {
  const reach = Math.max(1, Math.ceil(3 * sigma));
  const weights = Float64Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-(((i - reach) / sigma) ** 2) / 2));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/** A stationary AR(1) series with standard deviation 1: x[t] = rho x[t-1] + sqrt(1 - rho^2) e[t]. */
export function autoregressive(random: Random, length: number, rho: number): Float64Array {
  const series = new Float64Array(length);
  const innovation = Math.sqrt(1 - rho * rho);
  for (let t = 0; t < length; t++) {
    series[t] = t === 0 ? random.normal() : rho * series[t - 1]! + innovation * random.normal();
  }
  return series;
}
