import { standardise } from '../../numerics/standardise.js';
import { textWidth } from './font-metrics.js';
import { type Drawing, element, fontSize, ink, label, line, number } from './svg.js';
import { ticks, tickText } from './ticks.js';

export interface NamedSeries {
  readonly name: string;
  readonly y: ArrayLike<number>;
}

/** pt per series */
const ROW = 22;

/** Series under each other on one time axis, each as z scores on the same scale (drawn from −3 to 3, higher peaks run over). */
export function seriesPanels(
  series: readonly NamedSeries[],
  time: ArrayLike<number>,
  { width, xTitle, yTitle }: { width: number; xTitle: string; yTitle: string },
): Drawing {
  const left = Math.max(...series.map((s) => textWidth(s.name, fontSize.tick))) + 8;
  const plot = width - left - 26;
  const [first, last] = [time[0] ?? 0, time[time.length - 1] ?? 1];
  const xAt = (t: number) => left + (last > first ? (t - first) / (last - first) : 0.5) * plot;
  const top = 6;
  const base = top + series.length * ROW;
  const marks = ticks(first, last, plot / 55);
  const step = marks.length > 1 ? marks[1]! - marks[0]! : 1;
  const rows = series.flatMap((s, n) => {
    const middle = top + (n + 0.5) * ROW;
    const path = Array.from(
      standardise(s.y),
      (z, i) => `${i ? 'L' : 'M'}${number(xAt(time[i]!))} ${number(middle - (z / 6) * ROW)}`,
    );
    return [
      line(left, middle, left + plot, middle, { stroke: ink.faint }),
      element('path', {
        d: path.join(''),
        fill: 'none',
        stroke: '#0072b2',
        'stroke-width': 0.8,
        'stroke-linejoin': 'round',
      }),
      label(left - 5, middle, s.name, { anchor: 'end', vertical: 'middle' }),
    ];
  });
  // A scale of 3 standard deviations at the right of the first row.
  const bar = left + plot + 6;
  const parts = [
    ...rows,
    line(bar, top + ROW / 2, bar, top, { stroke: ink.text, 'stroke-width': 0.8 }),
    label(bar + 3, top + ROW / 4, `3 ${yTitle}`, { vertical: 'middle' }),
    line(left, base, left + plot, base),
    ...marks.map(
      (m) => line(xAt(m), base, xAt(m), base + 2.5) + label(xAt(m), base + 10, tickText(m, step), { anchor: 'middle' }),
    ),
    label(left + plot / 2, base + 20, xTitle, { size: fontSize.label, anchor: 'middle' }),
  ];
  return { width, height: base + 23, body: parts.join('') };
}
