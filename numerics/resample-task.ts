import { type ResampleVolume, resampleVolume } from './resample.js';

/** Pool task `resample.volume`: one volume. */
export function run(volume: ResampleVolume): { values: Float64Array } {
  return { values: resampleVolume(volume) };
}
