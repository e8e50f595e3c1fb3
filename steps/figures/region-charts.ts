import type { Artifact } from '../../artifacts/artifact.js';
import type { ReversalPeak, ReversalRegion } from '../../artifacts/reversal-data.js';
import { numericColumn, type Table } from '../../artifacts/table.js';
import type { Sheet } from './figure.js';
import { lineChart, lineColors } from './lines.js';
import { namesWidth, seriesPanels } from './series-panels.js';
import type { Drawing } from './svg.js';
import { valueText } from './ticks.js';

/** Space right of the plots for the scale bar, and least space left of them, pt. */
const RIGHT = 26;
const LEFT = 46;
const PEAK = '#7a3d00';

export interface RegionCharts {
  readonly drawings: readonly Drawing[];
  /** Where the plots begin, pt: what comes below them lines up. */
  readonly left: number;
  readonly notes: readonly string[];
}

/** The region's BOLD series with its peaks, and below it, on the same time axis, its kernels' series with the moments before the peaks. */
export function regionCharts(
  region: ReversalRegion,
  kernels: readonly string[],
  series: Table,
  { meta }: Artifact,
  sheet: Sheet,
): RegionCharts {
  const time = numericColumn(series, 'time', 'series.tsv');
  const mean = numericColumn(series, `region:${region.name}`, 'series.tsv');
  const delay = Number(meta.delay);
  const own = kernels
    .filter((kernel) => series.columns.includes(`kernel:${kernel}`))
    .map((name, n) => ({ name, y: numericColumn(series, `kernel:${name}`, 'series.tsv'), color: lineColors[1 + n]! }));
  const left = Math.max(LEFT, namesWidth(kernels));
  const cleaned = meta.signal === 'residualised' ? ' without nuisance' : '';
  const who = region.subjects === 1 ? '1 subject' : `mean of ${region.subjects} subjects`;
  // The spread is that of what was averaged: on the scale of the mean only when the mean was not standardised again.
  const spread =
    meta.standardise === 'subjects' && region.subjects > 1
      ? numericColumn(series, `spread:${region.name}`, 'series.tsv')
      : undefined;
  const band = spread?.map((sd) => sd / Math.sqrt(region.subjects));
  const bold = lineChart({
    lines: [
      {
        name: `BOLD of the region${cleaned}, ${who}${band ? ' ± standard error' : ''}`,
        x: time,
        y: mean,
        color: lineColors[0],
        thickness: 1.1,
        ...(band ? { band } : {}),
      },
    ],
    xTitle: own.length ? '' : 'Time (s)',
    yTitle: 'z',
    width: sheet.width,
    plotHeight: 84,
    left,
    right: RIGHT,
    markers: region.peaks.map((peak) => ({ x: peak.time, y: peak.height, text: String(peak.number) })),
    markerColor: PEAK,
  });
  const notes = [
    `Numbered: peaks of the BOLD series${own.length ? `; below, the moments ${valueText(delay)} s earlier that the peaks are taken to respond to. Kernel series are not convolved, each as z scores.` : '.'}`,
  ];
  if (own.length === 0) return { drawings: [bold], left, notes };
  const inRange = (peak: ReversalPeak) => peak.stimulusTime >= (time[0] ?? 0);
  const below = seriesPanels(own, time, {
    width: sheet.width,
    xTitle: 'Time (s)',
    left,
    right: RIGHT,
    moments: region.peaks.filter(inRange).map((peak) => ({ x: peak.stimulusTime, text: String(peak.number) })),
    momentColor: PEAK,
  });
  return { drawings: [bold, below], left, notes };
}
