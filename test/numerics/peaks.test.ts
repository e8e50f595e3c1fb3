import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readNpy } from '../../artifacts/npy.js';
import { findPeaks } from '../../numerics/peaks.js';
import { describeShared, shared } from '../support/shared.js';

describe('peaks', () => {
  it('takes the middle of a flat top, rounded down, and no top that touches an end', () => {
    expect([...findPeaks([0, 1, 1, 0, 2, 2, 2, 0, 3, 3]).index]).toEqual([1, 5]);
    expect([...findPeaks([3, 1, 2]).index]).toEqual([]);
    expect([...findPeaks([0, 1, 1, 2, 0]).index]).toEqual([3]);
    expect([...findPeaks([]).index]).toEqual([]);
  });

  it('measures prominence down to the higher of the two valleys', () => {
    // The peak of 3 is bounded by the one of 5: left valley 1, right valley (the end) 0.
    const { index, prominence } = findPeaks([0, 5, 1, 3, 2, 2.5, 0]);
    expect([...index]).toEqual([1, 3, 5]);
    expect([...prominence]).toEqual([5, 2, 0.5]);
  });

  it('drops the lower of two peaks that are nearer than the distance, highest first', () => {
    const series = [0, 2, 0, 3, 0, 2.5, 0, 0, 1, 0];
    expect([...findPeaks(series, { distance: 2 }).index]).toEqual([1, 3, 5, 8]);
    expect([...findPeaks(series, { distance: 3 }).index]).toEqual([3, 8]);
    expect([...findPeaks(series, { distance: 4.5 }).index]).toEqual([3, 8]);
    // 3 takes 5 away before 5 could take 8 away, and 8 stays although it is 3 from 5.
    expect([...findPeaks([0, 2, 0, 2, 0], { distance: 3 }).index]).toEqual([3]);
  });

  it('includes the limits themselves', () => {
    const series = [0, 1, 0, 2, 1, 2.5, 0];
    expect([...findPeaks(series, { height: 2 }).index]).toEqual([3, 5]);
    expect([...findPeaks(series, { prominence: 1 }).index]).toEqual([1, 3, 5]);
    expect([...findPeaks(series, { prominence: 1.01 }).index]).toEqual([5]);
  });

  it('sees no peak in or beside NaN', () => {
    expect([...findPeaks([0, Number.NaN, 0, 1, Number.NaN, 0, 2, 0]).index]).toEqual([6]);
  });

  it('finds the same peaks whatever the unit and the zero of the series', () => {
    const series = fc.array(fc.integer({ min: -8, max: 8 }), { maxLength: 40 });
    fc.assert(
      fc.property(series, fc.integer({ min: 1, max: 9 }), (x, distance) => {
        const moved = x.map((value) => 4 * value + 3);
        const found = findPeaks(x, { distance, prominence: 2 });
        const again = findPeaks(moved, { distance, prominence: 8 });
        expect([...again.index]).toEqual([...found.index]);
        expect([...again.prominence]).toEqual([...found.prominence].map((value) => 4 * value));
      }),
    );
  });
});

describeShared('peaks against scipy.signal.find_peaks', () => {
  const folder = path.join(shared, 'reference', 'arrays', 'reverse');
  const rules = {
    plain: {},
    prominence05: { prominence: 0.5 },
    prominence02_distance5: { prominence: 0.2, distance: 5 },
    height05_distance3: { height: 0.5, distance: 3 },
  };
  for (const kind of ['raw', 'cleaned']) {
    for (const [name, rule] of Object.entries(rules)) {
      it(`finds the ${name} peaks of the ${kind} region series`, async () => {
        const series = (await readNpy(path.join(folder, `${kind}_mean.npy`))).data;
        const { index, prominence } = findPeaks(series, rule);
        const expected = (await readNpy(path.join(folder, `${kind}_peaks_${name}.npy`))).data;
        expect([...index]).toEqual([...expected]);
        if (!('prominence' in rule)) return;
        // Exact: a prominence is one subtraction of two values of the series.
        const heights = (await readNpy(path.join(folder, `${kind}_peaks_${name}_prominence.npy`))).data;
        expect([...prominence]).toEqual([...heights]);
      });
    }
  }
});
