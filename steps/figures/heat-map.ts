import { colorbar } from './colorbar.js';
import { colorOf, lut } from './colormaps.js';
import { textWidth } from './font-metrics.js';
import type { Coloring } from './slices.js';
import { type Drawing, fontSize, hex, ink, label, place, rectangle } from './svg.js';

export interface HeatMap {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** [row, column]; NaN is drawn white with a dash. */
  readonly values: ArrayLike<number>;
  readonly coloring: Coloring;
  /** Title of the colour bar. */
  readonly scale: string;
  /** Cells with a frame, [row, column]. */
  readonly marked?: readonly (readonly [number, number])[];
}

/** Largest cell of a large and a small matrix, and the smallest in which a number such as `−0.05` fits, pt. */
const CELL = { most: 26, ofFew: 40, number: 19 } as const;

/** A matrix as coloured cells with their numbers (two decimals, where they fit) and a colour bar. */
export function heatMap(map: HeatMap, width: number): Drawing {
  const { rows, columns, values, coloring } = map;
  const left = Math.max(...rows.map((name) => textWidth(name, fontSize.tick))) + 5;
  const bar = 46;
  const cell = Math.min(
    Math.max(CELL.most, Math.min(CELL.ofFew, 160 / columns.length)),
    (width - left - bar) / columns.length,
  );
  const below = Math.max(...columns.map((name) => textWidth(name, fontSize.tick))) + 6;
  const height = cell * rows.length;
  const table = lut(coloring.colormap);
  const parts: string[] = [];
  for (const [r] of rows.entries()) {
    for (const [c] of columns.entries()) {
      const value = values[r * columns.length + c]!;
      const rgb = Number.isNaN(value) ? ([255, 255, 255] as const) : colorOf(table, value, coloring.low, coloring.high);
      const fill = hex(rgb);
      parts.push(
        rectangle(left + c * cell, r * cell, cell, cell, {
          fill,
          stroke: '#ffffff',
          'stroke-width': 0.4,
          class: 'cell',
        }),
      );
      if (cell < CELL.number) continue;
      const light = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2] > 140;
      const text = Number.isNaN(value) ? '–' : value.toFixed(2).replace('-0.00', '0.00').replace('-', '−');
      const style = {
        size: fontSize.small,
        anchor: 'middle',
        vertical: 'middle',
        fill: light ? ink.text : '#ffffff',
      } as const;
      parts.push(label(left + (c + 0.5) * cell, (r + 0.5) * cell, text, style));
    }
  }
  for (const [r, c] of map.marked ?? []) {
    const attributes = { fill: 'none', stroke: '#000000', 'stroke-width': 1.2 };
    parts.push(rectangle(left + c * cell + 0.6, r * cell + 0.6, cell - 1.2, cell - 1.2, attributes));
  }
  rows.forEach((name, r) => {
    parts.push(label(left - 4, (r + 0.5) * cell, name, { anchor: 'end', vertical: 'middle' }));
  });
  columns.forEach((name, c) => {
    const x = left + (c + 0.5) * cell + 0.365 * fontSize.tick;
    parts.push(label(x, height + 4, name, { anchor: 'end', rotate: -90 }));
  });
  const scale = colorbar(coloring, Math.min(height - fontSize.tick, 160), map.scale);
  const x = left + columns.length * cell + 10;
  parts.push(place(x, Math.max(0, (height - scale.height) / 2), scale));
  return { width: x + scale.width, height: Math.max(height + below, scale.height), body: parts.join('') };
}
