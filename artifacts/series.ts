import type { Artifact, ArtifactType, InputContext, Produced, PublishTarget } from './artifact.js';
import { checkColumns, publishColumns, readColumns, writeColumns } from './columns-files.js';
import type { Kernel } from './kernels.js';
import { metaOf, numberIn, untrainedOf } from './meta.js';
import { type OwnColumnsSpec, ownColumnsProperties, resolveOwnColumns, secondsPerRow } from './own-columns.js';

export interface SeriesData {
  /** `[sample, kernel]`, row-major. */
  readonly values: Float64Array;
  readonly samples: number;
  readonly kernels: readonly Kernel[];
  /** Time between samples in s; sample n covers n * interval to (n + 1) * interval. */
  readonly interval: number;
  /** Which statistic of a kernel's map it is (`mean`, `max`); absent for series of the user's own. */
  readonly statistic?: string;
  readonly untrained?: boolean;
}

export async function readSeries(artifact: Artifact): Promise<SeriesData> {
  const { values, rows, kernels } = await readColumns(artifact, 'series');
  const { statistic } = artifact.meta;
  return {
    values,
    samples: rows,
    kernels,
    interval: numberIn(artifact, 'interval'),
    ...(typeof statistic === 'string' && { statistic }),
    ...untrainedOf(artifact.meta),
  };
}

export async function writeSeries(dir: string, data: SeriesData): Promise<Produced> {
  const { values, samples: rows, kernels } = data;
  const files = await writeColumns(dir, 'series', { values, rows, kernels });
  return { files, meta: metaOf({ interval: data.interval, statistic: data.statistic, ...untrainedOf(data) }) };
}

type SeriesSpec = OwnColumnsSpec & { readonly interval?: number };

async function resolve(spec: SeriesSpec, context: InputContext) {
  const own = await resolveOwnColumns('series', spec, context);
  const interval = secondsPerRow('interval', spec.interval, own, spec.path);
  return { type: 'series', files: own.files, meta: { interval, ...own.meta }, origin: spec.path };
}

export const seriesType: ArtifactType = {
  name: 'series',
  title: 'time series, one per kernel (not yet convolved)',
  description: [
    '- `series.npy`: float64 `[sample, kernel]`, in the units of the activations',
    '- `kernels.tsv`: name, layer, kernel (number inside the layer, from 1)',
    '- meta: `interval` in s, `statistic`',
    '',
    'A series of the user’s own stays in its file (`series.tsv`, `.csv` or `.npy`); meta `columns` says which column is which kernel.',
  ].join('\n'),
  input: {
    properties: {
      ...ownColumnsProperties('sample'),
      interval: {
        type: 'number',
        exclusiveMinimum: 0,
        unit: 's',
        description: 'Time between samples. Default: `repetition_time` of the JSON file beside the table.',
      },
    },
    required: ['path'],
    resolve: (spec, context) => resolve(spec as unknown as SeriesSpec, context),
  },
  check: (produced) => checkColumns(produced, 'series', 'interval'),
  publish: (artifact: Artifact, target: PublishTarget) =>
    publishColumns(artifact, 'series', target, {
      description: `One column per kernel, one row per ${artifact.meta.interval} s${artifact.meta.statistic ? `: the ${artifact.meta.statistic} of its activation map` : ''}.`,
      units: artifact.meta.statistic ? 'arbitrary (activation)' : 'units of each series',
      facts: metaOf({ SamplingInterval: artifact.meta.interval, Statistic: artifact.meta.statistic }),
    }),
};
