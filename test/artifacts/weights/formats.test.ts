import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { vgg16 } from '../../../numerics/vgg/layers.js';
import { describeShared } from '../../support/shared.js';
import { bitsOf, fixtures, type ReadWeights, readWeightFile } from './read-weights.js';

const narrow = (name: string) => readWeightFile(path.join(fixtures, 'narrow', name));

/** Sign, exponent and fraction of float32, rounded to nearest, ties to even, with `kept` bits of fraction. */
function rounded(values: Float32Array, kept: number, smallest: number): Float32Array {
  return values.map((value) => {
    if (value === 0) return value;
    const exponent = Math.max(Math.floor(Math.log2(Math.abs(value))), smallest);
    const unit = 2 ** (exponent - kept);
    const scaled = value / unit;
    const below = Math.floor(scaled);
    const rest = scaled - below;
    const up = rest > 0.5 || (rest === 0.5 && below % 2 !== 0);
    return (below + (up ? 1 : 0)) * unit;
  });
}

describeShared('the same weights in every format', () => {
  let reference: ReadWeights;
  beforeAll(async () => {
    // The one format whose bytes lie as they are used. That these are the right numbers, PyTorch says (extract.test.ts).
    reference = await narrow('safetensors/vgg16-narrow.safetensors');
  });

  test('have the widths and names of the fixture’s table', () => {
    expect(reference.layers.map(({ kernels }) => kernels)).toEqual([4, 4, 8, 8, 16, 16, 16, 32, 32, 32, 32, 32, 32]);
    expect(reference.layers.map(({ name }) => name)).toEqual(vgg16.map(({ name }) => name));
  });

  test.each([
    ['pytorch/vgg16-narrow.pth', 'PyTorch', 'torch'],
    ['pytorch/vgg16-narrow.legacy.pth', 'PyTorch (before 1.6)', 'torch'],
    ['pytorch/vgg16-narrow.legacy-2017.pth', 'PyTorch (before 1.6)', 'torch'],
    ['pytorch/vgg16-narrow.channels-last.pth', 'PyTorch', 'torch'],
    ['pytorch/vgg16-narrow.checkpoint.pth.tar', 'PyTorch', 'torch'],
    ['keras/vgg16-narrow.notop.keras1.h5', 'HDF5 (Keras)', 'caffe'],
    ['keras/vgg16-narrow.notop.keras2.h5', 'HDF5 (Keras)', 'caffe'],
    ['keras/vgg16-narrow.notop.keras3-legacy.h5', 'HDF5 (Keras)', 'caffe'],
    ['keras/vgg16-narrow.full-model.keras2.h5', 'HDF5 (Keras)', 'caffe'],
    ['keras/vgg16-narrow.keras3.weights.h5', 'HDF5 (Keras)', 'caffe'],
    ['keras/vgg16-narrow.keras3.0-notop.weights.h5', 'HDF5 (Keras)', 'caffe'],
    ['onnx/vgg16-narrow.onnx', 'ONNX', 'torch'],
    ['onnx/vgg16-narrow.zoo-names.onnx', 'ONNX', 'torch'],
    ['tfjs/model.json', 'TensorFlow.js', 'caffe'],
  ])('%s holds the same bits, and its origin (%s) means %s', async (name, format, preprocessing) => {
    const found = await narrow(name);
    expect(bitsOf(found.layers)).toEqual(bitsOf(reference.layers));
    expect(found).toMatchObject({ format, preprocessing, network: 'vgg16' });
  });

  test.each([
    // Fraction bits, and the exponent below which numbers are no longer normal.
    ['f16', 10, -14],
    ['bf16', 7, -126],
  ])('vgg16-narrow.timm.%s.safetensors holds them rounded', async (form, kept, smallest) => {
    const { layers } = await narrow(`safetensors/vgg16-narrow.timm.${form}.safetensors`);
    const due = reference.layers.map((layer) => ({
      ...layer,
      weight: rounded(layer.weight, kept, smallest),
      bias: rounded(layer.bias, kept, smallest),
    }));
    expect(bitsOf(layers)).toEqual(bitsOf(due));
  });
});
