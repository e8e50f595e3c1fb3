/** Where samples of a series are shown on the time axis of a scan, which starts with its first volume. Times in s. */
export interface Placement {
  /** May lie before 0 or after the end. */
  readonly onset: number;
  readonly duration: number;
  /** Time in the series at onset: sample n is held from n * interval to (n + 1) * interval of it. */
  readonly start: number;
  /** The first of its samples in the list of all, and how many there are. */
  readonly first: number;
  readonly samples: number;
}

export interface HeldConvolution {
  /** Seconds between samples of the series. */
  readonly interval: number;
  readonly samples: number;
  readonly tr: number;
  /** Micro bins per TR. */
  readonly oversampling: number;
  /** The bin inside each TR, from 0, at which the result is taken. */
  readonly bin: number;
  /** The response on the micro grid (bins of tr / oversampling); `[1]` leaves the series as it is. */
  readonly response: Float64Array;
  /** Without it the series begins at time 0, and there are as many volumes as have their reference time inside it. */
  readonly scan?: { readonly volumes: number; readonly placements: readonly Placement[] };
}

/**
 * Convolution of a series that is held constant over its intervals, as a linear map of its samples: `[volume, sample]`.
 *
 * On the micro grid the series is `u[m]`, its mean over bin m (that is the held value itself wherever bins lie inside
 * one interval), with 0 where nothing is shown; and `y[m] = sum_j response[j] u[m - j]`. Volume n is
 * `y[n * oversampling + bin]`. An onset inside a bin is exact: the bin takes its share of what is shown in it. What
 * was shown before time 0 counts, as far back as the response reaches.
 */
export function heldConvolution(settings: HeldConvolution): { weights: Float64Array; volumes: number } {
  const { interval, samples, tr, oversampling, bin, response, scan } = settings;
  const dt = tr / oversampling;
  const inside = Math.max(0, Math.ceil((samples * interval) / tr - bin / oversampling - 1e-9));
  // The bin of the last volume may reach past the end of the series, whose last value is held there.
  const whole = { onset: 0, duration: Number.POSITIVE_INFINITY, start: 0, first: 0, samples };
  const { volumes, placements } = scan ?? { volumes: inside, placements: [whole] };
  const places = placements.map((placement) => onGrid(placement, interval, dt));
  const weights = new Float64Array(volumes * samples);
  for (let volume = 0; volume < volumes; volume++) {
    const at = volume * oversampling + bin;
    const row = weights.subarray(volume * samples, (volume + 1) * samples);
    for (const place of places) {
      const last = Math.min(response.length - 1, scan ? Number.POSITIVE_INFINITY : at, at - place.firstBin);
      for (let j = Math.max(0, at - place.lastBin); j <= last; j++) addBin(row, place, at - j, response[j]!);
    }
  }
  return { weights, volumes };
}

/** A placement in micro bins and intervals. */
interface Place {
  readonly first: number;
  readonly samples: number;
  /** Bins from time 0 to that of the series, as a whole number and a rest, so that a shift by whole bins changes no bit. */
  readonly bins: number;
  readonly rest: number;
  /** Intervals per bin. */
  readonly step: number;
  /** What is shown of the series, in intervals. */
  readonly from: number;
  readonly to: number;
  /** Bins outside of these show nothing of it. */
  readonly firstBin: number;
  readonly lastBin: number;
}

function onGrid({ onset, duration, start, first, samples }: Placement, interval: number, dt: number): Place {
  const shift = snap((onset - start) / dt);
  const bins = Math.floor(shift);
  return {
    ...{ first, samples, bins, rest: shift - bins, step: dt / interval },
    from: snap(start / interval),
    to: snap((start + duration) / interval),
    firstBin: Math.floor(onset / dt) - 1,
    lastBin: Math.ceil((onset + duration) / dt) + 1,
  };
}

/** Adds `weight` times the mean over a bin of what is shown in it. */
function addBin(row: Float64Array, place: Place, bin: number, weight: number): void {
  const { first, samples, bins, rest, step } = place;
  // A bin edge that should fall on an interval's edge misses it by rounding.
  const start = snap((bin - bins - rest) * step);
  const end = snap((bin - bins - rest + 1) * step);
  const [from, to] = [Math.max(start, place.from), Math.min(end, place.to)];
  if (from >= to) return;
  for (let sample = Math.floor(from); sample < to; sample++) {
    const share = (Math.min(to, sample + 1) - Math.max(from, sample)) / (end - start);
    row[first + Math.min(sample, samples - 1)]! += weight * share;
  }
}

function snap(value: number): number {
  const whole = Math.round(value);
  return Math.abs(value - whole) < 1e-9 ? whole : value;
}
