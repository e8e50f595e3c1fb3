import path from 'node:path';
import { Resvg } from '@resvg/resvg-js';
import { decode, encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { makeGrid, mmToVoxel, toMm } from '../../artifacts/grid.js';
import { run as thumbnail } from '../../numerics/png-thumbnail.js';
import { fitText, textWidth, wrapText } from '../../steps/figures/font-metrics.js';
import { orientationOf } from '../../steps/figures/orientation.js';
import { chooseSlices, greyRange, offsetOf, sliceMm, sliceNearest, sliceView } from '../../steps/figures/slices.js';
import { escapeText, number } from '../../steps/figures/svg.js';
import { ticks, tickText, valueText } from '../../steps/figures/ticks.js';
import { root } from '../support/shared.js';

describe('orientation of an image', () => {
  it('finds the voxel axis and direction of each anatomical axis', () => {
    // Stored as (inferior to superior, anterior to posterior, right to left).
    const grid = makeGrid([10, 20, 30], [0, 0, -2, 40, 0, -3, 0, 50, 4, 0, 0, -60, 0, 0, 0, 1], 1);
    expect(orientationOf(grid)).toEqual({ voxelAxis: [2, 1, 0], sign: [-1, -1, 1], obliqueDegrees: 0 });
    const view = sliceView(grid, 'axial');
    expect([view.slices, view.columns, view.rows]).toEqual([10, 30, 20]);
    expect([view.widthMm, view.heightMm]).toEqual([60, 60]);
    // The left-most column of the lowest slice is the last voxel of the third axis: x = 40 - 2 * 29 mm.
    expect(toMm(grid, view.voxel(0, 0, 0))).toEqual([-18, 50, -60]);
    expect(offsetOf(view, 0, 0, 0)).toBe(10 * (20 * 29));
    expect([sliceMm(view, 0), sliceMm(view, 9), sliceNearest(view, -49)]).toEqual([-60, -24, 3]);
  });

  it('measures how oblique it is, and goes from mm to voxels and back', () => {
    const angle = Math.PI / 12;
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    const grid = makeGrid([4, 4, 4], [3, 0, 0, 1, 0, 3 * c, -3 * s, 2, 0, 3 * s, 3 * c, 3, 0, 0, 0, 1], 1);
    expect(orientationOf(grid).obliqueDegrees).toBeCloseTo(15, 10);
    const back = mmToVoxel(grid)(toMm(grid, [1, 2.5, 3]));
    // A 3 x 3 inverse in double precision.
    for (const [axis, value] of [1, 2.5, 3].entries()) expect(back[axis]).toBeCloseTo(value, 12);
  });
});

describe('choice of slices', () => {
  const grid = makeGrid([2, 2, 10], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], 1);
  const view = sliceView(grid, 'axial');
  const weights = (perSlice: readonly number[]) => perSlice.flatMap((w) => [w, 0, 0, Number.NaN]);

  it('takes slices that show something, each once, in order', () => {
    expect(chooseSlices(view, weights([0, 0, 5, 0, 0, 0, 0, 3, 0, 0]), 2)).toEqual([2, 7]);
    expect(chooseSlices(view, weights([0, 0, 5, 0, 0, 0, 0, 3, 0, 0]), 6)).toEqual([2, 7]);
    expect(chooseSlices(view, weights([0, 900, 1, 1, 1, 0, 0, 0, 0, 0]), 3)).toEqual([1, 2, 3]);
  });

  it('spreads them evenly where nothing is to be seen, and never takes more than there are', () => {
    expect(chooseSlices(view, weights(Array(10).fill(0)), 5)).toEqual([0, 2, 4, 6, 8]);
    expect(chooseSlices(view, weights(Array(10).fill(1)), 99)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('draws the background from 0 to above its bright end', () => {
    const values = Array.from({ length: 101 }, (_, i) => i);
    // Without the 0: values 1 to 100; the 98th percentile is the 98th of 99 steps.
    expect(greyRange(values)).toEqual([0, 1.25 * 98]);
    expect(greyRange([Number.NaN, 0])).toEqual([0, 1]);
  });
});

describe('text of figures', () => {
  it('has the widths of the font', () => {
    const font = {
      loadSystemFonts: false,
      fontFiles: [path.join(root, 'node_modules/dejavu-fonts-ttf/ttf/DejaVuSans.ttf')],
    };
    const drawn = (content: string) => {
      const text = `<text x="0" y="50" font-size="10" font-family="DejaVu Sans">${escapeText(content)}</text>`;
      return new Resvg(`<svg xmlns="http://www.w3.org/2000/svg" width="900" height="99">${text}</svg>`, {
        font,
      }).getBBox()!.width;
    };
    for (const character of ['0', 'c', 'k', '/', '_', 'W', 'm', '.', '=', '~']) {
      // Ten more of a character make the line ten advances wider, whatever its side bearings are. Widths are whole thousandths.
      const advance = (drawn(character.repeat(11)) - drawn(character)) / 10;
      expect(Math.abs(textWidth(character, 10) - advance), character).toBeLessThan(0.01);
    }
  });

  it('is wrapped at spaces and shortened with an ellipsis', () => {
    expect(wrapText('one two three', textWidth('one two', 10), 10)).toEqual(['one two', 'three']);
    expect(wrapText('', 50, 10)).toEqual([]);
    expect(fitText('conv5_3/k276', 1000, 10)).toBe('conv5_3/k276');
    const short = fitText('conv5_3/k276', 40, 10);
    expect(short.endsWith('…')).toBe(true);
    expect(textWidth(short, 10)).toBeLessThanOrEqual(40);
  });

  it('escapes markup and never writes a number that is none', () => {
    expect(escapeText('a<b & "c"\u0007')).toBe('a&lt;b &amp; &quot;c&quot;');
    expect([number(1.005), number(-0.001), number(12)]).toEqual(['1', '0', '12']);
    expect(() => number(Number.NaN)).toThrow('NaN');
  });
});

describe('scales', () => {
  it('have round numbers inside the range', () => {
    expect(ticks(0, 1, 4)).toEqual([0, 0.5, 1]);
    expect(ticks(0, 81, 4)).toEqual([0, 20, 40, 60, 80]);
    expect(ticks(-2.3, 2.1, 4)).toEqual([-2, -1, 0, 1, 2]);
    expect(ticks(3, 3, 4)).toEqual([3]);
  });

  it('are written with a minus sign and the decimals that the step needs', () => {
    expect([tickText(-0.05, 0.05), tickText(20, 20), tickText(0.1, 0.05), tickText(-0, 1)]).toEqual([
      '−0.05',
      '20',
      '0.10',
      '0',
    ]);
    expect([valueText(0.788999), valueText(-17.72), valueText(0), valueText(0.00012)]).toEqual([
      '0.789',
      '−17.7',
      '0',
      '1.2e−4',
    ]);
  });
});

describe('thumbnails', () => {
  it('are means over the areas that their pixels stand for', () => {
    // 4 x 2 grey pixels to 2 x 1: means of 2 x 2.
    const data = Uint8Array.of(0, 10, 100, 104, 20, 30, 200, 196);
    const png = encode({ width: 4, height: 2, data, channels: 1, depth: 8 });
    const small = thumbnail({ png, width: 2 });
    expect([small.width, small.height]).toEqual([2, 1]);
    expect([...decode(small.png).data]).toEqual([15, 15, 15, 150, 150, 150]);
    expect(thumbnail({ png, width: 99 }).width).toBe(4);
  });

  it('take the colours of a palette', () => {
    const palette = [
      [10, 20, 30],
      [30, 60, 90],
    ];
    const png = encode({ width: 2, height: 1, data: Uint8Array.of(0, 1), channels: 1, depth: 8, palette });
    expect([...decode(thumbnail({ png, width: 2 }).png).data]).toEqual([10, 20, 30, 30, 60, 90]);
    expect([...decode(thumbnail({ png, width: 1 }).png).data]).toEqual([20, 40, 60]);
  });
});
