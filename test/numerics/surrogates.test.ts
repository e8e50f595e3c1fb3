import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { circularShifts, phaseSurrogates, type Surrogates } from '../../numerics/surrogates.js';
import { autoregressive } from '../support/fit-models.js';

type Complex = readonly [re: number, im: number];

/** The discrete Fourier transform, by its definition. */
function transform(series: ArrayLike<number>): Complex[] {
  const n = series.length;
  return Array.from({ length: n }, (_, f) => {
    let [re, im] = [0, 0];
    for (let t = 0; t < n; t++) {
      re += series[t]! * Math.cos((2 * Math.PI * ((f * t) % n)) / n);
      im -= series[t]! * Math.sin((2 * Math.PI * ((f * t) % n)) / n);
    }
    return [re, im];
  });
}

const cross = ([a, b]: Complex, [c, d]: Complex): Complex => [a * c + b * d, b * c - a * d];

async function rowsOf(surrogates: Surrogates, series: Float64Array): Promise<Float64Array[]> {
  const rows = await surrogates.of(series);
  return Array.from({ length: surrogates.count }, (_, s) => rows.subarray(s * series.length, (s + 1) * series.length));
}

const lengths = fc.constantFrom(2, 3, 4, 5, 12, 33, 64, 121, 163, 164);

describe.each([
  ['phaseSurrogates', phaseSurrogates],
  ['circularShifts', circularShifts],
])('%s', (_, make) => {
  it('keeps the amplitude at every frequency, and the cross-spectrum of two series, to 1e-12 of the largest', async () => {
    await fc.assert(
      fc.asyncProperty(lengths, fc.integer({ min: 0, max: 1e6 }), async (time, seed) => {
        const [a, b] = autoregressive(2, time, 0.8, seed + 1) as [Float64Array, Float64Array];
        const surrogates = make(time, 6, seed);
        const [ofA, ofB] = [await rowsOf(surrogates, a), await rowsOf(surrogates, b)];
        const [dueA, dueB] = [transform(a), transform(b)];
        const largest = Math.max(...[...dueA, ...dueB].map((value) => Math.hypot(...value)));
        ofA.forEach((row, s) => {
          const [foundA, foundB] = [transform(row), transform(ofB[s]!)];
          for (let f = 0; f < time; f++) {
            expect(Math.abs(Math.hypot(...foundA[f]!) - Math.hypot(...dueA[f]!)) / largest).toBeLessThan(1e-12);
            const [found, due] = [cross(foundA[f]!, foundB[f]!), cross(dueA[f]!, dueB[f]!)];
            expect(Math.hypot(found[0] - due[0], found[1] - due[1]) / largest ** 2).toBeLessThan(1e-12);
          }
        });
      }),
      { numRuns: 30 },
    );
  });

  it('begins with the series itself, and gives others after it that a seed decides', async () => {
    const [series] = autoregressive(1, 60, 0.5, 4) as [Float64Array];
    const rows = await rowsOf(make(60, 20, 7), series);
    expect(rows[0]).toEqual(series);
    expect(new Set(rows.map((row) => row.join())).size).toBe(20);
    expect(await rowsOf(make(60, 20, 7), series)).toEqual(rows);
    expect(await rowsOf(make(60, 20, 8), series)).not.toEqual(rows);
  });
});

describe('phaseSurrogates', () => {
  it('turns by angles that are even on the circle', async () => {
    const time = 16;
    const series = Float64Array.from({ length: time }, (_, t) => Math.cos((2 * Math.PI * 3 * t) / time));
    const rows = await rowsOf(phaseSurrogates(time, 4001, 3), series);
    const angles = rows.slice(1).map((row) => {
      const [re, im] = transform(row)[3]!;
      return Math.atan2(im, re);
    });
    // 16 arcs of 250 angles: chi squared with 15 degrees of freedom is below 37.7 with a probability of 0.999.
    const arcs = new Float64Array(16);
    for (const angle of angles) arcs[Math.floor((angle / (2 * Math.PI) + 1) * 16) % 16]! += 1;
    expect(arcs.reduce((sum, count) => sum + (count - 250) ** 2 / 250, 0)).toBeLessThan(37.7);
  });
});

describe('circularShifts', () => {
  it('are all that there are, in order, when no more are asked for', async () => {
    const all = circularShifts(4, 4, 1);
    expect(all).toMatchObject({ count: 4, exact: true });
    expect(await rowsOf(all, Float64Array.of(1, 2, 3, 4))).toEqual([
      Float64Array.of(1, 2, 3, 4),
      Float64Array.of(4, 1, 2, 3),
      Float64Array.of(3, 4, 1, 2),
      Float64Array.of(2, 3, 4, 1),
    ]);
    expect(circularShifts(50, 1000, 1)).toMatchObject({ count: 50, exact: true });
    expect(circularShifts(50, 49, 1)).toMatchObject({ count: 49, exact: false });
  });
});
