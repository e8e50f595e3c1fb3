import type { Artifact, ArtifactType } from './artifact.js';
import { requireFiles } from './check-files.js';
import { fileOf, metaOf } from './meta.js';
import { publishAsIs } from './published.js';
import { readTable, type Table } from './table.js';

export interface DescriptionData {
  /** Per layer and component: share of variance. */
  readonly pca: Table;
  /** Per sample: the mean series of each layer. */
  readonly layerSeries: Table;
  /** Correlation of the layers' mean series. */
  readonly layerCorrelation: Table;
}

const tables = {
  'pca.tsv': 'Principal components of the kernels of each layer: share of variance.',
  'layer_series.tsv': 'Mean series of each layer.',
  'layer_correlation.tsv': 'Correlation (Pearson) of the mean series of the layers.',
  'pairs.tsv': 'Correlation of each pair of layers.',
} as const;

export async function readDescription(artifact: Artifact): Promise<DescriptionData> {
  const read = (role: keyof typeof tables) => readTable(fileOf(artifact, role));
  return {
    pca: await read('pca.tsv'),
    layerSeries: await read('layer_series.tsv'),
    layerCorrelation: await read('layer_correlation.tsv'),
  };
}

export const descriptionType: ArtifactType = {
  name: 'description',
  title: 'description of the series: components and correlations of layers',
  description: [
    ...Object.entries(tables).map(([role, text]) => `- \`${role}\`: ${text}`),
    '- meta: `leastCorrelated` (the two layers whose mean series correlate least), `r`',
  ].join('\n'),
  check: async (produced) => requireFiles(produced, Object.keys(tables)),
  async publish(artifact, target) {
    const { leastCorrelated, r } = artifact.meta;
    const facts = metaOf({ LeastCorrelatedLayers: leastCorrelated, LowestCorrelation: r });
    return Promise.all(
      Object.entries(tables).map(([role, description]) =>
        publishAsIs(fileOf(artifact, role), target, role, { description, units: '1', facts }, artifact.meta),
      ),
    );
  },
};
