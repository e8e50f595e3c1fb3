import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WindowAverage } from '../../steps/decode/window-average.js';

describe('the average of a window', () => {
  test('is the exact mean, halves upwards, for any size and number of frames', () => {
    const frames = fc
      .integer({ min: 1, max: 40 })
      .chain((size) => fc.array(fc.uint8Array({ minLength: size, maxLength: size }), { minLength: 1, maxLength: 40 }));
    fc.assert(
      fc.property(frames, (list) => {
        const average = new WindowAverage(list[0]!.length);
        list.forEach((frame, n) => {
          const buffer = average.buffers[n % 2]!;
          buffer.set(frame);
          average.add(n % 3 === 0 ? frame : buffer);
        });
        const sums = Array.from(list[0]!, (_, i) => list.reduce((sum, frame) => sum + frame[i]!, 0));
        // Sums and counts are small integers, so the quotient rounds as the true one does; halves are exact.
        expect([...average.take()]).toEqual(sums.map((sum) => Math.floor(sum / list.length + 0.5)));
      }),
    );
  });

  test('does not overflow in windows of many frames, and starts anew after each', () => {
    const average = new WindowAverage(6);
    const bright = Uint8Array.of(255, 255, 255, 255, 255, 254);
    for (const count of [256, 257, 258, 514, 515, 1000, 1]) {
      for (let i = 0; i < count; i++) average.add(bright);
      expect(average.frames).toBe(count);
      expect([...average.take()]).toEqual([...bright]);
    }
  });

  test('is exact in windows of many frames, with sums of more than 16 bits', () => {
    const size = 17;
    const average = new WindowAverage(size);
    for (const count of [300, 3, 700]) {
      const sums = new Array<number>(size).fill(0);
      for (let n = 0; n < count; n++) {
        const frame = Uint8Array.from(sums, (_, i) => (n * (i + 7) + i * 31) % 256);
        frame.forEach((value, i) => {
          sums[i]! += value;
        });
        average.add(frame);
      }
      expect([...average.take()]).toEqual(sums.map((sum) => Math.floor(sum / count + 0.5)));
    }
  });
});
