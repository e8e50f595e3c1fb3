import type { Xoshiro128 } from './xoshiro.js';

/** One unit in the last place of single precision, relative to the number: 2^-23 at most, half of that at least. */
const UNIT = 2 ** -23;

/**
 * Moves every value, at random, by one unit in its last place up or down, or leaves it: each with a probability of a third.
 * 0, NaN and infinities stay.
 */
export function moveLastDigits(values: Float32Array, random: Xoshiro128): void {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < values.length; i++) {
    const step = (random.next() % 3) - 1;
    if (values[i] !== 0 && Number.isFinite(values[i])) bits[i]! += step;
  }
}

/** The same for a number in double precision, as far as it would be in single precision: by 1.2e-7 of itself. */
export function moveSeventhDigit(value: number, random: Xoshiro128): number {
  const step = (random.next() % 3) - 1;
  return value + step * UNIT * value;
}
