import { describe, expect, test } from 'vitest';
import { mapSize, vgg16, vggLayers } from '../../numerics/vgg/layers.js';
import { syntheticVgg } from '../../numerics/vgg/synthetic.js';
import { Xoshiro128 } from '../../numerics/xoshiro.js';

describe('xoshiro128**', () => {
  test('gives the numbers of the authors’ C program for the state 1, 2, 3, 4', () => {
    const random = new Xoshiro128([1, 2, 3, 4]);
    // Printed by https://prng.di.unimi.it/xoshiro128starstar.c, compiled with gcc.
    const due = [11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804];
    expect(Array.from(due, () => random.next())).toEqual(due);
  });

  test('gives nearly normal numbers of mean 0 and variance 1', () => {
    const random = new Xoshiro128(5);
    const count = 200_000;
    const drawn = Float64Array.from({ length: count }, () => random.nearlyNormal());
    const moment = (power: number) => drawn.reduce((sum, value) => sum + value ** power, 0) / count;
    // Four standard errors: 1/sqrt(n), sqrt(2/n), sqrt(96/n); the kurtosis of twelve uniform numbers is 3 - 0.1.
    expect(Math.abs(moment(1))).toBeLessThan(4 / Math.sqrt(count));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(2 / count));
    expect(Math.abs(moment(4) - 2.9)).toBeLessThan(4 * Math.sqrt(96 / count));
  });
});

describe('synthetic VGG-16', () => {
  test('has the shape of the network', () => {
    const layers = syntheticVgg(1, 4);
    // The narrow network of the weight fixtures has the same widths.
    expect(layers.map(({ kernels }) => kernels)).toEqual([4, 4, 8, 8, 16, 16, 16, 32, 32, 32, 32, 32, 32]);
    expect(layers.map(({ channels }) => channels)).toEqual([3, 4, 4, 8, 8, 16, 16, 16, 32, 32, 32, 32, 32]);
    for (const { weight, kernels, channels, bias } of layers) {
      expect(weight).toHaveLength(kernels * channels * 9);
      expect(bias).toHaveLength(kernels);
    }
    expect(syntheticVgg(1, 64).reduce((sum, { kernels }) => sum + kernels, 0)).toBe(4224);
  });

  test('depends on the seed and on nothing else', () => {
    const [one, again, other] = [syntheticVgg(1, 2), syntheticVgg(1, 2), syntheticVgg(2, 2)];
    expect(again).toEqual(one);
    expect(other[0]!.weight).not.toEqual(one[0]!.weight);
  });

  test('takes the mean off every kernel behind the first layer', () => {
    const layers = syntheticVgg(1, 4);
    for (const { weight, kernels, channels } of layers.slice(1)) {
      for (let k = 0; k < kernels; k++) {
        const kernel = weight.subarray(k * channels * 9, (k + 1) * channels * 9);
        // Rounding of single weights to float32: 2^-24 of about 1, times the root of their number.
        expect(Math.abs(kernel.reduce((a, b) => a + b, 0))).toBeLessThan(1e-5);
      }
    }
  });
});

describe('the table of VGG networks', () => {
  test('has the names and numbers of Keras and torchvision', () => {
    expect(vgg16.map(({ torchvision }) => torchvision)).toEqual([0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28]);
    expect(vgg16.map(({ keras }) => keras).slice(-3)).toEqual(['block5_conv1', 'block5_conv2', 'block5_conv3']);
    expect(vgg16.map(({ name }) => name).slice(0, 3)).toEqual(['conv1_1', 'conv1_2', 'conv2_1']);
    expect(vgg16.reduce((sum, { width }) => sum + width, 0)).toBe(4224);
    expect(vggLayers('vgg19').map(({ torchvision }) => torchvision)).toEqual([
      0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34,
    ]);
  });

  test('gives the paper’s map sizes for 720 x 1280', () => {
    const sizes = [...new Set(vgg16.map((layer) => mapSize(layer, 720, 1280).join(' x ')))];
    expect(sizes).toEqual(['720 x 1280', '360 x 640', '180 x 320', '90 x 160', '45 x 80']);
  });
});
