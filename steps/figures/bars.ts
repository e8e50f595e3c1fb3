import { type Drawing, element, fontSize, ink, label, line, place, rectangle } from './svg.js';
import { ticks, tickText } from './ticks.js';

export interface BarPanel {
  readonly title: string;
  /** Percent. */
  readonly values: readonly number[];
  readonly color: string;
  /** Shown in the top right corner of the plot. */
  readonly remark?: string;
}

export interface BarOptions {
  /** Panels per row. */
  readonly perRow: number;
  /** pt */
  readonly width: number;
  readonly xTitle: string;
  readonly yTitle: string;
}

/** Height of a plot, pt; a single row is higher, so that the title of its axis fits beside it. */
const PLOT = { many: 62, single: 96 } as const;
const TITLE = 11;
const BELOW = 12;
const LEFT = 30;
const GAP = 10;

/** Small multiples of bars with one scale for all, from 0; axis numbers at the left and under the lowest panel of a column. */
export function barPanels(panels: readonly BarPanel[], options: BarOptions): Drawing {
  const { perRow, width } = options;
  const rows = Math.ceil(panels.length / perRow);
  const plotHeight = rows > 1 ? PLOT.many : PLOT.single;
  const panelWidth = (width - LEFT - (perRow - 1) * GAP) / perRow;
  const most = Math.max(1e-9, ...panels.flatMap((p) => p.values).filter(Number.isFinite));
  const marks = ticks(0, most, 4);
  const step = marks[1] ?? most;
  const top = Math.max(most, marks.at(-1)!);
  const rowHeight = TITLE + plotHeight + 6;
  const height = rows * rowHeight + BELOW + 6;
  const parts = panels.map((panel, n) => {
    const drawing = { width: panelWidth, height: rowHeight, body: barPanel(panel, panelWidth, plotHeight, top, marks) };
    return place(LEFT + (n % perRow) * (panelWidth + GAP), Math.floor(n / perRow) * rowHeight, drawing);
  });
  for (let row = 0; row < rows; row++) {
    const base = row * rowHeight + TITLE + plotHeight;
    for (const mark of marks) {
      const y = base - (mark / top) * plotHeight;
      parts.push(label(LEFT - 4, y, tickText(mark, step), { anchor: 'end', vertical: 'middle' }));
    }
  }
  for (let column = 0; column < Math.min(perRow, panels.length); column++) {
    const lowest = Math.floor((panels.length - 1 - column) / perRow);
    const base = lowest * rowHeight + TITLE + plotHeight;
    const count = Math.max(...panels.map((p) => p.values.length));
    for (const bar of new Set([1, Math.round(count / 2), count])) {
      const x = LEFT + column * (panelWidth + GAP) + ((bar - 0.5) / count) * panelWidth;
      parts.push(label(x, base + 9, String(bar), { anchor: 'middle' }));
    }
  }
  const middle = (rows * rowHeight) / 2;
  parts.push(label(fontSize.label, middle, options.yTitle, { size: fontSize.label, anchor: 'middle', rotate: -90 }));
  parts.push(label(LEFT + (width - LEFT) / 2, height - 1, options.xTitle, { size: fontSize.label, anchor: 'middle' }));
  return { width, height, body: parts.join('') };
}

function barPanel(panel: BarPanel, width: number, plotHeight: number, top: number, marks: readonly number[]): string {
  const base = TITLE + plotHeight;
  const slot = width / Math.max(1, panel.values.length);
  const bars = panel.values.map((value, n) => {
    const height = Number.isFinite(value) ? (Math.max(0, value) / top) * plotHeight : 0;
    const attributes = { fill: panel.color, class: 'bar', 'data-value': String(value) };
    return rectangle(n * slot + 0.12 * slot, base - height, 0.76 * slot, height, attributes);
  });
  return [
    ...marks.map((m) =>
      line(0, base - (m / top) * plotHeight, width, base - (m / top) * plotHeight, { stroke: ink.faint }),
    ),
    element('g', {}, ...bars),
    line(0, base, width, base),
    label(0, TITLE - 3.5, panel.title, { size: fontSize.label, bold: true }),
    // Components fall off to the right, so the corner is free.
    panel.remark ? label(width, TITLE + 6, panel.remark, { anchor: 'end', fill: ink.soft, halo: '#ffffff' }) : '',
  ].join('');
}
