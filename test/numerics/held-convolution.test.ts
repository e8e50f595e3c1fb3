import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { heldConvolution, type Placement } from '../../numerics/held-convolution.js';
import { hrf } from '../../numerics/hrf.js';

const values = [3, 1, 4, 1, 5, 9, 2, 6];

function convolve(placements: readonly Placement[], more: Partial<Parameters<typeof heldConvolution>[0]> = {}) {
  const grid = { interval: 1.5, samples: 8, tr: 2, oversampling: 16, bin: 8, ...more };
  const { weights, volumes } = heldConvolution({
    ...{ ...grid, response: hrf('spm', grid.tr / grid.oversampling) },
    scan: { volumes: 12, placements },
    ...more,
  });
  const { samples } = grid;
  return Array.from({ length: volumes }, (_, volume) =>
    values.reduce((sum, value, sample) => sum + value * weights[volume * samples + sample]!, 0),
  );
}

const whole = { duration: 12, start: 0, first: 0, samples: 8 };

describe('a held series with its place in a scan', () => {
  /*
   * Due, by numpy and scipy 1.10: the integral F of the held series by np.interp over its cumulated sums, means of the
   * bins as np.diff(F(edges)) / dt, np.convolve with scipy.stats.gamma's densities, every 16th value from bin 8 on.
   */
  test('at an onset that is no multiple of the TR, nor of a bin, is what numpy gives', () => {
    const due = [
      ...[0.0, 0.0, 0.010221647347077218, 0.42018413672918226, 1.2648104619420428, 2.1406582054117558],
      ...[2.8905335578009788, 4.57582191246837, 5.480443258482203, 4.9145762640088915, 2.9465766688948634],
      1.0216554311527584,
    ];
    const found = convolve([{ onset: 3.7, ...whole }]);
    expect(found).toHaveLength(12);
    // Sums of 257 doubles in another order.
    found.forEach((value, n) => {
      expect(Math.abs(value - due[n]!)).toBeLessThan(1e-13);
    });
  });

  test('may begin before the scan, stop before its end, and be shown again from a later time on', () => {
    const due = [
      ...[0.43911126918135923, 1.2880512142278056, 2.1575005466192323, 2.772811413441174, 2.7468318451996985],
      ...[1.69270599374198, 1.0622111833689543, 1.4586626120862012, 2.695305414836149, 3.3756735211697833],
      ...[2.266196512359726, 0.8981142964836492],
    ];
    const found = convolve([
      { onset: -2.35, ...whole, duration: 7.5 },
      { onset: 9.9, ...whole, duration: 5.2, start: 3.1 },
    ]);
    found.forEach((value, n) => {
      expect(Math.abs(value - due[n]!)).toBeLessThan(1e-13);
    });
  });

  test('moves by whole volumes without the change of a bit', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 7 }),
        fc.double({ min: 0.4, max: 4, noNaN: true }),
        fc.integer({ min: 1, max: 24 }),
        fc.double({ min: 0.3, max: 3, noNaN: true }),
        (volumes, tr, oversampling, interval) => {
          const grid = { tr, oversampling, interval, bin: Math.floor(oversampling / 2) };
          const shown = { ...whole, duration: 8 * interval };
          const first = convolve([{ onset: 0, ...shown }], grid);
          const later = convolve([{ onset: volumes * tr, ...shown }], grid);
          expect(later.slice(volumes)).toEqual(first.slice(0, 12 - volumes));
          expect(later.slice(0, volumes).every((value) => value === 0)).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('an onset of one bin is the shift of the response by one bin; half a bin is the mean of two neighbours', () => {
    const at = (onset: number, bin: number) => convolve([{ onset, ...whole }], { bin });
    expect(at(3.75, 8)).toEqual(at(3.625, 7));
    const [early, late, between] = [at(3.75, 8), at(3.875, 8), at(3.8125, 8)];
    between.forEach((value, n) => {
      expect(Math.abs(value - (early[n]! + late[n]!) / 2)).toBeLessThan(1e-13);
    });
  });

  test('without a place begins with the first volume, as one that is placed at 0', () => {
    const settings = { interval: 2, samples: 8, tr: 2, oversampling: 16, bin: 8, response: hrf('spm', 0.125) };
    const plain = heldConvolution(settings);
    const placements = [{ onset: 0, duration: 16, start: 0, first: 0, samples: 8 }];
    const placed = heldConvolution({ ...settings, scan: { volumes: 8, placements } });
    expect(plain.volumes).toBe(8);
    expect(placed.weights).toEqual(plain.weights);
  });
});
