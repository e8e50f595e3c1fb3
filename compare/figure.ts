import { writeFile } from 'node:fs/promises';
import { toVolume } from '../artifacts/mask.js';
import { type MosaicOptions, mosaic } from '../steps/figures/mosaic.js';
import { figurePage } from '../steps/figures/page.js';
import { svgToPng } from '../steps/figures/raster.js';
import { chooseSlices, sliceView, type Volume } from '../steps/figures/slices.js';
import { type Drawing, stack } from '../steps/figures/svg.js';
import { valueText } from '../steps/figures/ticks.js';
import type { RowDifference } from './compare-sets.js';
import type { Comparison } from './comparison.js';
import type { ValueMaps } from './map-set.js';
import type { Side } from './side.js';

/** Results that are drawn; more would not fit a page. */
const MOST = 6;
const SLICES = 6;
/** pt. */
const WIDTH = 470;
const DPI = 200;

/**
 * Draws, of each result with values, the map whose mean absolute difference is largest: in the first experiment, in the
 * other, and their difference. Writes a PNG; returns false where nothing differs.
 */
export async function drawComparison(comparison: Comparison, sides: readonly Side[], file: string): Promise<boolean> {
  const [a] = comparison.experiments;
  const setOf = async (name: string, result: string, statistic: string) => {
    const side = sides.find((one) => one.name === name)!;
    const sets = await side.results.get(result)!.sets();
    return sets.find((set) => set.kind === 'values' && set.statistic === statistic) as ValueMaps;
  };
  const drawings: Drawing[] = [];
  let untrained = false;
  for (const { result, b, sets } of comparison.results) {
    for (const set of sets) {
      if (set.kind !== 'values' || drawings.length === MOST) continue;
      const map = mostDifferent(set.maps);
      if (!map) continue;
      const [first, other] = [await setOf(a!, result, set.statistic), await setOf(b, result, set.statistic)];
      untrained ||= first.untrained;
      const [x, y] = [await volumeOf(first, map.name), await volumeOf(other, map.name)];
      if (first.zeroOutside && other.zeroOutside) fillWhereOtherIs(x.data, y.data);
      drawings.push(
        drawMap({
          map,
          title: `${result === set.statistic ? result : `${result} ${set.statistic}`}: ${map.name}`,
          a: a!,
          b,
          x,
          y,
          mask: first.mask.voxels,
        }),
      );
    }
  }
  if (drawings.length === 0) return false;
  const svg = figurePage({
    title: `${comparison.workflow}: ${comparison.experiments.join(', ')}`,
    drawing: stack(drawings, 12),
    untrained,
    notes: [
      'Of each result the map with the largest mean absolute difference, in voxels that both masks have. Axial slices over the mask; neurological convention: left (L) is left.',
    ],
  });
  await writeFile(file, await svgToPng(svg, DPI));
  return true;
}

/** Of two volumes that are 0 where they have no value: 0 where only the other one has a value. */
function fillWhereOtherIs(x: Float64Array, y: Float64Array): void {
  for (let i = 0; i < x.length; i++) {
    if (Number.isNaN(x[i]) && !Number.isNaN(y[i])) x[i] = 0;
    else if (Number.isNaN(y[i]) && !Number.isNaN(x[i])) y[i] = 0;
  }
}

function mostDifferent(maps: readonly RowDifference[]): RowDifference | undefined {
  const [first, ...others] = maps;
  const most = others.reduce((best, map) => (map.meanAbsolute > best!.meanAbsolute ? map : best), first);
  return most && most.maxAbsolute > 0 ? most : undefined;
}

async function volumeOf(set: ValueMaps, name: string): Promise<Volume & { readonly data: Float64Array }> {
  const values = await set.read(set.names.indexOf(name));
  return { grid: set.mask.grid, data: toVolume(set.mask, values, Number.NaN) };
}

/** The map in both experiments on one scale, and their difference on a scale of its own. */
function drawMap(pair: {
  readonly map: RowDifference;
  readonly title: string;
  readonly a: string;
  readonly b: string;
  readonly x: Volume;
  readonly y: Volume;
  readonly mask: Int32Array;
}): Drawing {
  const { map, title, a, b, x, y } = pair;
  const difference: Volume = { grid: x.grid, data: x.data.map((value, i) => y.data[i]! - value) };
  const view = sliceView(x.grid, 'axial', pair.mask);
  const brain = new Float64Array(x.data.length);
  for (const voxel of pair.mask) brain[voxel] = 1;
  const slices = chooseSlices(view, difference.data, SLICES);
  const draw = (rows: Parameters<typeof mosaic>[0], high: number, scale: string) => {
    const coloring: MosaicOptions['coloring'] = { colormap: 'coolwarm', low: -high, high, threshold: 0 };
    return mosaic(rows, {
      view,
      slices,
      background: { grid: x.grid, data: brain },
      range: [0, 2],
      coloring,
      scale,
      width: WIDTH,
    });
  };
  const both = [
    { title: `${title}, ${a}`, volume: x },
    { title: b, detail: `r = ${valueText(map.correlation)}`, volume: y },
  ];
  const apart = { title: `${b} − ${a}`, detail: `largest ${valueText(map.maxAbsolute)}`, volume: difference };
  return stack([draw(both, largest(x, y), 'Value'), draw([apart], map.maxAbsolute, 'Difference')], 4);
}

function largest(...volumes: readonly Volume[]): number {
  let most = 0;
  for (const { data } of volumes) for (const value of data) if (Math.abs(value) > most) most = Math.abs(value);
  return most;
}
