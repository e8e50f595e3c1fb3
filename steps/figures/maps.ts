import type { Artifact } from '../../artifacts/artifact.js';
import { differencesIn } from '../../artifacts/layer-differences.js';
import { readMaps } from '../../artifacts/maps.js';
import { type Mask, toVolume } from '../../artifacts/mask.js';
import type { Background } from './background.js';
import type { Figure, Sheet } from './figure.js';
import { type MosaicRow, mosaic } from './mosaic.js';
import { figurePage } from './page.js';
import { type Coloring, chooseSlices, type SliceView, sliceNearest, sliceView } from './slices.js';
import { valueText } from './ticks.js';

export interface MapChoices {
  readonly layers?: readonly string[];
  readonly plane: 'axial' | 'coronal' | 'sagittal';
  readonly slices: number;
  readonly positions?: readonly number[];
  readonly colormap: Coloring['colormap'];
  readonly max?: number;
  readonly threshold?: number;
}

interface NamedMap {
  readonly name: string;
  /** Above its slices. Default: the name. */
  readonly title?: string;
  /** By mask voxel. */
  readonly values: Float64Array;
}

/** Figures 3 and 4: slices of the layers' activation probability, and of the differences between layers. */
export async function drawProbability(
  probability: Artifact,
  background: Background,
  choices: MapChoices,
  sheet: Sheet,
): Promise<Figure[]> {
  const { mask, rows, readRows } = await readMaps(probability);
  const maps: NamedMap[] = [];
  for (const [row, { name }] of rows.entries()) {
    maps.push({ name, values: Float64Array.from(await readRows('probability', row, row + 1)) });
  }
  const pairs = differencesIn(probability.meta);
  const differences = maps
    .filter(({ name }) => pairs.has(name))
    .map((map) => ({ ...map, title: pairs.get(map.name)!.join(' − ') }));
  const layers = maps.filter(({ name }) => !pairs.has(name));
  const chosen = choices.layers?.flatMap((name) => layers.filter((map) => map.name === name)) ?? layers;
  const untrained = probability.meta.untrained === true;
  const rule = ruleText(probability.meta.of);
  const page = (title: string, list: readonly NamedMap[], signed: boolean, notes: readonly string[]) =>
    mapPage({ title, list, mask, background, choices, sheet, untrained, notes, signed });
  const figures: Figure[] = [];
  if (chosen.length > 0) {
    const notes = [`Share of a layer’s kernels whose map is significant in a voxel${rule}.`];
    figures.push({
      name: 'figure-3_probability',
      caption: `Activation probability of layers: ${chosen.map(({ name }) => name).join(', ')}.`,
      svg: page('Activation probability of the layers', chosen, false, notes),
    });
  }
  if (differences.length > 0) {
    const notes = [
      `Red: the first layer activates a voxel with a larger share of its kernels than the second; blue: with a smaller share${rule}.`,
    ];
    figures.push({
      name: 'figure-4_difference',
      caption: `Difference of activation probability between layers: ${differences.map(({ name }) => name).join(', ')}.`,
      svg: page('Difference of activation probability between layers', differences, true, notes),
    });
  }
  return figures;
}

interface MapPage {
  readonly title: string;
  readonly list: readonly NamedMap[];
  readonly mask: Mask;
  readonly background: Background;
  readonly choices: MapChoices;
  readonly sheet: Sheet;
  readonly untrained: boolean;
  readonly notes: readonly string[];
  readonly signed: boolean;
}

function mapPage({ title, list, mask, background, choices, sheet, untrained, notes, signed }: MapPage): string {
  const largest = list.reduce((most, { values }) => values.reduce((m, v) => Math.max(m, Math.abs(v) || 0), most), 0);
  const high = choices.max ?? largest;
  const threshold = choices.threshold ?? 0.05 * high;
  const coloring: Coloring = signed
    ? { colormap: 'coolwarm', low: -high, high, threshold }
    : { colormap: choices.colormap, low: 0, high, threshold };
  const view = sliceView(mask.grid, choices.plane, mask.voxels);
  const slices = slicesOf(view, mask, list, threshold, choices);
  const rows = list.map((map): MosaicRow => {
    const volume = { grid: mask.grid, data: toVolume(mask, map.values, Number.NaN) };
    return { title: map.title ?? map.name, detail: detailOf(map, threshold), volume };
  });
  const drawing = mosaic(rows, {
    view,
    slices,
    background: background.volume,
    // The middle of blue to red is light grey: it needs a darker background.
    range: signed ? [background.range[0], 1.4 * background.range[1]] : background.range,
    coloring,
    scale: signed ? 'Difference of probability' : 'Activation probability',
    width: sheet.width,
  });
  return figurePage({
    title,
    drawing,
    untrained,
    notes: [...notes, ...sliceNotes(view, background, hiddenText(threshold, largest, high))],
  });
}

function slicesOf(
  view: SliceView,
  mask: Mask,
  list: readonly NamedMap[],
  threshold: number,
  choices: MapChoices,
): number[] {
  if (choices.positions) {
    return [...new Set(choices.positions.map((mm) => sliceNearest(view, mm)))].sort((a, b) => a - b);
  }
  const weights = new Float64Array(mask.voxels.length);
  for (const { values } of list) {
    values.forEach((value, v) => {
      if (Math.abs(value) >= threshold) weights[v]! += Math.abs(value);
    });
  }
  const seen = weights.some((w) => w > 0) ? weights : weights.fill(1);
  return chooseSlices(view, toVolume(mask, seen), choices.slices);
}

/** What the reader must know of the slices themselves, and of what the colours leave out. */
export function sliceNotes(view: SliceView, background: Background, colours = ''): string[] {
  const sides =
    view.plane === 'sagittal' ? 'posterior (P) left, anterior (A) right' : 'neurological convention: left (L) is left';
  const oblique = view.orientation.obliqueDegrees;
  const plane = `${view.plane[0]!.toUpperCase()}${view.plane.slice(1)}`;
  const notes = [`${plane} slices over ${background.name}; ${sides}.${colours}`];
  if (oblique > 1) {
    notes.push(
      `Oblique acquisition: slices are the image’s own planes, up to ${valueText(oblique)}° from the anatomical ones; mm at their middle.`,
    );
  }
  return notes;
}

function hiddenText(threshold: number, largest: number, high: number): string {
  const over =
    largest > high ? ` Values beyond ${valueText(high)} (up to ${valueText(largest)}) have the last colour.` : '';
  return ` Absolute values below ${valueText(threshold)} are transparent.${over}`;
}

function detailOf({ values }: NamedMap, threshold: number): string {
  let most = 0;
  let shown = 0;
  for (const value of values) {
    if (Math.abs(value) > Math.abs(most)) most = value;
    if (value !== 0 && Math.abs(value) >= threshold) shown += 1;
  }
  return shown === 0 ? 'nothing to show' : `peak ${valueText(most)}`;
}

/** ` (t ≥ 3.85; P < 0.001, one-sided, uncorrected)` from the facts that the maps carry; nothing where they carry none. */
function ruleText(of: unknown): string {
  if (typeof of !== 'object' || of === null) return '';
  const { statistic, threshold, p, sides, correction } = of as Record<string, unknown>;
  const value = sides === 'two' ? `|${statistic}|` : `${statistic}`;
  const how = correction === undefined || correction === 'none' ? 'uncorrected' : `corrected (${correction})`;
  const parts = [
    typeof threshold === 'number' && `${value} ≥ ${valueText(threshold)}`,
    typeof p === 'number' && `P < ${valueText(p)}, ${sides}-sided, ${how}`,
  ].filter(Boolean);
  return parts.length > 0 ? ` (${parts.join('; ')})` : '';
}
