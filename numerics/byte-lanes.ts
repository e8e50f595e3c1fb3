import { vectorCode } from './vector-code.js';

/** Sums of arrays of bytes, value by value, in 16 bits each: at most 257 arrays (257 x 255 = 65535). */
export interface ByteLanes {
  /** Two arrays of `length` bytes that are added where they lie. */
  readonly buffers: readonly [Uint8Array, Uint8Array];
  /** Sums of values 0, 2, 4, ... and 1, 3, 5, ...; after the last come a few that mean nothing. */
  readonly even: Uint16Array;
  readonly odd: Uint16Array;
  /** Adds an array; one that is not in `buffers` is copied into the first of them. */
  add(values: Uint8Array): void;
  /** Begins anew, from 0. */
  clear(): void;
}

const withCode = vectorCode({
  add: {
    reads: ['values', 'even', 'odd'],
    numbers: [],
    steps: [
      ['evenValues', 'and', 'values', 'evenBytes'],
      ['both', 'addNeighbours', 'values'],
      ['oddValues', 'sub16', 'both', 'evenValues'],
      ['evenSums', 'add16', 'even', 'evenValues'],
      ['oddSums', 'add16', 'odd', 'oddValues'],
    ],
    writes: [
      { type: 'words', value: 'evenSums' },
      { type: 'words', value: 'oddSums' },
    ],
  },
});

/**
 * Sums for arrays of `length` bytes (1 at least), sixteen bytes at a time: 0.2 to 0.3 ms for a picture of 1280 x 720, a sixth of
 * what a loop takes that adds four bytes in a 32-bit word.
 */
export function byteLanes(length: number): ByteLanes {
  const whole = Math.ceil(length / 16) * 16;
  const { buffer, code } = withCode(4 * whole);
  const [first, second] = [new Uint8Array(buffer, 0, length), new Uint8Array(buffer, whole, length)];
  const even = new Uint16Array(buffer, 2 * whole, whole / 2);
  const odd = new Uint16Array(buffer, 3 * whole, whole / 2);
  return {
    ...{ buffers: [first, second], even, odd },
    add(values) {
      const here = values.buffer === buffer ? values : first;
      if (here !== values) first.set(values);
      const { byteOffset: evenAt } = even;
      const { byteOffset: oddAt } = odd;
      code.add(here.byteOffset, evenAt, oddAt, evenAt, oddAt, whole / 8);
    },
    clear() {
      even.fill(0);
      odd.fill(0);
    },
  };
}
