import ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { type Model, onnxModel } from '../../../numerics/onnx-model.js';
import { type Convolution, type GraphRequest, vggModel } from '../../../numerics/vgg/graph.js';
import { GraphParts } from '../../../numerics/vgg/graph-parts.js';
import type { ConvLayer } from '../../../numerics/vgg/layers.js';
import { syntheticVgg } from '../../../numerics/vgg/synthetic.js';
import { winograd } from '../../../numerics/vgg/winograd.js';
import { Xoshiro128 } from '../../../numerics/xoshiro.js';

async function outputsOf(model: Model, input: ort.Tensor, threads = 2): Promise<Record<string, Float32Array>> {
  const session = await ort.InferenceSession.create(onnxModel(model), { intraOpNumThreads: threads });
  const found = await session.run({ [model.inputs[0]!.name]: input });
  await session.release();
  return Object.fromEntries(Object.entries(found).map(([name, { data }]) => [name, data as Float32Array]));
}

/** Numbers between -0.5 and 0.5, the same every time. */
function numbers(count: number, seed: number): Float32Array {
  const random = new Xoshiro128(seed);
  return Float32Array.from({ length: count }, () => random.next() - 0.5);
}

/** The definition, in float64: [y, x, kernel] from [y, x, channel], zeros beyond the border. */
function convolved(input: Float32Array, { channels, kernels, weight, bias }: ConvLayer, height: number, width: number) {
  const map = new Float64Array(height * width * kernels);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let k = 0; k < kernels; k++) {
        let sum = bias[k]!;
        for (let tap = 0; tap < 9; tap++) {
          const [row, column] = [y + Math.floor(tap / 3) - 1, x + (tap % 3) - 1];
          if (row < 0 || row >= height || column < 0 || column >= width) continue;
          for (let c = 0; c < channels; c++)
            sum += weight[(k * channels + c) * 9 + tap]! * input[(row * width + column) * channels + c]!;
        }
        map[(y * width + x) * kernels + k] = sum;
      }
  return map;
}

describe('Winograd’s convolution', () => {
  test.each([
    [1, 1, 128, 5],
    [1, 9, 3, 4],
    [7, 5, 16, 8],
    [4, 8, 16, 7],
    [13, 6, 128, 1],
    [33, 50, 24, 10],
    [10, 11, 512, 32],
  ])(
    'is the convolution by definition: %i x %i places, %i channels, %i kernels',
    async (height, width, channels, kernels) => {
      const layer: ConvLayer = {
        name: 'conv',
        poolings: 0,
        channels,
        kernels,
        weight: numbers(kernels * channels * 9, 1),
        bias: numbers(kernels, 2),
      };
      const input = numbers(height * width * channels, 3);
      const graph = new GraphParts();
      const { name } = winograd(graph, layer, { name: 'places', order: 'places' }, height, width);
      graph.output('Identity', [name], {}, { name: 'map', type: 'float32', shape: [height, width, kernels] });
      const shape = [height, width, channels];
      const inputs = [{ name: 'places', type: 'float32', shape }] as const;
      const { map } = await outputsOf(
        { name: 'one layer', inputs, ...graph.parts() },
        new ort.Tensor('float32', input, shape),
      );
      const due = convolved(input, layer, height, width);
      const largest = due.reduce((so, value) => Math.max(so, Math.abs(value)), 0);
      // float32: the transforms add and subtract numbers larger than what is left.
      map!.forEach((value, i) => {
        expect(Math.abs(value - due[i]!) / largest).toBeLessThan(5e-6);
      });
    },
  );
});

describe('the network by Winograd’s convolutions', () => {
  // Half the width: the layers of 128 and 256 channels come after some that convolve directly.
  const layers = syntheticVgg(1, 32);
  const pixels = (height: number, width: number) =>
    new ort.Tensor(
      'uint8',
      Uint8Array.from(numbers(height * width * 3, 4), (value) => 256 * (value + 0.5)),
      [height, width, 3],
    );

  async function run(convolution: Convolution, request: Partial<GraphRequest>, threads = 2, height = 67, width = 101) {
    const all: GraphRequest = {
      layers,
      height,
      width,
      preprocessing: 'torch',
      activation: 'relu',
      statistics: ['mean', 'max', 'sd', 'active'],
      statisticsOf: new Set(layers.map(({ name }) => name)),
      ...request,
    };
    return outputsOf(vggModel(all, convolution), pixels(height, width), threads);
  }

  test.each([
    ['relu', 67, 101],
    ['relu', 16, 16],
    ['linear', 37, 90],
  ] as const)('gives the statistics and maps of direct ones (%s, %i x %i)', async (activation, height, width) => {
    const maps = new Map([
      ['conv5_3', [200, 0]],
      ['conv3_1', [3]],
      ['conv3_3', [1, 60, 2]],
    ]);
    const [direct, fast] = [
      await run('direct', { activation, maps }, 2, height, width),
      await run('fast', { activation, maps }, 2, height, width),
    ];
    expect(Object.keys(fast)).toEqual(Object.keys(direct));
    for (const [name, due] of Object.entries(direct)) {
      const [what, layer] = name.split(':') as [string, string];
      const poolings = Number(layer[4]) - 1;
      const largest = due.reduce((so, value) => Math.max(so, Math.abs(value)), 0);
      // A value near 0 may change its sign, in one place. Nothing averages out on images as small as these.
      const tolerance = what === 'active' ? 1.01 / ((height >> poolings) * (width >> poolings)) : 1e-5 * largest;
      fast[name]!.forEach((value, i) => {
        expect(Math.abs(value - due[i]!), name).toBeLessThanOrEqual(tolerance);
      });
    }
  });

  test('is the same, bit by bit, for one, two and three threads', async () => {
    const one = await run('fast', {}, 1);
    for (const threads of [2, 3]) expect(await run('fast', {}, threads)).toEqual(one);
  });
});
