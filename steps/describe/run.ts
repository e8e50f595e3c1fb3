import path from 'node:path';
import type { Produced } from '../../artifacts/artifact.js';
import { filesAt, untrainedOf } from '../../artifacts/meta.js';
import { writeTable } from '../../artifacts/table.js';
import { one, type StepContext } from '../../engine/step-type.js';
import { correlationMatrix } from '../../numerics/correlation.js';
import type { Pca } from '../../numerics/pca.js';
import type { DescribeParams } from './index.js';
import { type LayerSeries, readLayers } from './layers.js';

export async function run(context: StepContext<DescribeParams>): Promise<Record<string, Produced>> {
  const { params, workDir, pool, signal } = context;
  const series = one(context.inputs, 'series');
  const layers = await readLayers(series, params.layers);
  const components = await Promise.all(
    layers.map(({ data, samples, kernels }) =>
      pool.run<Pca>('pca.layer', { series: data, samples, kernels, standardise: params.standardise }, { signal }),
    ),
  );
  const r = correlationMatrix(layers.map(({ mean }) => mean));
  const pairs = pairsByCorrelation(layers, r);

  const to = (name: string) => path.join(workDir, name);
  await writeTable(
    to('pca.tsv'),
    ['layer', 'component', 'variance_explained', 'cumulative'],
    layers.flatMap(({ layer }, n) => componentRows(layer, components[n]!.share.slice(0, params.components))),
  );
  const interval = Number(series.meta.interval);
  await writeTable(
    to('layer_series.tsv'),
    ['time', ...layers.map(({ layer }) => layer)],
    Array.from(layers[0]!.mean, (_, n) => [n * interval, ...layers.map(({ mean }) => mean[n]!)]),
  );
  await writeTable(
    to('layer_correlation.tsv'),
    ['layer', ...layers.map(({ layer }) => layer)],
    layers.map(({ layer }, n) => [layer, ...r.slice(n * layers.length, (n + 1) * layers.length)]),
  );
  await writeTable(
    to('pairs.tsv'),
    ['layer_1', 'layer_2', 'r'],
    pairs.map(({ first, second, r }) => [first, second, r]),
  );

  noteConstant(context, layers, components);
  const lowest = pairs.find((pair) => !Number.isNaN(pair.r));
  const roles = ['pca.tsv', 'layer_series.tsv', 'layer_correlation.tsv', 'pairs.tsv'];
  return {
    description: {
      files: filesAt(workDir, roles),
      meta: {
        standardise: params.standardise,
        leastCorrelated: lowest ? [lowest.first, lowest.second] : null,
        r: lowest?.r ?? null,
        ...untrainedOf(series.meta),
      },
    },
  };
}

function componentRows(layer: string, share: Float64Array): (string | number)[][] {
  let sum = 0;
  return Array.from(share, (value, component) => {
    sum += value;
    return [layer, component + 1, value, sum];
  });
}

/** Pairs of layers from the lowest to the highest r; those without r last. Equal r keep the order of the layers. */
function pairsByCorrelation(layers: readonly LayerSeries[], r: Float64Array) {
  const pairs = layers.flatMap((a, n) =>
    layers.slice(n + 1).map((b, m) => ({ first: a.layer, second: b.layer, r: r[n * layers.length + n + 1 + m]! })),
  );
  const rank = (value: number) => (Number.isNaN(value) ? 2 : value);
  return pairs.sort((a, b) => rank(a.r) - rank(b.r));
}

function noteConstant(
  { note }: Pick<StepContext, 'note'>,
  layers: readonly LayerSeries[],
  components: readonly Pca[],
): void {
  const constant = components.reduce((sum, layer) => sum + layer.constant, 0);
  const kernels = layers.reduce((sum, layer) => sum + layer.kernels, 0);
  if (constant > 0) note(`${constant} of ${kernels} kernels have no variance and add nothing to the components`);
  for (const [n, { layer, kernels }] of layers.entries()) {
    if (components[n]!.constant === kernels) note(`no kernel of ${layer} varies: no components, no correlation`);
  }
}
