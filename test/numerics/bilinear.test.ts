import fc from 'fast-check';
import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { resizeBilinear } from '../../numerics/bilinear.js';
import { run as drawFeature } from '../../numerics/feature-picture.js';

describe('bilinear resizing', () => {
  it('puts cell centres where they belong and holds the outermost values', () => {
    const out = resizeBilinear(Float32Array.of(0, 4), { width: 2, height: 1 }, { width: 4, height: 1 });
    expect([...out]).toEqual([0, 1, 3, 4]);
    const down = resizeBilinear(Float32Array.of(0, 4, 8, 12), { width: 2, height: 2 }, { width: 1, height: 1 });
    expect([...down]).toEqual([6]);
  });

  it('leaves a map of the same size as it is and never leaves the range of the map', () => {
    const map = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 12, maxLength: 12 });
    const size = fc.record({ width: fc.integer({ min: 1, max: 9 }), height: fc.integer({ min: 1, max: 9 }) });
    fc.assert(
      fc.property(map, size, (values, to) => {
        const data = Float32Array.from(values);
        const from = { width: 4, height: 3 };
        expect(resizeBilinear(data, from, from)).toEqual(data);
        const out = resizeBilinear(data, from, to);
        // Float32 rounding of an interpolated value.
        expect(Math.max(...out)).toBeLessThanOrEqual(Math.max(...values) + 1e-6);
        expect(Math.min(...out)).toBeGreaterThanOrEqual(Math.min(...values) - 1e-6);
      }),
    );
  });
});

describe('pictures of feature maps', () => {
  const colors = Uint8Array.from({ length: 768 }, (_, n) => Math.floor(n / 3));
  const frame = new Uint8Array(4 * 3).fill(100);
  const draw = (map: number[], overlayShare = 0.5) =>
    drawFeature({
      map: Float32Array.from(map),
      mapWidth: 2,
      mapHeight: 2,
      frame,
      width: 2,
      height: 2,
      colors,
      overlayShare,
      opacity: 0.6,
      text: { Description: 'a map' },
    });

  it('colours from 0 to the maximum and lays the highest values over the frame', () => {
    const { map, overlay, maximum } = draw([0, 1, 2, 4]);
    expect(maximum).toBe(4);
    const picture = decode(map);
    expect([...picture.data]).toEqual([0, 64, 128, 255]);
    expect(picture.palette).toHaveLength(256);
    expect(picture.text.Description).toBe('a map');
    const red = [...decode(overlay).data].filter((_, n) => n % 3 === 0);
    // 0.4 * 100 + 0.6 * 128 and 0.4 * 100 + 0.6 * 255
    expect(red).toEqual([100, 100, 117, 193]);
  });

  it('covers no more of the frame than the share, and only where the map is above 0', () => {
    const covered = (map: number[], share: number) => {
      const red = [...decode(draw(map, share).overlay).data].filter((_, n) => n % 3 === 0);
      return red.map((value) => value !== 100);
    };
    expect(covered([0, 1, 2, 4], 0.25)).toEqual([false, false, false, true]);
    expect(covered([0, 0, 0, 4], 0.5)).toEqual([false, false, false, true]);
    expect(covered([0, 1, 2, 4], 0)).toEqual([false, false, false, false]);
    expect(covered([0, 1, 2, 4], 1)).toEqual([false, true, true, true]);
  });

  it('draws a map without a positive value in the lowest colour and leaves the frame bare', () => {
    const { map, overlay, maximum } = draw([0, -1, 0, -2], 1);
    expect(maximum).toBe(0);
    expect([...decode(map).data]).toEqual([0, 0, 0, 0]);
    expect([...decode(overlay).data]).toEqual([...frame]);
  });
});
