export interface HeldConvolution {
  /** Seconds between samples of the series; sample n is held from n * interval to (n + 1) * interval. */
  readonly interval: number;
  readonly samples: number;
  readonly tr: number;
  /** Micro bins per TR. */
  readonly oversampling: number;
  /** The bin inside each TR, from 0, at which the result is taken. */
  readonly bin: number;
  /** The response on the micro grid (bins of tr / oversampling); `[1]` leaves the series as it is. */
  readonly response: Float64Array;
}

/**
 * Convolution of a series that is held constant over its intervals, as a linear map of its samples: `[volume, sample]`.
 *
 * On the micro grid the series is `u[m]`, its mean over bin m (that is the held value itself wherever bins lie inside
 * one interval); before time 0 it is 0, and `y[m] = sum_j response[j] u[m - j]`. Volume n is `y[n * oversampling + bin]`.
 * There are as many volumes as have their reference time inside the series: for interval = TR one per sample.
 */
export function heldConvolution(settings: HeldConvolution): { weights: Float64Array; volumes: number } {
  const { interval, samples, tr, oversampling, bin, response } = settings;
  const dt = tr / oversampling;
  const volumes = Math.max(0, Math.ceil((samples * interval) / tr - bin / oversampling - 1e-9));
  const weights = new Float64Array(volumes * samples);
  for (let volume = 0; volume < volumes; volume++) {
    const at = volume * oversampling + bin;
    const row = weights.subarray(volume * samples, (volume + 1) * samples);
    for (let j = 0; j < response.length && j <= at; j++) {
      addBin(row, (at - j) * (dt / interval), (at - j + 1) * (dt / interval), response[j]!);
    }
  }
  return { weights, volumes };
}

/** Adds `weight` times the mean of the held series over a bin; `start` and `end` in intervals. Past the end the last sample is held. */
function addBin(row: Float64Array, start: number, end: number, weight: number): void {
  const last = row.length - 1;
  // A bin edge that should fall on an interval's edge misses it by rounding.
  const from = snap(start);
  const to = snap(end);
  for (let sample = Math.floor(from); sample < to; sample++) {
    const share = (Math.min(to, sample + 1) - Math.max(from, sample)) / (to - from);
    row[Math.min(sample, last)]! += weight * share;
  }
}

function snap(value: number): number {
  const whole = Math.round(value);
  return Math.abs(value - whole) < 1e-9 ? whole : value;
}
