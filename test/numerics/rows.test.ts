import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rowBytes, rowMemory } from '../../numerics/row-code.js';
import { plainRows, type RowMemory } from '../../numerics/rows.js';

const special = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, 1e300, 1e-40];
const value = fc.oneof(fc.double(), fc.double({ min: -10, max: 10 }), fc.constantFrom(...special));

/** The bits, but one NaN for all: which one an operation gives is not defined. */
function bits(values: Float64Array | Float32Array): string[] {
  return Array.from(values, (one) => (Object.is(one, -0) ? '-0' : String(one)));
}

function all(memory: RowMemory, products: number[], norms: number[], inverse: number, scale: number): string[][] {
  const n = products.length;
  const filled = (values: number[]) => {
    const array = memory.float64(values.length);
    array.set(values);
    return array;
  };
  // Places begin at an odd element, as rows of an odd number of voxels do.
  const product = filled([7, ...products]);
  const norm = filled(norms);
  const [effect, se, alone, none] = [n, n, n, 0].map((length) => memory.float64(length));
  const single = [0, 1, 2, 3, 4, 5].map(() => memory.float32(n + 2).fill(3));
  const double = [0, 1].map(() => memory.float64(n + 2).fill(3));
  memory.estimate(product, 1, norm, inverse, scale, effect!, se!);
  memory.estimate(product, 1, norm, inverse, scale, alone!, none!);
  memory.place(effect!, single[0]!, 1);
  memory.place(se!, single[1]!, 1);
  memory.placeRatio(effect!, se!, single[2]!, 1);
  memory.placeAll(effect!, se!, single[3]!, single[4]!, single[5]!, 1);
  memory.place(effect!, double[0]!, 1);
  memory.placeRatio(effect!, se!, double[1]!, 1);
  const [each, eachSe, eachAlone, ratios, whitened] = [0, 1, 2, 3, 4].map(() => memory.float64(n));
  const rho = filled(norms.map((one) => one / 3));
  memory.estimateEach(product, 1, norm, rho, scale, each!, eachSe!);
  memory.estimateEach(product, 1, norm, rho, scale, eachAlone!, none!);
  memory.lagRatios(product, product, 1, norm, rho, inverse, scale, ratios!);
  memory.whiten(product, product, 1, rho, norm, whitened!);
  const [mean, squares] = [0, 1].map(() => memory.float64(n + 2).fill(3));
  memory.accumulate(effect!, 1, mean!, squares!, 1);
  memory.accumulate(se!, 1 / 2, mean!, squares!, 1);
  const rows = [each!, eachSe!, eachAlone!, ratios!, whitened!];
  return [effect!, se!, alone!, ...single, ...double, mean!, squares!, ...rows].map(bits);
}

describe('rows', () => {
  test('vector code and plain loops give the same bits, whatever the numbers and the length', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(value, value), { maxLength: 9 }),
        fc.double({ min: 1e-6, max: 1e6 }),
        fc.oneof(fc.double({ min: 1e-6, max: 1e6 }), fc.constant(Number.NaN)),
        (pairs, inverse, scale) => {
          const [products, norms] = [pairs.map(([product]) => product), pairs.map(([, norm]) => norm)];
          const fast = all(rowMemory(65536), products, norms, inverse, scale);
          expect(fast).toEqual(all(plainRows, products, norms, inverse, scale));
          // One call for three gives what three calls give, and touches nothing beside the row.
          expect(fast.slice(6, 9)).toEqual(fast.slice(3, 6));
          for (const row of fast.slice(3, 13)) expect([row[0], row.at(-1)]).toEqual(['3', '3']);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('what was released is given out again, and what does not fit is refused', () => {
    const memory = rowMemory(65536);
    const mark = memory.mark();
    const first = memory.float64(100);
    expect(memory.mark() - mark).toBe(rowBytes(100, 8));
    memory.release(mark);
    expect(memory.float64(100).byteOffset).toBe(first.byteOffset);
    expect(() => memory.float64(8192)).toThrow(RangeError);
  });
});
