import type { SeriesData } from '../../artifacts/series.js';
import type { FeatureMap } from '../extract/feature-maps.js';

/**
 * How far a map may be from its series, as part of the largest value of that series: more than backends and devices differ by,
 * far less than what other weights or another pre-processing change.
 */
const TOLERANCE = 0.01;

const overSpace: Readonly<Record<string, (map: Float32Array) => number>> = {
  mean: (map) => map.reduce((sum, value) => sum + value, 0) / map.length,
  max: (map) => map.reduce((largest, value) => Math.max(largest, value), Number.NEGATIVE_INFINITY),
};

/**
 * Says of the first map that is not what the series of its kernel was made of; null where all are. Told by mean or maximum, so null
 * too where the series is another statistic, the user's own, or of another number of pictures (`count`).
 */
export function unlikeSeries(maps: readonly FeatureMap[], series: SeriesData, count: number): string | null {
  const { statistic = '', values, samples, kernels } = series;
  const measure = overSpace[statistic];
  if (!measure || samples !== count) return null;
  const at = new Map(kernels.map(({ name }, index) => [name, index]));
  for (const { kernel, frame, data } of maps) {
    const column = at.get(kernel);
    if (column === undefined) continue;
    const ofKernel = Array.from({ length: samples }, (_, sample) => values[sample * kernels.length + column]!);
    const [found, due] = [measure(data), ofKernel[frame]!];
    const scale = ofKernel.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    if (Math.abs(found - due) <= TOLERANCE * scale) continue;
    return (
      `the feature map of ${kernel} at picture ${frame} has a ${statistic} of ${short(found)}, the kernel's series says ${short(due)}: ` +
      'frames, weights, preprocessing or activation are not those of extract'
    );
  }
  return null;
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
