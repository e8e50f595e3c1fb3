import type { Artifact } from '../../artifacts/artifact.js';
import { readFrames } from '../../artifacts/frames.js';
import { UserError } from '../../artifacts/user-error.js';
import type { Pool } from '../../numerics/pool.js';
import {
  type Activation,
  type ConvLayer,
  mapSize,
  type Preprocessing,
  upToDeepest,
} from '../../numerics/vgg/layers.js';
import { openNetwork } from '../../numerics/vgg/network.js';
import { loadWeights } from '../weights/network.js';

export interface FeatureMapRequest {
  /** From 0. */
  readonly frame: number;
  /** `conv5_3/k276` */
  readonly kernel: string;
}

export interface FeatureMap extends FeatureMapRequest {
  readonly height: number;
  readonly width: number;
  /** [y, x] */
  readonly data: Float32Array;
}

export interface FeatureMapOptions {
  readonly weights: Artifact;
  readonly frames: Artifact;
  readonly requests: readonly FeatureMapRequest[];
  /** As in `extract`. */
  readonly activation: Activation;
  readonly preprocessing: 'auto' | Preprocessing;
  readonly pool: Pool;
  readonly signal: AbortSignal;
  readonly threads: number;
}

/**
 * Whole maps of single kernels for single frames, in the order of `requests`, computed anew: `extract` keeps none,
 * for all of them would be gigabytes. Each frame is computed once, up to the deepest layer asked for, by the ONNX
 * backend. Throws UserError for a kernel that the network does not have; frames out of range are a bug of the caller.
 */
export async function featureMaps(options: FeatureMapOptions): Promise<FeatureMap[]> {
  const { requests, signal } = options;
  if (requests.length === 0) return [];
  const frames = await readFrames(options.frames);
  const weights = await loadWeights(options.weights, options);
  const places = requests.map(({ kernel }) => placeOf(kernel, weights.layers, options.weights.origin));
  const asked = new Map<string, number[]>();
  for (const { layer, index } of places) {
    const picked = asked.get(layer.name) ?? [];
    if (!picked.includes(index)) picked.push(index);
    asked.set(layer.name, picked);
  }
  const { preprocessing, activation } = options;
  const network = await openNetwork(
    {
      backend: 'onnx',
      threads: options.threads,
      graph: {
        layers: upToDeepest(weights.layers, new Set(asked.keys())),
        height: frames.height,
        width: frames.width,
        preprocessing: preprocessing === 'auto' ? weights.preprocessing : preprocessing,
        activation,
        statistics: [],
        statisticsOf: new Set(),
        maps: asked,
      },
    },
    signal,
  );
  try {
    const results = new Array<FeatureMap>(requests.length);
    const numbers = [...new Set(requests.map(({ frame }) => frame))].sort((a, b) => a - b);
    const layers = [...asked.keys()];
    for (const number of numbers) {
      signal.throwIfAborted();
      const { maps } = await network.frame(await frames.readFrame(number));
      requests.forEach((request, at) => {
        if (request.frame !== number) return;
        const { layer, index } = places[at]!;
        const [height, width] = mapSize(layer, frames.height, frames.width);
        const row = asked.get(layer.name)!.indexOf(index);
        const data = maps[layers.indexOf(layer.name)]!.slice(row * height * width, (row + 1) * height * width);
        results[at] = { ...request, height, width, data };
      });
    }
    return results;
  } finally {
    await network.close();
  }
}

function placeOf(kernel: string, layers: readonly ConvLayer[], origin: string): { layer: ConvLayer; index: number } {
  const [, name, number] = /^(conv\d_\d)\/k([1-9]\d*)$/.exec(kernel) ?? [];
  const layer = layers.find((candidate) => candidate.name === name);
  if (layer && Number(number) <= layer.kernels) return { layer, index: Number(number) - 1 };
  throw new UserError({
    message: `no kernel "${kernel}" in these weights`,
    place: { file: origin },
    expected: layer ? `${layer.name}/k1 to ${layer.name}/k${layer.kernels}` : 'a name like conv5_3/k276',
  });
}
