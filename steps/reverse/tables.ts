import type { ReversalPicture } from '../../artifacts/reversal-data.js';
import type { SeriesData } from '../../artifacts/series.js';
import type { RegionPeak, Timing } from './peak-times.js';
import type { SubjectSeries } from './region-series.js';
import type { RegionOfKernels } from './regions-of-kernels.js';

export interface AnalysedRegion {
  readonly region: RegionOfKernels;
  /** `[subject][volume]` region mean as it was; null for subjects without it. */
  readonly subjects: readonly (Float64Array | null)[];
  readonly used: readonly boolean[];
  readonly mean: Float64Array;
  readonly spread: Float64Array;
  readonly peaks: readonly RegionPeak[];
}

type Row = (string | number | null)[];

/** `kernels`: names of the selected kernels, by comma. */
export const regionColumns = ['index', 'name', 'voxels', 'subjects', 'peaks', 'kernels'];

export function regionRow({ region, used, peaks }: AnalysedRegion): Row {
  const kernels = region.kernels.map(({ name }) => name).join(',');
  return [region.index, region.name, region.voxels.length, used.filter(Boolean).length, peaks.length, kernels];
}

/** `spread:` is the standard deviation over subjects (n - 1) in the unit of the mean series. */
export function seriesColumns(analysed: readonly AnalysedRegion[], series: SeriesData | null): string[] {
  return [
    'time',
    'volume',
    ...analysed.flatMap(({ region }) => [`region:${region.name}`, `spread:${region.name}`]),
    ...shownKernels(analysed, series).map(({ name }) => `kernel:${name}`),
  ];
}

/** One row per volume. A kernel's value is that of the sample whose window holds the volume's time; n/a outside of the series. */
export function seriesRows(
  analysed: readonly AnalysedRegion[],
  series: SeriesData | null,
  { tr, start, from, to }: Timing,
  volumes: number,
): Row[] {
  const kernels = shownKernels(analysed, series);
  return Array.from({ length: volumes }, (_, volume) => {
    const time = volume * tr - start;
    const sample = series && time >= from - 1e-6 && time < to ? Math.floor(time / series.interval + 1e-6) : -1;
    return [
      volume * tr,
      volume,
      ...analysed.flatMap(({ mean, spread }) => [mean[volume]!, spread[volume]!]),
      ...kernels.map(({ column }) =>
        sample >= 0 && sample < series!.samples ? series!.values[sample * series!.kernels.length + column]! : null,
      ),
    ];
  });
}

function shownKernels(analysed: readonly AnalysedRegion[], series: SeriesData | null) {
  if (!series) return [];
  const columnOf = new Map(series.kernels.map(({ name }, column) => [name, column]));
  const names = new Set(analysed.flatMap(({ region }) => region.kernels.map(({ name }) => name)));
  return [...names].flatMap((name) => (columnOf.has(name) ? [{ name, column: columnOf.get(name)! }] : []));
}

/** Every subject's region mean, BOLD units; `used` is 0 where it took no part in the mean. */
export const subjectColumns = ['region', 'subject', 'used', 'volume', 'signal'];

export function* subjectRows(analysed: readonly AnalysedRegion[], subjects: readonly SubjectSeries[]): Generator<Row> {
  for (const { region, subjects: own, used } of analysed) {
    for (const [n, { subject, volumes }] of subjects.entries()) {
      for (let volume = 0; volume < volumes; volume++) {
        yield [region.name, subject, Number(used[n]), volume, own[n]?.[volume] ?? null];
      }
    }
  }
}

/** Peaks are numbered in order of time, from 1. Times in s. */
export const peakColumns = ['region', 'peak', 'volume', 'time', 'stimulus_time', 'frame', 'height', 'prominence'];

export function peakRows({ region, peaks }: AnalysedRegion): Row[] {
  return peaks.map(({ volume, time, stimulusTime, frame, height, prominence }, n) => {
    return [region.name, n + 1, volume, time, stimulusTime, frame, height, prominence];
  });
}

export const pictureColumns = ['region', 'peak', 'frame', 'kernel', 'kind', 'file', 'maximum'];

export function pictureRow({ region, peak, frame, kernel, kind, file, maximum }: ReversalPicture): Row {
  return [region, peak, frame, kernel, kind, file, maximum];
}
