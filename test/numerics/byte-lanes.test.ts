import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byteLanes } from '../../numerics/byte-lanes.js';

/** Sums of the values in their own order. */
const sumsOf = ({ even, odd }: ReturnType<typeof byteLanes>, length: number) =>
  Array.from({ length }, (_, i) => (i % 2 === 0 ? even[i >> 1]! : odd[i >> 1]!));

describe('sums of bytes', () => {
  test('are those of a plain loop, for any length, from their own buffers and from elsewhere', () => {
    const arrays = fc
      .integer({ min: 1, max: 70 })
      .chain((length) => fc.array(fc.uint8Array({ minLength: length, maxLength: length }), { maxLength: 12 }));
    fc.assert(
      fc.property(arrays, fc.boolean(), (list, inPlace) => {
        const length = list[0]?.length ?? 1;
        const lanes = byteLanes(length);
        list.forEach((values, n) => {
          const own = lanes.buffers[n % 2]!;
          if (inPlace) own.set(values);
          lanes.add(inPlace ? own : values);
        });
        const expected = Array.from({ length }, (_, i) => list.reduce((sum, values) => sum + values[i]!, 0));
        expect(sumsOf(lanes, length)).toEqual(expected);
        lanes.clear();
        expect(sumsOf(lanes, length)).toEqual(expected.map(() => 0));
      }),
    );
  });

  test('hold 257 arrays of the largest values, and no value reaches its neighbours', () => {
    const values = Uint8Array.from({ length: 33 }, (_, i) => (i % 3 === 0 ? 255 : i % 3));
    const lanes = byteLanes(values.length);
    for (let n = 0; n < 257; n++) lanes.add(values);
    expect(sumsOf(lanes, values.length)).toEqual([...values].map((value) => 257 * value));
  });
});
