import type { Artifact } from '../../artifacts/artifact.js';
import { voxelCount } from '../../artifacts/grid.js';
import { readImage } from '../../artifacts/image.js';
import { type Mask, maskVoxels } from '../../artifacts/mask.js';
import { fileOf } from '../../artifacts/meta.js';
import type { ReversalRegion } from '../../artifacts/reversal-data.js';
import type { StoredThresholded } from '../../artifacts/thresholded.js';
import type { Background } from './background.js';
import type { Sheet } from './figure.js';
import { type MapChoices, sliceNotes } from './maps.js';
import { mosaic } from './mosaic.js';
import { type Coloring, chooseSlices, sliceNearest, sliceView, type Volume } from './slices.js';
import type { Drawing } from './svg.js';
import { valueText } from './ticks.js';

/** Slices of a region are few and small (pt): they show where it is. */
const SLICES = 6;
const WIDEST = 72;

/** The labels of the regions, as a volume and as the mask of all of them. */
export async function readRegionImage(reversal: Artifact): Promise<{ mask: Mask; labels: Volume }> {
  const { header, data } = await readImage(fileOf(reversal, 'regions.nii.gz'));
  return { mask: { grid: header.grid, voxels: maskVoxels(data) }, labels: { grid: header.grid, data } };
}

/**
 * Draws a region: with `thresholded` the thresholded map of the region's first kernel, its statistic in colours, on
 * slices through the region; without it the voxels of the region in one colour. `brain` crops the panels.
 */
export async function regionSlices(
  region: ReversalRegion,
  kernel: string,
  {
    labels,
    brain,
    background,
    thresholded,
    choices,
    sheet,
  }: {
    readonly labels: Volume;
    readonly brain: ArrayLike<number>;
    readonly background: Background;
    readonly thresholded: StoredThresholded | undefined;
    readonly choices: MapChoices;
    readonly sheet: Sheet;
  },
): Promise<{ drawing: Drawing; notes: string[] }> {
  const view = sliceView(labels.grid, choices.plane, brain);
  const inside = Float64Array.from(labels.data, (label) => (label === region.index ? 1 : 0));
  const slices = choices.positions
    ? [...new Set(choices.positions.map((mm) => sliceNearest(view, mm)))].sort((a, b) => a - b)
    : chooseSlices(view, inside, Math.min(SLICES, choices.slices));
  const map = thresholded && (await mapOf(thresholded, kernel));
  const common = {
    view,
    slices,
    background: background.volume,
    range: background.range,
    width: sheet.width,
    widest: WIDEST,
  };
  const size = `${region.voxels} voxels`;
  if (!map) {
    const row = {
      title: 'Region',
      detail: size,
      volume: { grid: labels.grid, data: inside.map((v) => v || Number.NaN) },
    };
    // One colour: the middle of the table, orange.
    const coloring: Coloring = { colormap: 'heat', low: 0, high: 2, threshold: 0 };
    return {
      drawing: mosaic([row], { ...common, coloring, scale: '', bare: true }),
      notes: sliceNotes(view, background),
    };
  }
  const high = Float64Array.from(map.data).reduce((most, v) => Math.max(most, Math.abs(v) || 0), 0);
  const signed = map.data.some((v) => v < 0);
  const coloring: Coloring = signed
    ? { colormap: 'coolwarm', low: -high, high, threshold: 0 }
    : { colormap: choices.colormap, low: 0, high, threshold: 0 };
  const row = { title: kernel, detail: `region ${region.name}, ${size}`, volume: map };
  const rule = `${thresholded.statistic} of ${kernel} over the subjects, where it ${passed(thresholded)}.`;
  return {
    drawing: mosaic([row], { ...common, coloring, scale: thresholded.statistic }),
    notes: [rule, ...sliceNotes(view, background)],
  };
}

async function mapOf(thresholded: StoredThresholded, kernel: string): Promise<Volume | undefined> {
  const row = thresholded.rows.findIndex(({ name }) => name === kernel);
  if (row < 0) return undefined;
  const { voxel, value } = await thresholded.readRows(row, row + 1);
  const data = new Float64Array(voxelCount(thresholded.mask.grid)).fill(Number.NaN);
  voxel.forEach((v, n) => {
    data[thresholded.mask.voxels[v]!] = value[n]!;
  });
  return { grid: thresholded.mask.grid, data };
}

function passed({ threshold, rule }: StoredThresholded): string {
  return threshold === null
    ? `passed the threshold (${rule.correction})`
    : `is at least ${valueText(threshold)} in size`;
}
