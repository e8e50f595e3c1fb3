import type { Grid } from '../../artifacts/grid.js';
import type { Head } from './anatomy.js';
import { autoregressive, blur, smoothNoise } from './noise.js';
import type { Random } from './random.js';

/** What makes one region of a subject follow one kernel. */
export interface Response {
  /** Value of the region's voxels in the atlas. */
  readonly region: number;
  /** The kernel's convolved series [volume], mean 0 and standard deviation 1 while the film runs. */
  readonly series: Float64Array;
  /** Percent of the mean signal per standard deviation of the series, in this subject. */
  readonly percent: number;
}

export interface Scan {
  readonly grid: Grid;
  readonly head: Head;
  /** Region of every voxel [z, y, x]. */
  readonly atlas: Uint8Array;
  readonly volumes: number;
  readonly responses: readonly Response[];
  /** [parameter][volume] */
  readonly motion: readonly Float64Array[];
}

/** Largest signal outside the head, scanner units. */
const air = 25;

/** Standard deviations of what is added to a voxel's mean, in percent of it, and the noise's autocorrelation. */
const signalModel = { noise: 1, rho: 0.35, drift: 0.8, motion: 0.6, smoothness: 6 } as const;

/**
 * Simulates one scan: mean image + responses + AR(1) noise that is smooth over space + slow drifts + head motion
 * leaking into the signal. Air holds positive noise, as magnitude images do.
 * @returns [volume, z, y, x], scanner units
 */
export function simulateBold(scan: Scan, random: Random): Float32Array {
  const { grid, head, atlas, volumes } = scan;
  const count = head.mask.length;
  const brain = Int32Array.from({ length: count }, (_, i) => i).filter((i) => head.mask[i] === 1);
  const slow = slowSignals(scan, random);
  const image = new Float32Array(volumes * count);
  const noise = new Float32Array(count);
  const sigma = signalModel.smoothness / grid.voxelSize[0] / Math.sqrt(8 * Math.log(2));
  const response = new Float64Array(256);
  const innovation = Math.sqrt(1 - signalModel.rho ** 2);
  for (let t = 0; t < volumes; t++) {
    // Half of the variance is smooth (physiology), half white (thermal); both share one autocorrelation.
    const smooth = smoothNoise(random, grid.dim, sigma);
    const volume = image.subarray(t * count, (t + 1) * count);
    for (let b = 0; b < brain.length; b++) {
      const i = brain[b]!;
      const fresh = Math.SQRT1_2 * (smooth[i]! + random.normal());
      noise[i] = t === 0 ? fresh : signalModel.rho * noise[i]! + innovation * fresh;
      volume[i] = signalModel.noise * noise[i]!;
    }
    for (const { series, map } of slow) {
      const weight = series[t]!;
      for (let i = 0; i < count; i++) volume[i] = volume[i]! + weight * map[i]!;
    }
    for (const { region, series, percent } of scan.responses) response[region] = percent * series[t]!;
    for (let i = 0; i < count; i++) {
      volume[i] =
        head.mask[i] === 1 ? head.mean[i]! * (1 + (volume[i]! + response[atlas[i]!]!) / 100) : air * random.uniform();
    }
  }
  return image;
}

/** Drifts and motion artefacts: a few time courses, each with its own smooth map over the head. */
function slowSignals({ grid, volumes, motion }: Scan, random: Random): { series: Float64Array; map: Float32Array }[] {
  const map = (percent: number) => {
    const field = smoothNoise(random, grid.dim, 16 / grid.voxelSize[0]);
    blur(field, grid.dim, 1);
    return field.map((value) => value * percent);
  };
  const drifts = [
    Float64Array.from({ length: volumes }, (_, t) => (2 * t) / (volumes - 1) - 1),
    Float64Array.from({ length: volumes }, (_, t) => Math.cos((2 * Math.PI * (t + 0.5)) / volumes)),
    autoregressive(random, volumes, 0.995),
  ];
  return [
    ...drifts.map((series) => ({ series, map: map(signalModel.drift) })),
    ...motion.map((series) => ({ series: standardised(series), map: map(signalModel.motion / Math.sqrt(6)) })),
  ];
}

/** (x - mean) / standard deviation; all 0 for a constant series. */
export function standardised(series: Float64Array): Float64Array {
  const mean = series.reduce((a, b) => a + b, 0) / series.length;
  const deviation = Math.sqrt(series.reduce((a, b) => a + (b - mean) ** 2, 0) / series.length);
  return series.map((value) => (deviation > 0 ? (value - mean) / deviation : 0));
}
