import { describe, expect, test } from 'vitest';
import { Sketch, sketchDistance } from '../../numerics/sketch.js';
import { autoregressive } from '../support/fit-models.js';

const BUCKETS = 8;

function sketchOf(values: Float64Array, blocks: readonly number[] = [values.length]): Float64Array {
  const sketch = new Sketch(BUCKETS);
  let first = 0;
  for (const length of blocks) {
    sketch.add(values.subarray(first, first + length), first);
    first += length;
  }
  return sketch.sums;
}

describe('a sketch', () => {
  test('tells the distance of two vectors, with the error that theory says', () => {
    // Alon, Matias & Szegedy: the square is unbiased and its relative variance is at most 2 / buckets.
    const ratios = Array.from({ length: 200 }, (_, seed) => {
      const [a, difference] = autoregressive(2, 2000, 0.5, seed + 1) as [Float64Array, Float64Array];
      const scale = 10 ** -(seed % 5);
      const b = a.map((value, i) => value + scale * difference[i]!);
      const truth = scale ** 2 * difference.reduce((sum, value) => sum + value * value, 0);
      return sketchDistance(sketchOf(a), sketchOf(b)) ** 2 / truth;
    });
    const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
    const variance = ratios.reduce((sum, ratio) => sum + (ratio - mean) ** 2, 0) / (ratios.length - 1);
    // Four standard errors of a mean of 200 draws with that variance.
    expect(Math.abs(mean - 1)).toBeLessThan(4 * Math.sqrt(2 / BUCKETS / 200));
    expect(variance).toBeLessThan((2 / BUCKETS) * 1.5);
  });

  test('counts elements that appear or vanish', () => {
    const a = new Float64Array(5000);
    const b = a.map((_, i) => (i % 50 === 0 ? 1 : 0));
    const flips = sketchDistance(sketchOf(a), sketchOf(b)) ** 2;
    expect(flips).toBeGreaterThan(30);
    expect(flips).toBeLessThan(250);
  });

  test('is the same for a vector in pieces, and for its elements by index', () => {
    // Whole numbers add up without rounding.
    const values = Float64Array.from({ length: 1000 }, (_, i) => (i * 7919) % 101);
    const whole = sketchOf(values);
    expect(sketchOf(values, [1, 99, 900])).toEqual(whole);
    const filled = [...values.keys()].filter((i) => values[i] !== 0);
    const sparse = new Sketch(BUCKETS);
    sparse.addAt(
      Float64Array.from(filled, (i) => values[i]!),
      Float64Array.from(filled),
    );
    expect(sparse.sums).toEqual(whole);
  });

  test('uses other signs and sums beyond 2 ** 32 elements than before', () => {
    const at = (index: number) => {
      const sketch = new Sketch(BUCKETS);
      sketch.addAt(
        Float64Array.from({ length: 64 }, () => 1),
        Float64Array.from({ length: 64 }, (_, i) => index + i),
      );
      return sketch.sums.join();
    };
    expect(at(2 ** 32)).not.toBe(at(0));
    expect(at(2 ** 31)).not.toBe(at(0));
  });
});
