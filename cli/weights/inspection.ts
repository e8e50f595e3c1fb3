import { createHash } from 'node:crypto';
import { companionsBeside } from '../../artifacts/weights/companions.js';
import { knownNames, knownWeights } from '../../artifacts/weights/known.js';
import { openWeights } from '../../artifacts/weights/open.js';
import { findVgg, readVgg } from '../../artifacts/weights/vgg-tensors.js';
import type { ConvLayer } from '../../numerics/vgg/layers.js';
import { sha256Of } from './download.js';

/** What a weight file is and holds; also the output of `voxreel weights inspect --json`. */
export interface Inspection {
  readonly file: string;
  readonly sha256: string;
  /** The published weights that it is, if it is any. */
  readonly known: string | null;
  readonly format: string;
  readonly names: string;
  readonly network: string;
  readonly preprocessing: string;
  readonly layout: string;
  /** Of the float32 numbers themselves: the same for the same network in any format. */
  readonly digest: string;
  readonly layers: readonly {
    readonly layer: string;
    readonly weight: string;
    readonly bias: string;
    /** As in the file. */
    readonly shape: readonly number[];
    readonly kernels: number;
    readonly channels: number;
    readonly mean: number;
    readonly sd: number;
  }[];
  readonly ignored: readonly string[];
}

/** Reads a weight file of any VGG whole. Throws UserError for what is none. */
export async function inspectWeights(file: string): Promise<Inspection> {
  const tensors = await openWeights(file, file, companionsBeside(file, file));
  try {
    const found = findVgg(tensors, {});
    const layers = await readVgg(tensors, found);
    const sha256 = await sha256Of(file);
    const used = new Set(found.convolutions.flatMap(({ weight, bias }) => [weight, bias]));
    return {
      file,
      sha256,
      known: knownNames.find((name) => knownWeights[name].sha256 === sha256) ?? null,
      format: tensors.format,
      names: found.names,
      network: found.network,
      preprocessing: found.preprocessing,
      layout: found.layout,
      digest: digestOf(layers),
      layers: found.convolutions.map(({ layer, weight, bias, kernels, channels }, index) => ({
        layer: layer.name,
        weight,
        bias,
        shape: tensors.shapeOf(weight)!,
        kernels,
        channels,
        ...spread(layers[index]!.weight),
      })),
      ignored: tensors.names.filter((name) => !used.has(name)),
    };
  } finally {
    await tensors.close();
  }
}

/** sha256 over kernels [kernel, channel, y, x] and biases of every layer in order, little-endian float32. */
function digestOf(layers: readonly ConvLayer[]): string {
  const hash = createHash('sha256');
  for (const { weight, bias } of layers) {
    for (const { buffer, byteOffset, byteLength } of [weight, bias]) {
      hash.update(new Uint8Array(buffer, byteOffset, byteLength));
    }
  }
  return hash.digest('hex');
}

function spread(values: Float32Array): { mean: number; sd: number } {
  let [sum, squares] = [0, 0];
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / values.length;
  return { mean, sd: Math.sqrt(Math.max(0, squares / values.length - mean * mean)) };
}
