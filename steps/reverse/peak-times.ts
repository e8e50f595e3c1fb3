import { findPeaks } from '../../numerics/peaks.js';
import type { ReverseParams } from './index.js';
import type { Shown } from './movie-shown.js';

/** When the pictures were shown: the windows of the frames, or of the samples of a series. Seconds. */
export interface Window {
  readonly onset: number;
  readonly duration: number;
}

export interface RegionPeak {
  /** From 0, after `drop`. */
  readonly volume: number;
  /** Onset of the volume after that of the first one used, s. */
  readonly time: number;
  /** Time in the movie: `time` minus its start and the delay, s; below 0 before it. */
  readonly stimulusTime: number;
  /** The frame (or sample) on the screen at that time; null before the first and after the last. */
  readonly frame: number | null;
  readonly height: number;
  readonly prominence: number;
}

/** Times that differ by less are the same (s): n TR - delay is not exact in binary. */
const tolerance = 1e-6;

/** When the volumes were, and the movie. */
export type Timing = Shown & { readonly tr: number };

/** The peaks of a region's mean series, in order of time, and the pictures that they lead back to. */
export function peakTimes(
  mean: Float64Array,
  { tr, start, from, to }: Timing,
  windows: readonly Window[],
  params: Pick<ReverseParams, 'prominence' | 'height' | 'distance' | 'peaks' | 'delay'>,
): RegionPeak[] {
  const { index, prominence } = findPeaks(mean, {
    prominence: params.prominence,
    distance: Math.max(1, params.distance / tr - tolerance),
    ...(params.height !== undefined && { height: params.height }),
  });
  const peaks = Array.from(index, (volume, n): RegionPeak => {
    const time = volume * tr;
    const stimulusTime = time - start - params.delay;
    return {
      volume,
      time,
      stimulusTime,
      frame: stimulusTime < from - tolerance || stimulusTime >= to - tolerance ? null : frameAt(stimulusTime, windows),
      height: mean[volume]!,
      prominence: prominence[n]!,
    };
  });
  if (params.peaks === 0) return peaks;
  const highest = peaks.toSorted((a, b) => b.height - a.height || a.volume - b.volume).slice(0, params.peaks);
  return peaks.filter((peak) => highest.includes(peak));
}

function frameAt(time: number, windows: readonly Window[]): number | null {
  const frame = windows.findIndex(
    ({ onset, duration }) => time >= onset - tolerance && time < onset + duration - tolerance,
  );
  return frame < 0 ? null : frame;
}
