import type { Artifact } from '../../artifacts/artifact.js';
import { readDescription } from '../../artifacts/description.js';
import { numericColumn, type Table, textColumn } from '../../artifacts/table.js';
import { type BarPanel, barPanels } from './bars.js';
import type { Figure, Sheet } from './figure.js';
import { heatMap } from './heat-map.js';
import { figurePage } from './page.js';
import { seriesPanels } from './series-panels.js';
import { valueText } from './ticks.js';

/** Figure 2: components, mean series and correlation of the layers. `layers`: which, in which order; default all. */
export async function drawDescription(
  description: Artifact,
  sheet: Sheet,
  layers: readonly string[] | undefined,
): Promise<Figure[]> {
  const untrained = description.meta.untrained === true;
  const { pca, layerSeries, layerCorrelation } = await readDescription(description);
  const there = layerCorrelation.columns.slice(1);
  const shown = (layers ?? there).filter((layer) => there.includes(layer));
  if (shown.length === 0) return [];
  return [
    {
      name: 'figure-2_pca',
      caption: 'Variance that the first principal components of each layer’s kernel series explain.',
      svg: pcaPage(pca, shown, sheet, description),
    },
    {
      name: 'figure-2_layer-series',
      caption: 'Mean series of each layer over its kernels, as z scores.',
      svg: seriesPage(layerSeries, shown, sheet, untrained),
    },
    {
      name: 'figure-2_layer-correlation',
      caption: 'Correlation of the layers’ mean series; the lowest is framed.',
      svg: correlationPage(layerCorrelation, shown, sheet, untrained),
    },
  ];
}

function pcaPage(table: Table, layers: readonly string[], sheet: Sheet, { meta }: Artifact): string {
  const owner = textColumn(table, 'layer', 'pca.tsv');
  const share = numericColumn(table, 'variance_explained', 'pca.tsv');
  const panels = layers.map((layer): BarPanel => {
    const values = Array.from(share, (value) => 100 * value).filter((_, row) => owner[row] === layer);
    const sum = values.reduce((a, b) => a + b, 0);
    return { title: layer, values, color: '#0072b2', remark: values.length ? `Σ ${sum.toFixed(0)} %` : 'constant' };
  });
  const count = Math.max(0, ...panels.map((panel) => panel.values.length));
  return figurePage({
    title: 'Principal components of each layer’s kernel series',
    drawing: barPanels(panels, {
      perRow: Math.min(panels.length, 7),
      width: sheet.width,
      xTitle: 'Component',
      yTitle: 'Variance explained (%)',
    }),
    notes: [
      `Share of a layer’s variance over time that each of the first ${count} components explains (kernels centred${
        meta.standardise === true ? ' and standardised' : ', keeping their own variance'
      }). Σ: all shown components together.`,
    ],
    untrained: meta.untrained === true,
  });
}

function seriesPage(table: Table, layers: readonly string[], sheet: Sheet, untrained: boolean): string {
  const time = numericColumn(table, 'time', 'layer_series.tsv');
  const series = layers.map((layer) => ({ name: layer, y: numericColumn(table, layer, 'layer_series.tsv') }));
  return figurePage({
    title: 'Mean series of the layers',
    drawing: seriesPanels(series, time, { width: sheet.width, xTitle: 'Time in the movie (s)' }),
    notes: [
      'Mean over all kernels of a layer, before convolution; each series minus its mean, divided by its standard deviation.',
    ],
    untrained,
  });
}

function correlationPage(table: Table, layers: readonly string[], sheet: Sheet, untrained: boolean): string {
  const file = 'layer_correlation.tsv';
  const names = textColumn(table, 'layer', file);
  const columns = layers.map((layer) => numericColumn(table, layer, file));
  const rows = layers.map((layer) => names.indexOf(layer));
  const values = rows.flatMap((row) => columns.map((column) => column[row]!));
  const lowest = lowestPair(values, layers.length);
  const marked = lowest ? ([lowest, [lowest[1], lowest[0]]] as const) : [];
  const [a, b] = lowest ?? [0, 0];
  return figurePage({
    title: 'Correlation of the layers’ mean series',
    drawing: heatMap(
      {
        rows: layers,
        columns: layers,
        values,
        coloring: { colormap: 'coolwarm', low: -1, high: 1, threshold: 0 },
        scale: 'Pearson correlation (r)',
        marked,
      },
      sheet.width,
    ),
    notes: lowest
      ? [
          `Framed: the lowest correlation, ${layers[a]} with ${layers[b]}, r = ${valueText(values[a * layers.length + b]!)}.`,
        ]
      : [],
    untrained,
  });
}

/** Row and column of the smallest value above the diagonal. */
function lowestPair(values: readonly number[], size: number): [number, number] | undefined {
  let best: [number, number] | undefined;
  for (let a = 0; a < size; a++) {
    for (let b = a + 1; b < size; b++) {
      const value = values[a * size + b]!;
      if (!Number.isNaN(value) && (!best || value < values[best[0] * size + best[1]]!)) best = [a, b];
    }
  }
  return best;
}
