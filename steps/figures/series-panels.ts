import { standardise } from '../../numerics/standardise.js';
import { textWidth } from './font-metrics.js';
import { type Drawing, element, fontSize, ink, label, line, number } from './svg.js';
import { ticks, tickText } from './ticks.js';

export interface NamedSeries {
  readonly name: string;
  /** NaN breaks the line. */
  readonly y: ArrayLike<number>;
  /** Default blue. */
  readonly color?: string;
}

export interface PanelOptions {
  readonly width: number;
  readonly xTitle: string;
  /** Space for the names, and right of the plot, pt. Default: as much as they need. */
  readonly left?: number;
  readonly right?: number;
  /** Moments marked across all series, with a text above. */
  readonly moments?: readonly { readonly x: number; readonly text: string }[];
  readonly momentColor?: string;
}

/** pt per series */
const ROW = 22;
/** Length of the scale bar, standard deviations. */
const BAR = 3;
/** A row reaches so far from its middle at most, standard deviations; what is beyond runs into the next row. */
const MOST = 6;

/** Width that the names need, pt. */
export function namesWidth(names: readonly string[]): number {
  return Math.max(0, ...names.map((name) => textWidth(name, fontSize.tick))) + 8;
}

/** Series under each other on one time axis, each as z scores, all on one scale, with a bar for that scale. */
export function seriesPanels(
  series: readonly NamedSeries[],
  time: ArrayLike<number>,
  { width, xTitle, moments = [], ...options }: PanelOptions,
): Drawing {
  const left = options.left ?? namesWidth(series.map(({ name }) => name));
  const plot = width - left - (options.right ?? 26);
  const [first, last] = [time[0] ?? 0, time[time.length - 1] ?? 1];
  const xAt = (t: number) => left + (last > first ? (t - first) / (last - first) : 0.5) * plot;
  const top = moments.length > 0 ? 12 : 6;
  const base = top + series.length * ROW;
  const marks = ticks(first, last, plot / 55);
  const step = marks.length > 1 ? marks[1]! - marks[0]! : 1;
  const color = options.momentColor ?? ink.soft;
  const dash = { stroke: color, 'stroke-dasharray': '2 2' };
  const scores = series.map((s) => zScores(s.y));
  const highest = Math.max(0, ...scores.flatMap((z) => Array.from(z, (value) => Math.abs(value) || 0)));
  const pointsPerSd = ROW / 2 / Math.max(BAR, Math.min(MOST, highest));
  const bar = left + plot + 6;
  const parts = [
    ...moments.map((m) => line(xAt(m.x), top - 2, xAt(m.x), base, dash)),
    ...moments.map((m) => label(xAt(m.x), top - 4, m.text, { anchor: 'middle', bold: true })),
    ...series.map((s, n) => row(s, n, xAt)),
    line(bar, top + ROW / 2, bar, top + ROW / 2 - BAR * pointsPerSd, { stroke: ink.text, 'stroke-width': 0.8 }),
    label(bar + 3, top + ROW / 2 - (BAR / 2) * pointsPerSd, `${BAR} z`, { vertical: 'middle' }),
    line(left, base, left + plot, base),
    ...marks.map((m) => line(xAt(m), base, xAt(m), base + 2.5)),
    ...marks.map((m) => label(xAt(m), base + 10, tickText(m, step), { anchor: 'middle' })),
    label(left + plot / 2, base + 20, xTitle, { size: fontSize.label, anchor: 'middle' }),
  ];
  return { width, height: base + 23, body: parts.join('') };

  function row(s: NamedSeries, n: number, at: (t: number) => number): string {
    const middle = top + (n + 0.5) * ROW;
    const z = scores[n]!;
    const yAt = (value: number) => middle - value * pointsPerSd;
    return [
      line(left, middle, left + plot, middle, { stroke: ink.faint }),
      element('path', {
        d: pathOf(z, (i) => `${number(at(time[i]!))} ${number(yAt(z[i]!))}`),
        fill: 'none',
        stroke: s.color ?? '#0072b2',
        'stroke-width': 0.8,
        'stroke-linejoin': 'round',
      }),
      label(left - 5, middle, s.name, { anchor: 'end', vertical: 'middle' }),
    ].join('');
  }
}

/** z scores over the known values; NaN stays. */
function zScores(y: ArrayLike<number>): Float64Array {
  const values = Float64Array.from(y);
  const z = standardise(values.filter((value) => !Number.isNaN(value)));
  let next = 0;
  return values.map((value) => (Number.isNaN(value) ? value : z[next++]!));
}

function pathOf(values: Float64Array, point: (i: number) => string): string {
  let path = '';
  values.forEach((value, i) => {
    if (!Number.isNaN(value)) path += `${i > 0 && !Number.isNaN(values[i - 1]!) ? 'L' : 'M'}${point(i)}`;
  });
  return path || 'M0 0';
}
