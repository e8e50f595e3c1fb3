import type { Artifact, ArtifactType, InputContext, Produced, PublishTarget } from './artifact.js';
import { checkColumns, publishColumns, readColumns, writeColumns } from './columns-files.js';
import type { Kernel } from './kernels.js';
import { metaOf, numberIn, textIn, untrainedOf } from './meta.js';
import { type OwnColumnsSpec, ownColumnsProperties, resolveOwnColumns, secondsPerRow } from './own-columns.js';

export interface RegressorsData {
  /** `[volume, column]`, row-major, convolved with the haemodynamic response. */
  readonly values: Float64Array;
  readonly volumes: number;
  readonly kernels: readonly Kernel[];
  /** Repetition time in s. */
  readonly tr: number;
  /** Haemodynamic model (`spm`; `fir`: delays), or `given` for regressors of the user's own. */
  readonly model: string;
  /** `canonical+time`, `fir`, …, where a kernel has several columns; `kernels` says which is which. */
  readonly basis?: string;
  /** One value for every volume of the image, those that are dropped too. Absent: from the first volume that is kept. */
  readonly aligned?: boolean;
  readonly untrained?: boolean;
}

export async function readRegressors(artifact: Artifact): Promise<RegressorsData> {
  const { values, rows, kernels } = await readColumns(artifact, 'regressors');
  return {
    values,
    volumes: rows,
    kernels,
    tr: numberIn(artifact, 'tr'),
    model: textIn(artifact, 'model'),
    ...(artifact.meta.basis !== undefined && { basis: textIn(artifact, 'basis') }),
    ...(artifact.meta.aligned === true && { aligned: true }),
    ...untrainedOf(artifact.meta),
  };
}

export async function writeRegressors(dir: string, data: RegressorsData): Promise<Produced> {
  const { values, volumes: rows, kernels } = data;
  const files = await writeColumns(dir, 'regressors', { values, rows, kernels });
  const { tr, model, basis, aligned } = data;
  return { files, meta: metaOf({ tr, model, basis, aligned, ...untrainedOf(data) }) };
}

type RegressorsSpec = OwnColumnsSpec & { readonly tr?: number };

async function resolve(spec: RegressorsSpec, context: InputContext) {
  const own = await resolveOwnColumns('regressors', spec, context);
  const tr = secondsPerRow('tr', spec.tr, own, spec.path);
  return { type: 'regressors', files: own.files, meta: { tr, model: 'given', ...own.meta }, origin: spec.path };
}

export const regressorsType: ArtifactType = {
  name: 'regressors',
  title: 'regressors, one per kernel (convolved with the haemodynamic response)',
  description: [
    '- `regressors.npy`: float64 `[volume, column]`, in the units of the series',
    '- `kernels.tsv`: name, layer, kernel (number inside the layer, from 1); where a kernel has several columns also `basis` (`canonical`, `time`, `dispersion`, `delay3`), and the columns after the canonical one are named `conv1_1/k7_time`',
    '- meta: `tr` in s, `model` (haemodynamic model; `fir`; `given` for the user’s own), `basis` where a kernel has several columns, `aligned` where there is a value for every volume of the image, not from the first that is kept on',
    '',
    'Regressors of the user’s own stay in their file (`regressors.tsv`, `.csv` or `.npy`); meta `columns` says which column is which kernel.',
  ].join('\n'),
  input: {
    properties: {
      ...ownColumnsProperties('volume'),
      tr: {
        type: 'number',
        exclusiveMinimum: 0,
        unit: 's',
        description: 'Repetition time. Default: `repetition_time` of the JSON file beside the table.',
      },
    },
    required: ['path'],
    resolve: (spec, context) => resolve(spec as unknown as RegressorsSpec, context),
  },
  check: (produced) => checkColumns(produced, 'regressors', 'tr'),
  publish: (artifact: Artifact, target: PublishTarget) =>
    publishColumns(artifact, 'regressors', target, {
      description: `${artifact.meta.basis ? `Columns of each kernel (${artifact.meta.basis})` : 'One column per kernel'}, one row per volume (${artifact.meta.tr} s); haemodynamic model: ${artifact.meta.model}.`,
      units: 'arbitrary (units of the series)',
      facts: metaOf({
        RepetitionTime: artifact.meta.tr,
        HaemodynamicModel: artifact.meta.model,
        Basis: artifact.meta.basis,
      }),
    }),
};
