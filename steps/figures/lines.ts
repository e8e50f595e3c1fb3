import { textWidth } from './font-metrics.js';
import { type Drawing, element, fontSize, ink, label, line, number } from './svg.js';
import { ticks, tickText } from './ticks.js';

export interface Line {
  readonly name: string;
  /** Where it is sampled, in the units of the x axis, rising. */
  readonly x: ArrayLike<number>;
  /** NaN breaks the line. */
  readonly y: ArrayLike<number>;
  readonly color: string;
  /** pt. Default 1. */
  readonly thickness?: number;
  readonly dash?: string;
  /** Half width of a band around the line, for example the standard error of the mean. */
  readonly band?: ArrayLike<number>;
}

export interface Marker {
  readonly x: number;
  readonly y: number;
  /** Written above the marker, for example the number of the peak. */
  readonly text: string;
}

export interface LineChart {
  readonly lines: readonly Line[];
  readonly xTitle: string;
  readonly yTitle: string;
  /** pt, legend and axes included. */
  readonly width: number;
  /** Height of the plot itself, pt. */
  readonly plotHeight: number;
  /** Space for names and numbers left of the plot, and right of it, pt; to align charts under each other. */
  readonly left?: number;
  readonly right?: number;
  readonly markers?: readonly Marker[];
  readonly markerColor?: string;
}

/** Colours that people with any common form of colour blindness tell apart (Okabe and Ito 2008), most distinct first; black is for the data. */
export const lineColors = ['#000000', '#d55e00', '#0072b2', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'] as const;

/** pt */
const LEFT = 30;
const LEGEND = 12;

/** Lines over a common x axis, with a legend above, marked points, and bands of uncertainty. */
export function lineChart(chart: LineChart): Drawing {
  const { lines, width, plotHeight, markers = [], left = LEFT, right = 4 } = chart;
  const legend = legendRows(lines, left, width);
  const top = legend.rows * LEGEND + (markers.length ? 10 : 3);
  const plotWidth = width - left - right;
  const [x0, x1] = extent(lines.flatMap((l) => Array.from(l.x)));
  const reach = (l: Line) => Array.from(l.y, (v, i) => [v - (l.band?.[i] ?? 0), v + (l.band?.[i] ?? 0)]).flat();
  const [y0, y1] = padded(extent(lines.flatMap(reach)));
  const yMarks = ticks(y0, y1, plotHeight / 16);
  const xAt = (value: number) => left + ((value - x0) / (x1 - x0)) * plotWidth;
  const yAt = (value: number) => top + (1 - (value - y0) / (y1 - y0)) * plotHeight;
  const xMarks = ticks(x0, x1, plotWidth / 55);
  const base = top + plotHeight;
  const parts = [
    ...legend.parts,
    ...yMarks.map((m) => line(left, yAt(m), left + plotWidth, yAt(m), { stroke: ink.faint })),
    ...yMarks.map((m) =>
      label(left - 4, yAt(m), tickText(m, yMarks[1]! - yMarks[0]! || 1), { anchor: 'end', vertical: 'middle' }),
    ),
    ...xMarks.map((m) => line(xAt(m), base, xAt(m), base + 2.5)),
    ...xMarks.map((m) => label(xAt(m), base + 10, tickText(m, xMarks[1]! - xMarks[0]! || 1), { anchor: 'middle' })),
    ...markers.map((m) =>
      line(xAt(m.x), yAt(m.y) - 2, xAt(m.x), base, {
        stroke: chart.markerColor ?? ink.soft,
        'stroke-dasharray': '2 2',
      }),
    ),
    ...lines.filter((l) => l.band).map((l) => band(l, xAt, yAt)),
    // The first line lies on top.
    ...[...lines].reverse().map((l) => polyline(l, xAt, yAt)),
    line(left, base, left + plotWidth, base),
    line(left, top, left, base),
    ...markers.map((m) => marker(xAt(m.x), yAt(m.y), m.text, chart.markerColor ?? ink.text)),
    label(left - 30 + fontSize.label, top + plotHeight / 2, chart.yTitle, {
      size: fontSize.label,
      anchor: 'middle',
      rotate: -90,
    }),
    label(left + plotWidth / 2, base + 20, chart.xTitle, { size: fontSize.label, anchor: 'middle' }),
  ];
  return { width, height: base + (chart.xTitle ? 23 : 11), body: parts.join('') };
}

function marker(x: number, y: number, text: string, color: string): string {
  const triangle = `M${number(x)} ${number(y - 1.5)}l-2.6 -4.4h5.2z`;
  const style = { anchor: 'middle', bold: true, size: fontSize.tick, halo: '#ffffff' } as const;
  return element('path', { d: triangle, fill: color, class: 'peak' }) + label(x, y - 7.5, text, style);
}

function polyline(data: Line, xAt: (v: number) => number, yAt: (v: number) => number): string {
  let path = '';
  for (let i = 0, pen = false; i < data.y.length; i++) {
    const y = data.y[i]!;
    if (Number.isNaN(y)) pen = false;
    else {
      path += `${pen ? 'L' : 'M'}${number(xAt(data.x[i]!))} ${number(yAt(y))}`;
      pen = true;
    }
  }
  return element('path', {
    d: path || 'M0 0',
    fill: 'none',
    stroke: data.color,
    'stroke-width': data.thickness ?? 1,
    'stroke-dasharray': data.dash,
    'stroke-linejoin': 'round',
  });
}

function band(data: Line, xAt: (v: number) => number, yAt: (v: number) => number): string {
  const known = Array.from(data.y, (_, i) => i).filter((i) => Number.isFinite(data.y[i]! + data.band![i]!));
  const point = (sign: number) => (i: number) =>
    `${number(xAt(data.x[i]!))} ${number(yAt(data.y[i]! + sign * data.band![i]!))}`;
  if (known.length < 2) return '';
  const outline = [...known.map(point(1)), ...known.reverse().map(point(-1))];
  return element('path', { d: `M${outline.join('L')}Z`, fill: data.color, 'fill-opacity': 0.18 });
}

function legendRows(lines: readonly Line[], left: number, width: number): { rows: number; parts: string[] } {
  let [x, row] = [left, 0];
  const parts = lines.map((l) => {
    const wide = 18 + textWidth(l.name, fontSize.tick);
    if (x + wide > width && x > left) [x, row] = [left, row + 1];
    const y = row * LEGEND + LEGEND / 2;
    const key = { stroke: l.color, 'stroke-width': Math.max(1.2, l.thickness ?? 1), 'stroke-dasharray': l.dash };
    const part = line(x, y, x + 14, y, key) + label(x + 18, y, l.name, { vertical: 'middle' });
    x += wide + 12;
    return part;
  });
  return { rows: row + 1, parts };
}

function extent(values: readonly number[]): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (!Number.isFinite(low)) return [0, 1];
  return high > low ? [low, high] : [low - 0.5, high + 0.5];
}

function padded([low, high]: [number, number]): [number, number] {
  const pad = 0.06 * (high - low);
  return [low - pad, high + pad];
}
