import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Node, onnxModel } from '../../../numerics/onnx-model.js';
import { type VggName, vggLayers } from '../../../numerics/vgg/layers.js';
import { newFolder } from '../../support/folders.js';
import { readWeightFile } from './read-weights.js';

/** Kernels of each block in these tests. */
const widths = [1, 1, 2, 2, 2];

interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Layers whose numbers all differ: the name and the shape of each kernel [kernel, channel, y, x] and bias. */
function convolutions(network: VggName): { weight: Tensor; bias: Tensor; torchvision: number; poolings: number }[] {
  let channels = 3;
  let next = 0;
  const tensor = (shape: readonly number[]) => ({
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => next++ / 64),
  });
  return vggLayers(network).map(({ torchvision, poolings }) => {
    const kernels = widths[poolings]!;
    const layer = { weight: tensor([kernels, channels, 3, 3]), bias: tensor([kernels]), torchvision, poolings };
    channels = kernels;
    return layer;
  });
}

function safetensors(tensors: Readonly<Record<string, Tensor>>): Buffer {
  let end = 0;
  const header = JSON.stringify(
    Object.fromEntries(
      Object.entries(tensors).map(([name, { shape, data }]) => {
        const start = end;
        end += data.byteLength;
        return [name, { dtype: 'F32', shape, data_offsets: [start, end] }];
      }),
    ),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
  return Buffer.concat([
    length,
    Buffer.from(header),
    ...Object.values(tensors).map(({ data }) => Buffer.from(data.buffer)),
  ]);
}

/** torchvision's names, each with something before it. */
const named = (network: VggName, before: string) =>
  Object.fromEntries(
    convolutions(network).flatMap(({ weight, bias, torchvision }) => [
      [`${before}${torchvision}.weight`, weight],
      [`${before}${torchvision}.bias`, bias],
    ]),
  );

let folder: string;
beforeAll(async () => {
  folder = await newFolder('names');
});

async function read(bytes: Uint8Array, network?: VggName) {
  const file = path.join(folder, 'weights');
  await writeFile(file, bytes);
  return readWeightFile(file, network);
}

describe('names in a weight file', () => {
  test.each(['', 'module.', 'model.', 'state_dict.module.'])('may stand behind "%s"', async (before) => {
    const { layers } = await read(safetensors(named('vgg16', `${before}features.`)));
    expect(layers.map(({ weight }) => weight)).toEqual(convolutions('vgg16').map(({ weight }) => weight.data));
  });

  test('may have DataParallel around the features, as PyTorch’s ImageNet example saves VGG', async () => {
    const { layers } = await read(safetensors(named('vgg16', 'features.module.')));
    expect(layers.map(({ bias }) => bias)).toEqual(convolutions('vgg16').map(({ bias }) => bias.data));
  });

  test('of two networks in one file are refused: nobody can tell which is meant', async () => {
    const both = safetensors({ ...named('vgg16', 'state_dict.features.'), ...named('vgg16', 'ema.features.') });
    await expect(read(both)).rejects.toThrow(/several networks.*state_dict\.features\. and ema\.features\./);
  });

  test.each(['vgg11', 'vgg13', 'vgg19'] as const)('tell %s, which loads where it is asked for', async (network) => {
    const bytes = safetensors(named(network, 'features.'));
    const { layers } = await read(bytes, network);
    expect(layers.map(({ name }) => name)).toEqual(vggLayers(network).map(({ name }) => name));
    await expect(read(bytes)).rejects.toThrow(
      new RegExp(`this is VGG-${network.slice(3)}.*\`network: ${network}\``, 's'),
    );
  });

  test('of one convolution too many are no VGG', async () => {
    const { weight } = convolutions('vgg16').at(-1)!;
    const bytes = safetensors({ ...named('vgg16', 'features.'), 'features.31.weight': weight });
    await expect(read(bytes)).rejects.toThrow(/features\.31\.weight is none of VGG-16/);
  });
});

/** An ONNX graph: the network, then what a test adds behind it. Names say nothing. */
function graph(network: VggName, changes: { between?: string; behind?: readonly Node[] } = {}): Uint8Array {
  const layers = convolutions(network);
  const nodes: Node[] = [];
  let signal = 'image';
  const step = (op: string, inputs: readonly string[], attributes: NonNullable<Node['attributes']> = {}) => {
    const name = `s${nodes.length}`;
    nodes.push({ op, inputs: [signal, ...inputs], outputs: [name], attributes });
    signal = name;
  };
  const size = { kernel_shape: [2, 2], strides: [2, 2] };
  layers.forEach(({ poolings }, index) => {
    if (index > 0 && poolings > layers[index - 1]!.poolings) step('MaxPool', [], size);
    // The last in name is the first in the network.
    const name = String.fromCharCode('z'.charCodeAt(0) - index);
    step('Conv', [`${name}w`, `${name}b`], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] });
    step(changes.between ?? 'Relu', []);
  });
  step('MaxPool', [], size);
  const initializers = layers.flatMap(({ weight, bias }, index) => {
    const name = String.fromCharCode('z'.charCodeAt(0) - index);
    return [
      { name: `${name}b`, type: 'float32' as const, ...bias },
      { name: `${name}w`, type: 'float32' as const, ...weight },
    ];
  });
  const behind = (changes.behind ?? []).map((node) => ({ ...node, inputs: [signal, ...node.inputs] }));
  return onnxModel({
    name: 'test',
    inputs: [{ name: 'image', type: 'float32', shape: [1, 3, 64, 64] }],
    outputs: [{ name: signal, type: 'float32', shape: [1, 2, 2, 2] }],
    nodes: [...nodes, ...behind],
    initializers: [
      ...initializers.reverse(),
      { name: 'fc', type: 'float32', shape: [1, 2, 2, 2], data: new Float32Array(8) },
    ],
  });
}

describe('the graph of an ONNX model', () => {
  test('gives the order of layers, whatever their names and places in the file', async () => {
    const { layers } = await read(graph('vgg16'));
    expect(layers.map(({ weight }) => weight)).toEqual(convolutions('vgg16').map(({ weight }) => weight.data));
  });

  test('may end in a classifier made of convolutions, as timm writes it', async () => {
    const classifier = { op: 'Conv', inputs: ['fc'], outputs: ['logits'], attributes: { kernel_shape: [2, 2] } };
    expect((await read(graph('vgg16', { behind: [classifier] }))).layers).toHaveLength(13);
  });

  test('tells the other VGGs by their layers and poolings', async () => {
    expect((await read(graph('vgg19'), 'vgg19')).layers).toHaveLength(16);
    await expect(read(graph('vgg19'))).rejects.toThrow(/this is VGG-19: 13 Conv nodes expected, 16 found/);
  });

  test('with another activation, or with a second way through, is no VGG', async () => {
    await expect(read(graph('vgg16', { between: 'Sigmoid' }))).rejects.toThrow(/an input from Sigmoid/);
    const second = { op: 'Conv', inputs: ['zw', 'zb'], outputs: ['other'] };
    const twice = { op: 'Conv', inputs: ['yw', 'yb'], outputs: ['another'] };
    await expect(read(graph('vgg16', { behind: [second, twice] }))).rejects.toThrow(/a second way through the network/);
  });
});
