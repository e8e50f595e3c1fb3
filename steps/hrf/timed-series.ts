import { readAligned, type ShownPart } from '../../artifacts/aligned.js';
import type { Artifact } from '../../artifacts/artifact.js';
import { readSeries, type SeriesData } from '../../artifacts/series.js';
import type { HeldConvolution } from '../../numerics/held-convolution.js';

/** What is known of the scan, where series have their place in one. */
export type Scan = NonNullable<HeldConvolution['scan']> & { readonly tr: number };

/** A series, and its place in the scan where the step `align` has given it one. */
export async function readTimed(artifact: Artifact): Promise<{ series: SeriesData; scan: Scan | null }> {
  if (artifact.type !== 'aligned') return { series: await readSeries(artifact), scan: null };
  const series = await readAligned(artifact);
  return { series, scan: { tr: series.tr, volumes: series.volumes, placements: series.parts } };
}

/** Mean of every kernel over the time that it is shown `[kernel]`. */
export function meansShown({ values, samples, kernels, interval }: SeriesData, scan: Scan | null): Float64Array {
  const seconds = new Float64Array(samples).fill(scan ? 0 : 1);
  for (const part of scan?.placements ?? []) addSeconds(seconds, part, interval);
  const total = seconds.reduce((sum, value) => sum + value, 0);
  const means = new Float64Array(kernels.length);
  for (let i = 0; i < values.length; i++) {
    means[i % kernels.length]! += (values[i]! * seconds[Math.floor(i / kernels.length)]!) / total;
  }
  return means;
}

function addSeconds(
  seconds: Float64Array,
  { start, duration, first, samples }: Omit<ShownPart, 'movie'>,
  interval: number,
): void {
  for (let sample = 0; sample < samples; sample++) {
    const shown = Math.min(start + duration, (sample + 1) * interval) - Math.max(start, sample * interval);
    if (shown > 0) seconds[first + sample]! += shown;
  }
}
