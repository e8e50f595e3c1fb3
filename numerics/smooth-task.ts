import { type SmoothVolume, smoothVolume } from './smooth.js';

/** Pool task `smooth.volume`: one volume, returned as float32. */
export function run(volume: SmoothVolume): { smoothed: Float32Array } {
  return { smoothed: Float32Array.from(smoothVolume(volume)) };
}
