import type { Artifact } from '../../artifacts/artifact.js';
import { nameForFile } from '../../artifacts/published.js';
import { type ReversalRegion, readReversal } from '../../artifacts/reversal-data.js';
import type { Pool } from '../../numerics/pool.js';
import type { Figure, Sheet } from './figure.js';
import { figurePage } from './page.js';
import { regionCharts } from './region-charts.js';
import { pictureNote, regionPictures } from './region-pictures.js';
import { type Drawing, stack } from './svg.js';

/** Kernels drawn in a figure: more than that nobody can compare. */
const KERNELS = 6;

/** Figures 5 and 6: one for each region and layer. `slicesOf` draws a region on its slices. */
export async function drawReversal(
  reversal: Artifact,
  choices: { readonly pictures: number; readonly sheet: Sheet; readonly pool: Pool; readonly signal: AbortSignal },
  slicesOf: (
    region: ReversalRegion,
    kernel: string,
  ) => Promise<{ readonly drawing: Drawing; readonly notes: readonly string[] }>,
): Promise<Figure[]> {
  const { sheet } = choices;
  const { regions, series, pictures: all } = await readReversal(reversal);
  const layers = [...new Set(regions.flatMap((region) => region.kernels.map(layerOf)))];
  layers.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const figures: Figure[] = [];
  for (const [n, layer] of layers.entries()) {
    for (const region of regions) {
      const kernels = region.kernels.filter((kernel) => layerOf(kernel) === layer).slice(0, KERNELS);
      if (kernels.length === 0) continue;
      const slices = await slicesOf(region, kernels[0]!);
      const charts = regionCharts(region, kernels, series, reversal, sheet);
      const pictures = await regionPictures(reversal, all, region, kernels, {
        most: choices.pictures,
        left: charts.left,
        ...choices,
      });
      const title = layer ? `${region.name}: kernels of ${layer}` : region.name;
      figures.push({
        name: freeName(`figure-${5 + n}_region-${nameForFile(region.name)}`, figures),
        caption: `Region ${region.name}: where it is, its BOLD series, series of its kernels${layer ? ` of ${layer}` : ''}${pictures ? ', and the pictures at its peaks' : ''}.`,
        svg: figurePage({
          title,
          drawing: stack([slices.drawing, ...charts.drawings, ...(pictures ? [pictures] : [])], 12),
          notes: [...slices.notes, ...charts.notes, ...(pictures ? [pictureNote] : [])],
          untrained: reversal.meta.untrained === true,
        }),
      });
    }
  }
  return figures;
}

/** Two regions may differ only in signs that file names cannot hold. */
function freeName(name: string, figures: readonly Figure[]): string {
  let free = name;
  for (let n = 2; figures.some((figure) => figure.name === free); n++) free = `${name}-${n}`;
  return free;
}

/** `conv5_3` of `conv5_3/k276`; nothing for series of the user's own. */
function layerOf(kernel: string): string {
  return kernel.includes('/') ? kernel.slice(0, kernel.indexOf('/')) : '';
}
