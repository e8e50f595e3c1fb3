import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WindowAverage } from '../../steps/decode/window-average.js';

describe('the average of a window', () => {
  test('is the exact mean, halves upwards, for any size and number of frames', () => {
    const frames = fc
      .integer({ min: 1, max: 9 })
      .chain((size) => fc.array(fc.uint8Array({ minLength: size, maxLength: size }), { minLength: 1, maxLength: 40 }));
    fc.assert(
      fc.property(frames, (list) => {
        const average = new WindowAverage(list[0]!.length);
        for (const frame of list) average.add(frame.slice());
        const sums = Array.from(list[0]!, (_, i) => list.reduce((sum, frame) => sum + frame[i]!, 0));
        // Sums and counts are small integers, so the quotient rounds as the true one does; halves are exact.
        expect([...average.take()]).toEqual(sums.map((sum) => Math.floor(sum / list.length + 0.5)));
      }),
    );
  });

  test('does not overflow in windows of many frames, and starts anew after each', () => {
    const average = new WindowAverage(6);
    const bright = Uint8Array.of(255, 255, 255, 255, 255, 254);
    for (const count of [256, 257, 258, 1000, 1]) {
      for (let i = 0; i < count; i++) average.add(bright);
      expect(average.frames).toBe(count);
      expect([...average.take()]).toEqual([...bright]);
    }
  });
});
