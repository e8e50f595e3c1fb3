export interface PeakRule {
  /** Least height. Default: no limit. */
  readonly height?: number;
  /** Least distance between peaks in samples, 1 or more; of two that are closer the lower one goes. Default 1. */
  readonly distance?: number;
  /** Least prominence. Default: no limit. */
  readonly prominence?: number;
}

export interface Peaks {
  /** `[peak]` sample indices, increasing. */
  readonly index: Int32Array;
  /** `[peak]` height above the higher of the two lowest points that part the peak from higher ground (or the ends). */
  readonly prominence: Float64Array;
}

/**
 * Peaks of a series `[sample]` by the rules, and in the order of rules, of scipy.signal.find_peaks: strict local
 * maxima (the middle of a flat top, rounded down; never the first or last sample), then height, then distance, then
 * prominence. All limits are inclusive. NaN is no peak, and ends a flank.
 */
export function findPeaks(series: ArrayLike<number>, rule: PeakRule = {}): Peaks {
  let index = localMaxima(series);
  if (rule.height !== undefined) index = index.filter((at) => series[at]! >= rule.height!);
  if (rule.distance !== undefined) index = keepApart(series, index, rule.distance);
  let found = index.map((at) => ({ at, prominence: prominenceOf(series, at) }));
  if (rule.prominence !== undefined) found = found.filter(({ prominence }) => prominence >= rule.prominence!);
  return {
    index: Int32Array.from(found, ({ at }) => at),
    prominence: Float64Array.from(found, ({ prominence }) => prominence),
  };
}

function localMaxima(series: ArrayLike<number>): number[] {
  const maxima: number[] = [];
  const last = series.length - 1;
  let at = 1;
  while (at < last) {
    let end = at + 1;
    if (series[at - 1]! < series[at]!) {
      while (end < last && series[end] === series[at]) end += 1;
      if (series[end]! < series[at]!) {
        maxima.push(Math.floor((at + end - 1) / 2));
      }
    }
    at = end;
  }
  return maxima;
}

/** Goes from the highest peak down and removes what is nearer than `distance`; of equals the later one stays. */
function keepApart(series: ArrayLike<number>, peaks: readonly number[], distance: number): number[] {
  const least = Math.ceil(distance);
  const keep = new Array<boolean>(peaks.length).fill(true);
  const fromHighest = peaks.map((_, n) => n).sort((a, b) => series[peaks[b]!]! - series[peaks[a]!]! || b - a);
  for (const n of fromHighest) {
    if (!keep[n]) continue;
    for (let k = n - 1; k >= 0 && peaks[n]! - peaks[k]! < least; k--) keep[k] = false;
    for (let k = n + 1; k < peaks.length && peaks[k]! - peaks[n]! < least; k++) keep[k] = false;
  }
  return peaks.filter((_, n) => keep[n]);
}

function prominenceOf(series: ArrayLike<number>, peak: number): number {
  const height = series[peak]!;
  let left = height;
  for (let at = peak; at >= 0 && series[at]! <= height; at--) left = Math.min(left, series[at]!);
  let right = height;
  for (let at = peak; at < series.length && series[at]! <= height; at++) right = Math.min(right, series[at]!);
  return height - Math.max(left, right);
}
