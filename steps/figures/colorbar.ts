import { lut } from './colormaps.js';
import { textWidth, wrapText } from './font-metrics.js';
import { pngUri } from './raster.js';
import type { Coloring } from './slices.js';
import { type Drawing, element, fontSize, ink, label, line, rectangle } from './svg.js';
import { ticks, valueText } from './ticks.js';

/** pt */
const BAR = 8;

/**
 * A vertical colour bar: exactly the 256 colours of the figure, its ends written with three digits, round numbers
 * between where they fit. What the threshold hides is blank. The title runs upwards beside it, in as many lines as it needs.
 */
export function colorbar(coloring: Coloring, height: number, title: string): Drawing {
  const { low, high } = coloring;
  const top = fontSize.tick / 2;
  const y = (value: number) => top + (high > low ? 1 - (value - low) / (high - low) : 1) * height;
  const ends = high > low ? [low, high] : [low];
  const clear = (value: number) => ends.every((end) => Math.abs(y(end) - y(value)) > 1.3 * fontSize.tick);
  const between = high > low ? ticks(low, high, height / 22).filter(clear) : [];
  const marks = [...ends, ...between].sort((a, b) => a - b);
  const texts = marks.map(valueText);
  const titleX = BAR + 5 + Math.max(...texts.map((t) => textWidth(t, fontSize.tick))) + fontSize.label + 1;
  const titles = wrapText(title, height, fontSize.label);
  const lineHeight = fontSize.label + 1.5;
  const parts = [
    element('image', {
      x: 0,
      y: top,
      width: BAR,
      height,
      preserveAspectRatio: 'none',
      'image-rendering': 'optimizeSpeed',
      href: scaleUri(coloring),
    }),
    rectangle(0, top, BAR, height, { fill: 'none', stroke: ink.line, 'stroke-width': 0.5 }),
    ...marks.map((m, i) => line(BAR, y(m), BAR + 2, y(m)) + label(BAR + 3.5, y(m), texts[i]!, { vertical: 'middle' })),
    ...titles.map((text, n) =>
      label(titleX + n * lineHeight, top + height / 2, text, { size: fontSize.label, anchor: 'middle', rotate: -90 }),
    ),
  ];
  return {
    width: titleX + (titles.length - 1) * lineHeight + 2,
    height: height + fontSize.tick,
    body: element('g', { class: 'colorbar', 'data-low': String(low), 'data-high': String(high) }, ...parts),
  };
}

/** The table as a picture of one column, the highest value at the top; a gradient would be mixed by the viewer. */
function scaleUri({ colormap, low, high, threshold }: Coloring): string {
  const table = lut(colormap);
  const data = new Uint8Array(256 * 4);
  for (let row = 0; row < 256; row++) {
    const index = 255 - row;
    const value = low + (index / 255) * (high - low);
    const shown = Math.abs(value) >= threshold;
    data.set(shown ? table.subarray(3 * index, 3 * index + 3) : [255, 255, 255], 4 * row);
    data[4 * row + 3] = 255;
  }
  return pngUri({ width: 1, height: 256, data });
}
