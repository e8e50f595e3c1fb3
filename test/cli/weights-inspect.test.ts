import path from 'node:path';
import { expect, test } from 'vitest';
import { newFolder } from '../support/folders.js';
import { describeShared, shared } from '../support/shared.js';
import { voxreel } from './support/process.js';

describeShared('voxreel weights inspect', async () => {
  const folder = await newFolder('inspect');
  const weights = path.join(shared, 'weights');
  const inspect = (file: string, ...options: string[]) =>
    voxreel(folder, 'weights', 'inspect', path.join(weights, file), ...options);

  test('prints origin, network, pre-processing, layers and digests', async () => {
    const { code, stdout } = await inspect('narrow/keras/vgg16-narrow.full-model.keras2.h5');
    expect(code).toBe(0);
    expect(stdout).toMatch(/origin +HDF5 \(Keras\), Keras’ names/);
    expect(stdout).toMatch(/network +VGG-16: 13 layers, 264 kernels/);
    expect(stdout).toMatch(/pre-processing +caffe: B, G, R minus \(103\.939, 116\.779, 123\.68\)/);
    // From shared/weights/SHA256SUMS.
    expect(stdout).toMatch(/file +sha256 38a100b1e530272cf3f2b259cfd658c38e77a9c794d7e463d1a395569a83caec/);
    expect(stdout).toMatch(/^conv5_3 +\[3, 3, 32, 32\].*block5_conv3\/kernel:0$/m);
    expect(stdout).toMatch(/not used: .*fc1/);
  });

  test('--json: one object, whose digest is the same for the same numbers in any format', async () => {
    const read = async (file: string) => JSON.parse((await inspect(file, '--json')).stdout);
    const torch = await read('narrow/pytorch/vgg16-narrow.channels-last.pth');
    const tfjs = await read('narrow/tfjs/model.json');
    const rounded = await read('narrow/safetensors/vgg16-narrow.timm.f16.safetensors');
    expect(tfjs.digest).toBe(torch.digest);
    expect(rounded.digest).not.toBe(torch.digest);
    expect(torch).toMatchObject({ network: 'vgg16', preprocessing: 'torch', layout: 'oihw', known: null });
    expect(torch.layers[4]).toMatchObject({
      layer: 'conv3_1',
      weight: 'features.10.weight',
      bias: 'features.10.bias',
      shape: [16, 8, 3, 3],
      kernels: 16,
      channels: 8,
    });
  });

  test('reads the other VGGs, and says what their input needs', async () => {
    expect((await inspect('bad/vgg19.pth')).stdout).toMatch(/VGG-19: 16 layers.*`network: vgg19`/);
  });

  test('ends with 2 and the reason for what it cannot read', async () => {
    const hostile = await inspect('bad/malicious.pth');
    expect(hostile).toMatchObject({ code: 2, stdout: '' });
    expect(hostile.stderr).toMatch(/malicious\.pth: refused: this pickle asks for posix\.system/);
    const missing = await inspect('bad/none.pth');
    expect(missing.code).toBe(2);
    expect(missing.stderr).toMatch(/none\.pth: file not found/);
  });
});
