import { Xoshiro128 } from '../xoshiro.js';
import { type ConvLayer, type VggName, vggLayers } from './layers.js';

/**
 * Random weights for the layers of a VGG: the right shape, nothing learnt. For tests and demonstrations.
 * They are meant for `torch` pre-processing, whose inputs have about unit variance.
 *
 * - `seed`: start of the random numbers. `width`: kernels of the first layer; the others keep VGG's proportions.
 * - Numbers are approximately normal: sums of twelve 16-bit uniform numbers (Irwin-Hall), layer by layer, kernels in
 *   the order [kernel, channel, y, x]. Only integer arithmetic, + - * / and square root are used, so that every
 *   machine and JavaScript engine makes the same bits. Biases are 0.
 * - First layer: variance 2 / (9 channels) as in He et al. (2015); luminance, colours and edges all count.
 * - Deeper layers: each kernel's mean is taken off. Maps after a ReLU are positive everywhere; kernels that do not sum
 *   to zero would all answer to that common part, more so with every layer, until the kernels of a deep layer had
 *   nearly the same series. What is left of a ReLU's output without its mean has (1 - 1/pi) / 2 of the variance
 *   that went in, hence the gain 2 / (1 - 1/pi).
 */
export function syntheticVgg(seed: number, width: number, network: VggName = 'vgg16'): ConvLayer[] {
  const random = new Xoshiro128(seed);
  let channels = 3;
  return vggLayers(network).map(({ name, poolings, width: full }, index) => {
    const kernels = (width * full) / 64;
    const size = channels * 9;
    const gain = index === 0 ? 2 : 2 / (1 - 1 / Math.PI);
    const scale = Math.sqrt(gain / size);
    const weight = new Float32Array(kernels * size);
    const drawn = new Float64Array(size);
    for (let kernel = 0; kernel < kernels; kernel++) {
      let sum = 0;
      for (let i = 0; i < size; i++) {
        drawn[i] = random.nearlyNormal();
        sum += drawn[i]!;
      }
      const mean = index === 0 ? 0 : sum / size;
      for (let i = 0; i < size; i++) weight[kernel * size + i] = (drawn[i]! - mean) * scale;
    }
    const layer = { name, poolings, channels, kernels, weight, bias: new Float32Array(kernels) };
    channels = kernels;
    return layer;
  });
}

export interface SyntheticRequest {
  readonly seed: number;
  readonly width: number;
  readonly network: VggName;
}

/** `syntheticVgg` as a task of the pool: the full network takes a second, in which this thread would hear nothing. */
export function synthetic({ seed, width, network }: SyntheticRequest): ConvLayer[] {
  return syntheticVgg(seed, width, network);
}
