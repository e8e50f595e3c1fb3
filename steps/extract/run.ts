import { createHash } from 'node:crypto';
import { writeActivations } from '../../artifacts/activations.js';
import type { Artifact, Produced } from '../../artifacts/artifact.js';
import { type FramesData, readFrames } from '../../artifacts/frames.js';
import { type Kernel, kernelName } from '../../artifacts/kernels.js';
import { untrainedOf } from '../../artifacts/meta.js';
import { UserError } from '../../artifacts/user-error.js';
import { one, type StepContext } from '../../engine/step-type.js';
import { type ConvLayer, mapSize, upToDeepest, vggTitle } from '../../numerics/vgg/layers.js';
import type { Network } from '../../numerics/vgg/network.js';
import { loadWeights, type VggWeights } from '../weights/network.js';
import type { ExtractParams } from './index.js';
import { openOnDevice } from './open-on-device.js';

export async function run(context: StepContext<ExtractParams>): Promise<Record<string, Produced>> {
  const { params, signal, workDir } = context;
  const frames = await readFrames(one(context.inputs, 'frames'));
  const weights = await loadWeights(one(context.inputs, 'weights'), context);
  const asked = layersAsked(params.layers, weights);
  const layers = upToDeepest(weights.layers, asked);
  checkSize(layers, frames, one(context.inputs, 'frames'));
  const kept = layers.filter((layer) => asked.has(layer.name));
  const preprocessing = params.preprocessing === 'auto' ? weights.preprocessing : params.preprocessing;
  if (preprocessing !== weights.preprocessing) {
    context.note(`pre-processing of images: ${preprocessing}, as this step says, in place of ${weights.preprocessing}`);
  }
  if (weights.untrained) context.note('untrained: the weights are random numbers, so these activations mean nothing');

  const network = await openOnDevice(
    {
      backend: params.backend,
      device: params.device,
      threads: context.threads,
      graph: {
        layers,
        height: frames.height,
        width: frames.width,
        preprocessing,
        activation: params.activation,
        statistics: params.statistics,
        statisticsOf: asked,
      },
    },
    signal,
  );
  try {
    const kernels = kernelsOf(kept);
    const values = await statisticsOfAll(network, frames, params.statistics.length, kernels.length, context);
    const activations = await writeActivations(workDir, {
      values,
      statistics: params.statistics,
      frames: frames.rows.length,
      kernels,
      interval: frames.window,
      activation: params.activation,
      weights: { ...weights.facts, preprocessing, widths: kept.map((layer) => layer.kernels) },
      ...untrainedOf(weights),
    });
    return { activations };
  } finally {
    await network.close();
  }
}

/** All frames, one at a time: [statistic, frame, kernel]. Frames that show what an earlier one showed take its numbers. */
async function statisticsOfAll(
  network: Network,
  frames: FramesData,
  statistics: number,
  kernels: number,
  { progress, signal, note }: Pick<StepContext, 'progress' | 'signal' | 'note'>,
): Promise<Float64Array> {
  const count = frames.rows.length;
  const values = new Float64Array(statistics * count * kernels);
  const place = (statistic: number, frame: number) => (statistic * count + frame) * kernels;
  const firstWith = new Map<string, number>();
  for (let frame = 0; frame < count; frame++) {
    signal.throwIfAborted();
    const pixels = await frames.readFrame(frame);
    const digest = createHash('sha256').update(pixels).digest('hex');
    const same = firstWith.get(digest);
    if (same === undefined) {
      firstWith.set(digest, frame);
      const result = (await network.frame(pixels)).statistics;
      for (let s = 0; s < statistics; s++) {
        values.set(result.subarray(s * kernels, (s + 1) * kernels), place(s, frame));
      }
    } else {
      for (let s = 0; s < statistics; s++) {
        values.copyWithin(place(s, frame), place(s, same), place(s, same) + kernels);
      }
    }
    progress(frame + 1, count, 'images');
  }
  const repeated = count - firstWith.size;
  if (repeated > 0) note(`${repeated} of ${count} images equal an earlier one: computed once`);
  return values;
}

function kernelsOf(layers: readonly ConvLayer[]): Kernel[] {
  return layers.flatMap(({ name, kernels }) =>
    Array.from({ length: kernels }, (_, index) => ({
      name: kernelName(name, index + 1),
      layer: name,
      kernel: index + 1,
    })),
  );
}

/** All layers of the network unless some are named; those must be among them. */
function layersAsked(named: readonly string[] | undefined, { layers, network }: VggWeights): ReadonlySet<string> {
  const names = layers.map(({ name }) => name);
  const absent = named?.find((name) => !names.includes(name));
  if (absent === undefined) return new Set(named ?? names);
  throw new UserError({
    message: `${vggTitle(network)} has no layer ${absent}`,
    expected: names.join(', '),
    keys: ['layers'],
  });
}

/** After four poolings an image of less than 16 pixels has no pixel left. */
function checkSize(layers: readonly ConvLayer[], { height, width }: FramesData, artifact: Artifact): void {
  const lost = layers.find((layer) => Math.min(...mapSize(layer, height, width)) === 0);
  if (!lost) return;
  throw new UserError({
    message: `images of ${width} x ${height} pixels are too small for ${lost.name}`,
    place: { file: artifact.origin },
    expected: `at least ${2 ** lost.poolings} pixels in both directions, or shallower layers`,
    keys: ['layers'],
  });
}
