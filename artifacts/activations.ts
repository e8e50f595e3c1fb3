import path from 'node:path';
import type { Artifact, ArtifactType, JsonObject, Produced, PublishedFile, PublishTarget } from './artifact.js';
import { requireShape } from './check-files.js';
import { type Kernel, readKernels, writeKernels } from './kernels.js';
import { fileOf, metaOf, numberIn, textIn, untrainedOf } from './meta.js';
import { readNpy, readNpyRows, writeNpy } from './npy.js';
import { publishAsIs, published, publishedPath } from './published.js';
import { writeTable } from './table.js';

export interface ActivationsData {
  /** `[statistic, frame, kernel]`: a number for each map. */
  readonly values: Float64Array;
  /** What the first axis is, for example `['mean', 'max', 'sd', 'active']`. */
  readonly statistics: readonly string[];
  readonly frames: number;
  readonly kernels: readonly Kernel[];
  /** Time between frames in s. */
  readonly interval: number;
  /** `relu` or `linear`: what was averaged. */
  readonly activation: string;
  /** Facts about the weights and their pre-processing, for sidecars. */
  readonly weights: JsonObject;
  readonly untrained?: boolean;
}

export async function readActivations(artifact: Artifact): Promise<ActivationsData> {
  const { shape, data } = await readNpy(fileOf(artifact, 'activations.npy'));
  return { ...(await factsOf(artifact)), frames: shape[1]!, values: data as Float64Array };
}

/** One statistic `[frame, kernel]`, without reading the others. */
export async function readStatistic(artifact: Artifact, statistic: string): Promise<Float64Array> {
  const at = (artifact.meta.statistics as readonly string[]).indexOf(statistic);
  return (await readNpyRows(fileOf(artifact, 'activations.npy'), at, at + 1)).data as Float64Array;
}

async function factsOf(artifact: Artifact) {
  return {
    statistics: artifact.meta.statistics as readonly string[],
    kernels: await readKernels(fileOf(artifact, 'kernels.tsv')),
    interval: numberIn(artifact, 'interval'),
    activation: textIn(artifact, 'activation'),
    weights: (artifact.meta.weights ?? {}) as JsonObject,
    ...untrainedOf(artifact.meta),
  };
}

export async function writeActivations(dir: string, data: ActivationsData): Promise<Produced> {
  const files = { 'activations.npy': path.join(dir, 'activations.npy'), 'kernels.tsv': path.join(dir, 'kernels.tsv') };
  const { statistics, frames, kernels, interval, activation, weights } = data;
  await writeNpy(files['activations.npy'], [statistics.length, frames, kernels.length], data.values);
  await writeKernels(files['kernels.tsv'], kernels);
  return { files, meta: metaOf({ statistics, interval, activation, weights, ...untrainedOf(data) }) };
}

async function check(produced: Produced): Promise<void> {
  const statistics = produced.meta?.statistics as readonly string[];
  const kernels = await readKernels(fileOf(produced, 'kernels.tsv'));
  await requireShape(produced, 'activations.npy', [statistics.length, null, kernels.length], '<f8');
}

async function publish(artifact: Artifact, target: PublishTarget): Promise<readonly PublishedFile[]> {
  const { statistics, kernels, interval, activation } = await factsOf(artifact);
  const { meta } = artifact;
  const facts = metaOf({ SamplingInterval: interval, Activation: activation, Weights: meta.weights });
  const files: PublishedFile[] = [];
  for (const statistic of statistics) {
    const values = await readStatistic(artifact, statistic);
    const file = publishedPath(target, `stat-${statistic}_activations.tsv`);
    const width = kernels.length;
    await writeTable(
      file,
      kernels.map(({ name }) => name),
      Array.from({ length: values.length / width }, (_, frame) => [
        ...values.subarray(frame * width, (frame + 1) * width),
      ]),
    );
    const description = `The ${statistic} of every kernel's activation map (columns) for every frame (rows).`;
    files.push(published(file, { description, units: 'arbitrary (activation)', facts }, meta));
  }
  const list = publishedPath(target, 'kernels.tsv');
  await writeKernels(list, kernels);
  const array = {
    description: 'Activations as an array [statistic, frame, kernel].',
    units: 'arbitrary (activation)',
    facts: { ...facts, Statistics: statistics },
  };
  return [
    ...files,
    await publishAsIs(fileOf(artifact, 'activations.npy'), target, 'activations.npy', array, meta),
    published(list, { description: 'Layer and number of each kernel.' }, meta),
  ];
}

export const activationsType: ArtifactType = {
  name: 'activations',
  title: 'activations: a few numbers for the map of every kernel and frame',
  description: [
    '- `activations.npy`: float64 `[statistic, frame, kernel]`, in the units of the network',
    '- `kernels.tsv`: name, layer, kernel (number inside the layer, from 1)',
    '- meta: `statistics` (names along the first axis), `interval` (s), `activation` (`relu` or `linear`), `weights`',
  ].join('\n'),
  check,
  publish,
};
