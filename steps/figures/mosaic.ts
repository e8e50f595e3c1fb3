import { colorbar } from './colorbar.js';
import { fitText, textWidth } from './font-metrics.js';
import { pngUri } from './raster.js';
import {
  backgroundRaster,
  type Coloring,
  edgeLetters,
  mapRaster,
  type SliceView,
  sliceMm,
  type Volume,
} from './slices.js';
import { type Drawing, element, fontSize, ink, label, place, rectangle } from './svg.js';

export interface MosaicRow {
  /** For example the layer. */
  readonly title: string;
  /** In grey after the title, for example the number of kernels. */
  readonly detail?: string;
  readonly volume: Volume;
}

export interface MosaicOptions {
  readonly view: SliceView;
  /** Slices of the view, the same in every row so that they can be compared. */
  readonly slices: readonly number[];
  readonly background: Volume;
  /** Values of the background drawn black and white. */
  readonly range: readonly [number, number];
  readonly coloring: Coloring;
  /** Title of the colour bar, with units. */
  readonly scale: string;
  /** Width of the whole drawing, pt. */
  readonly width: number;
  /** Widest panel, pt. Default 200. */
  readonly widest?: number;
  /** No colour bar: for regions, which have one colour. */
  readonly bare?: boolean;
}

const PANEL_GAP = 1.5;
const GROUP_GAP = 14;
const TITLE = 12;
const MM = 9;
/** Largest and smallest panel, pt. */
const PANEL = { most: 200, least: 45 } as const;

/**
 * Maps over a background: a row of slices per map, several rows side by side where slices
 * are few; one colour bar for all. No wider than asked, narrower where panels reach their largest size.
 */
export function mosaic(rows: readonly MosaicRow[], options: MosaicOptions): Drawing {
  const { view, slices, width } = options;
  const barSpace = options.bare ? 0 : colorbar(options.coloring, 60, options.scale).width + 12; // widest when lowest
  const { perLine, panel } = arrange(rows.length, slices.length, width - barSpace, options.widest ?? PANEL.most);
  const panelHeight = (panel * view.heightMm) / view.widthMm;
  const groupWidth = slices.length * (panel + PANEL_GAP) - PANEL_GAP;
  const groupHeight = TITLE + panelHeight + MM;
  const lines = Math.ceil(rows.length / perLine);
  const height = lines * (groupHeight + 5) - 5;
  const backgrounds = slices.map((slice) => pngUri(backgroundRaster(view, slice, options.background, options.range)));
  const groups = rows.map((row, n) => {
    const drawing = group(row, backgrounds, panel, panelHeight, options);
    return place((n % perLine) * (groupWidth + GROUP_GAP), Math.floor(n / perLine) * (groupHeight + 5), {
      width: groupWidth,
      height: groupHeight,
      body: drawing,
    });
  });
  const used = perLine * (groupWidth + GROUP_GAP) - GROUP_GAP;
  if (options.bare) return { width: used, height, body: groups.join('') };
  const barHeight = Math.max(60, Math.min(150, height - TITLE - MM));
  const bar = colorbar(options.coloring, barHeight, options.scale);
  const barY = Math.max(0, TITLE + (height - TITLE - MM - bar.height) / 2);
  const body = groups.join('') + place(used + 12, barY, bar);
  return { width: used + 12 + bar.width, height: Math.max(height, barY + bar.height), body };
}

/** Groups per line and panel width: as many side by side as bring the panels nearest to a goal that is larger where slices are few. */
function arrange(
  groups: number,
  slices: number,
  available: number,
  widest: number,
): { perLine: number; panel: number } {
  const panelOf = (perLine: number) =>
    Math.min(widest, ((available + GROUP_GAP) / perLine - GROUP_GAP + PANEL_GAP) / slices - PANEL_GAP);
  const fits = Array.from({ length: groups }, (_, i) => i + 1).filter((n) => n === 1 || panelOf(n) >= PANEL.least);
  const off = (n: number) => Math.abs(Math.log(panelOf(n) / (68 + 70 / slices)));
  const perLine = fits.reduce((a, b) => (off(b) < off(a) ? b : a));
  return { perLine, panel: panelOf(perLine) };
}

function group(
  row: MosaicRow,
  backgrounds: readonly string[],
  panel: number,
  panelHeight: number,
  { view, slices, coloring }: MosaicOptions,
): string {
  const width = slices.length * (panel + PANEL_GAP) - PANEL_GAP;
  const title = fitText(row.title, width, fontSize.label, true);
  const titleWidth = textWidth(title, fontSize.label, true);
  const detail = row.detail && titleWidth + 6 + textWidth(row.detail, fontSize.tick) <= width ? row.detail : undefined;
  const panels = slices.map((slice, n) => {
    const x = n * (panel + PANEL_GAP);
    const size = { x, y: TITLE, width: panel, height: panelHeight, preserveAspectRatio: 'none' };
    const map = pngUri(mapRaster(view, slice, row.volume, coloring));
    const [left, right] = edgeLetters[view.plane];
    const edge = (at: number, letter: string, anchor: 'start' | 'end') =>
      label(at, TITLE + fontSize.tick + 1, letter, { fill: '#ffffff', anchor, halo: '#000000' });
    return [
      rectangle(x, TITLE, panel, panelHeight, { fill: '#000000' }),
      element('image', { ...size, href: backgrounds[n]! }),
      element('image', { ...size, href: map, 'image-rendering': 'optimizeSpeed', class: 'map' }),
      n === 0 ? edge(x + 2.5, left, 'start') + edge(x + panel - 2.5, right, 'end') : '',
      label(x + panel / 2, TITLE + panelHeight + 7.5, mmLabel(view, slice, panel), { anchor: 'middle' }),
    ].join('');
  });
  return [
    label(0, TITLE - 4, title, { size: fontSize.label, bold: true }),
    detail ? label(titleWidth + 6, TITLE - 4, detail, { fill: ink.soft }) : '',
    ...panels,
  ].join('');
}

/** `z = −12 mm`; shorter where a panel is narrow. */
function mmLabel(view: SliceView, slice: number, width = Infinity): string {
  const mm = sliceMm(view, slice);
  const rounded = Math.round(mm * 10) / 10 + 0;
  const digits = String(rounded).replace('-', '−');
  const long = `${view.letter} = ${digits} mm`;
  return textWidth(long, fontSize.tick) <= width ? long : `${view.letter} ${digits}`;
}
