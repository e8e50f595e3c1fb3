import { createRequire } from 'node:module';
import path from 'node:path';
import type * as tf from '@tensorflow/tfjs-core';
import type { GraphRequest } from './graph.js';
import {
  CAFFE_MEAN_BGR,
  type ConvLayer,
  type Preprocessing,
  type Statistic,
  TORCH_MEAN_RGB,
  TORCH_SD_RGB,
} from './layers.js';
import { TFJS_NODE_FAULT, type VggSession } from './session.js';

type Tf = typeof tf;

/**
 * Opens the network in TensorFlow.js: tfjs-node when the user has installed it, else the WASM backend on one thread.
 * The second opinion on the ONNX backend: other kernels, other order of summation, statistics over the maps in
 * JavaScript in float64.
 */
export async function openTfjs(request: GraphRequest): Promise<VggSession> {
  const { tf } = await loadTfjs();
  const weights = request.layers.map((layer) => ({
    weight: tf.tensor4d(toHwio(layer), [3, 3, layer.channels, layer.kernels]),
    bias: tf.tensor1d(layer.bias),
  }));
  const { height, width, activation } = request;
  return {
    async frame(pixels) {
      const asked = request.layers.filter((layer) => request.statisticsOf.has(layer.name));
      const kernels = asked.reduce((sum, layer) => sum + layer.kernels, 0);
      const statistics = new Float64Array(request.statistics.length * kernels);
      const maps = new Map<string, Float32Array>();
      let offset = 0;
      let signal = preprocess(tf, pixels, height, width, request.preprocessing);
      let poolings = 0;
      const replace = (next: () => tf.Tensor4D) => {
        const value = tf.tidy(next);
        signal.dispose();
        signal = value;
      };
      for (const [index, layer] of request.layers.entries()) {
        if (layer.poolings > poolings) {
          replace(() => tf.maxPool(signal, [2, 2], [2, 2], 'valid'));
          poolings = layer.poolings;
        }
        const { weight, bias } = weights[index]!;
        replace(() => tf.add(tf.conv2d(signal, weight, 1, 'same'), bias));
        const linear = activation === 'linear' ? signal.dataSync<'float32'>() : null;
        replace(() => tf.relu(signal));
        const wanted = request.statisticsOf.has(layer.name) || request.maps?.has(layer.name);
        if (!wanted) continue;
        const map = linear ?? signal.dataSync<'float32'>();
        if (request.statisticsOf.has(layer.name)) {
          request.statistics.forEach((statistic, row) => {
            statistics.set(overSpace(map, layer.kernels, statistic), row * kernels + offset);
          });
          offset += layer.kernels;
        }
        const picked = request.maps?.get(layer.name);
        if (picked) maps.set(layer.name, pickMaps(map, layer.kernels, picked));
      }
      signal.dispose();
      return { statistics, maps: [...(request.maps?.keys() ?? [])].map((layer) => maps.get(layer)!) };
    },
    close() {
      for (const { weight, bias } of weights) tf.dispose([weight, bias]);
    },
  };
}

async function loadTfjs(): Promise<{ tf: Tf }> {
  const native = await importTfjsNode();
  if (native) return { tf: native };
  const tfCore = await import('@tensorflow/tfjs-core');
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  const folder = path.dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
  setWasmPaths(`${folder}${path.sep}`);
  await tfCore.setBackend('wasm');
  await tfCore.ready();
  return { tf: tfCore };
}

/**
 * An optional peer: its install downloads libtensorflow, so nobody is made to have it. One that is there without its
 * native part must not pass for the one that results name.
 */
async function importTfjsNode(): Promise<Tf | null> {
  const name = '@tensorflow/tfjs-node';
  try {
    return ((await import(name)) as { default: Tf }).default;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_MODULE_NOT_FOUND') return null;
    throw new Error(`${TFJS_NODE_FAULT}: ${message.split('\n')[0]}`, { cause: error });
  }
}

function preprocess(tf: Tf, pixels: Uint8Array, height: number, width: number, mode: Preprocessing): tf.Tensor4D {
  return tf.tidy(() => {
    const rgb = tf.tensor4d(Float32Array.from(pixels), [1, height, width, 3]);
    if (mode === 'caffe') return tf.sub(tf.reverse(rgb, 3), tf.tensor1d([...CAFFE_MEAN_BGR])) as tf.Tensor4D;
    const unit = tf.div(rgb, 255);
    return tf.div(tf.sub(unit, tf.tensor1d([...TORCH_MEAN_RGB])), tf.tensor1d([...TORCH_SD_RGB])) as tf.Tensor4D;
  });
}

/** [kernel, channel, y, x] to [y, x, channel, kernel]. */
function toHwio({ weight, kernels, channels }: ConvLayer): Float32Array {
  const out = new Float32Array(weight.length);
  for (let k = 0; k < kernels; k++)
    for (let c = 0; c < channels; c++)
      for (let p = 0; p < 9; p++) out[(p * channels + c) * kernels + k] = weight[(k * channels + c) * 9 + p]!;
  return out;
}

/** A statistic of every kernel over the places of a map [place, kernel], in float64. */
function overSpace(map: Float32Array, kernels: number, statistic: Statistic): Float64Array {
  const places = map.length / kernels;
  const over = (start: number, add: (so: number, value: number, kernel: number) => number) => {
    const out = new Float64Array(kernels).fill(start);
    for (let i = 0; i < map.length; ) for (let k = 0; k < kernels; k++, i++) out[k] = add(out[k]!, map[i]!, k);
    return out;
  };
  if (statistic === 'max') return over(Number.NEGATIVE_INFINITY, (so, value) => Math.max(so, value));
  if (statistic === 'active') return over(0, (so, value) => so + (value > 0 ? 1 : 0)).map((count) => count / places);
  const mean = over(0, (so, value) => so + value).map((sum) => sum / places);
  if (statistic === 'mean') return mean;
  return over(0, (so, value, k) => so + (value - mean[k]!) ** 2).map((sum) => Math.sqrt(sum / places));
}

/** Maps of single kernels: [place, kernel] to [asked kernel, place]. */
function pickMaps(map: Float32Array, kernels: number, asked: readonly number[]): Float32Array {
  const places = map.length / kernels;
  const out = new Float32Array(asked.length * places);
  asked.forEach((kernel, row) => {
    for (let place = 0; place < places; place++) out[row * places + place] = map[place * kernels + kernel]!;
  });
  return out;
}
