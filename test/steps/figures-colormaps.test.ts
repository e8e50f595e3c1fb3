import { describe, expect, it } from 'vitest';
import { colorOf, lut, lutIndex } from '../../steps/figures/colormaps.js';

const row = (name: Parameters<typeof lut>[0], index: number) => [...lut(name).subarray(3 * index, 3 * index + 3)];

describe('colour maps', () => {
  it('viridis and inferno have the colours that their authors published', () => {
    // First, middle and last entry as commonly quoted: #440154, #21918c, #fde725; #000004, #bc3754, #fcffa4.
    expect([row('viridis', 0), row('viridis', 128), row('viridis', 255)]).toEqual([
      [68, 1, 84],
      [33, 145, 140],
      [253, 231, 37],
    ]);
    expect([row('inferno', 0), row('inferno', 128), row('inferno', 255)]).toEqual([
      [0, 0, 4],
      [188, 55, 84],
      [252, 255, 164],
    ]);
  });

  it("coolwarm agrees with Moreland's published table", () => {
    // CoolWarmFloat33.csv at 0, 1/4, 1/2, 3/4, 1, times 255. A table of 256 has no row exactly at those shares
    // (255/4 is not whole) and neighbouring rows differ by up to 3, so within 3.
    const published = [
      [59, 76, 192],
      [141, 176, 254],
      [221, 221, 221],
      [244, 154, 123],
      [180, 4, 38],
    ];
    for (const [i, expected] of published.entries()) {
      const found = row('coolwarm', Math.round((255 * i) / 4));
      for (const c of [0, 1, 2]) expect(Math.abs(found[c]! - expected[c]!)).toBeLessThanOrEqual(3);
    }
  });

  it('every table has 256 colours, and the sequential ones never get darker', () => {
    const luminance = ([r, g, b]: number[]) => 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
    for (const name of ['viridis', 'inferno', 'heat', 'grey'] as const) {
      expect(lut(name)).toHaveLength(768);
      // 8 bit rounding can take back a step of one grey level
      for (let i = 1; i < 256; i++) expect(luminance(row(name, i)) - luminance(row(name, i - 1))).toBeGreaterThan(-1);
    }
    expect(lut('coolwarm')).toHaveLength(768);
  });

  it('values outside the range take the end colours, and an empty range or NaN the first', () => {
    expect([-5, 0, 0.5, 1, 7].map((v) => lutIndex(v, 0, 1))).toEqual([0, 0, 128, 255, 255]);
    expect(lutIndex(3, 2, 2)).toBe(0);
    expect(lutIndex(Number.NaN, 0, 1)).toBe(0);
    expect(colorOf(lut('grey'), 1, 0, 1)).toEqual([255, 255, 255]);
  });
});
