import { timesTransposed } from './products.js';
import { Xoshiro128 } from './xoshiro.js';

/*
 * Series that have nothing to do with a brain, but are as slow as a given one: what a statistic is worth is seen by putting
 * them in its place. Both ways keep the amplitude at every frequency of the discrete Fourier transform, so the circular
 * autocorrelation, and treat all series alike, so what they share with each other (the cross-spectra).
 */

/** How the surrogates of any series of one length are made; number 0 is the series itself. */
export interface Surrogates {
  readonly count: number;
  /** Whether these are all that there are. */
  readonly exact: boolean;
  /** [surrogate, time] of a series [time]. */
  of(series: Float64Array): Promise<Float64Array>;
}

/**
 * Phase randomisation: at every frequency between 0 and Nyquist all series are turned by one angle, drawn evenly from the
 * circle with `seed`; the Nyquist frequency of an even length gets a sign. The mean stays.
 * Sources: Theiler et al. (1992), Physica D 58:77-94; for several series Prichard & Theiler (1994), Phys Rev Lett 73:951-954.
 */
export function phaseSurrogates(time: number, count: number, seed: number): Surrogates {
  const turned = Math.ceil(time / 2) - 1;
  const even = time % 2 === 0;
  const frequencies = Math.floor(time / 2) + 1;
  const { analysis, synthesis } = fourier(time, frequencies);
  const random = new Xoshiro128(seed);
  const turn = new Float64Array(count * turned * 2);
  const sign = new Float64Array(count).fill(1);
  for (let s = 1; s < count; s++) {
    for (let f = 0; f < turned; f++) {
      const angle = (2 * Math.PI * random.next()) / 2 ** 32;
      turn.set([Math.cos(angle), Math.sin(angle)], (s * turned + f) * 2);
    }
    if (even) sign[s] = random.next() >>> 31 ? -1 : 1;
  }
  return {
    count,
    exact: false,
    async of(series) {
      const width = 2 * frequencies;
      const own = await timesTransposed(series, analysis, { m: 1, n: width, k: time });
      const coefficients = new Float64Array(count * width);
      for (let s = 0; s < count; s++) {
        const at = s * width;
        coefficients[at] = own[0]!;
        for (let f = 1; f <= turned; f++) {
          const [a, b] = [own[2 * f]!, own[2 * f + 1]!];
          const [cos, sin] = [turn[(s * turned + f - 1) * 2]!, turn[(s * turned + f - 1) * 2 + 1]!];
          coefficients[at + 2 * f] = a * cos + b * sin;
          coefficients[at + 2 * f + 1] = b * cos - a * sin;
        }
        if (even) coefficients[at + width - 2] = own[width - 2]! * sign[s]!;
      }
      const out = await timesTransposed(coefficients, synthesis, { m: count, n: time, k: width });
      out.set(series);
      return out;
    },
  };
}

/**
 * Circular shifts: the end of the series goes to its beginning. All of them, by rising shift, when they are no more than
 * `count`, else `count` different ones drawn with `seed`.
 */
export function circularShifts(time: number, count: number, seed: number): Surrogates {
  const shifts = Int32Array.from({ length: time }, (_, shift) => shift);
  const exact = time <= count;
  if (!exact) {
    const random = new Xoshiro128(seed);
    // Fisher-Yates from the front, which leaves the series itself in its place.
    for (let s = 1; s < count; s++) {
      const other = s + (random.next() % (time - s));
      [shifts[s], shifts[other]] = [shifts[other]!, shifts[s]!];
    }
  }
  const taken = shifts.subarray(0, Math.min(count, time));
  return {
    count: taken.length,
    exact,
    async of(series) {
      const out = new Float64Array(taken.length * time);
      taken.forEach((shift, s) => {
        out.set(series.subarray(time - shift), s * time);
        out.set(series.subarray(0, time - shift), s * time + shift);
      });
      return out;
    },
  };
}

/** Rows that give the coefficients of cosine and sine of a series [2 x frequency, time], and what makes it of them [time, 2 x frequency]. */
function fourier(time: number, frequencies: number) {
  const analysis = new Float64Array(2 * frequencies * time);
  const synthesis = new Float64Array(2 * frequencies * time);
  for (let f = 0; f < frequencies; f++) {
    const weight = (f === 0 || 2 * f === time ? 1 : 2) / time;
    for (let t = 0; t < time; t++) {
      // The angle is reduced while it is whole, so that it loses no digits.
      const angle = (2 * Math.PI * ((f * t) % time)) / time;
      const waves = [Math.cos(angle), Math.sin(angle)] as const;
      waves.forEach((value, part) => {
        analysis[(2 * f + part) * time + t] = weight * value;
        synthesis[t * 2 * frequencies + 2 * f + part] = value;
      });
    }
  }
  return { analysis, synthesis };
}
