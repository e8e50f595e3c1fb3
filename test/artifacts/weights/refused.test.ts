import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../../artifacts/user-error.js';
import { newFolder } from '../../support/folders.js';
import { describeShared, root } from '../../support/shared.js';
import { bitsOf, fixtures, readWeightFile } from './read-weights.js';

/** What each message must hold: the manifest's words, where it gives them literally; else what they stand for. */
const words: Readonly<Record<string, readonly (string | RegExp)[]>> = {
  'truncated.safetensors': ['expected: 16792 bytes', 'found 15792', 'Download the file again'],
  'header-beyond-file.safetensors': ['header length 50000000', 'file size of 16792'],
  'header-length-2e63.safetensors': ['header length 9223372036854775816'],
  'header-not-json.safetensors': ['header is not valid JSON'],
  'overlapping-offsets.safetensors': ['features.2.weight', 'features.0.weight', 'overlap'],
  'offset-outside.safetensors': ['features.28.weight', 'offsets', 'file size of 16800'],
  'length-not-shape.safetensors': ['features.10.weight', '[4,2,3,3]', '288', '284'],
  'hole.safetensors': ['64 bytes'],
  'integer-weights.safetensors': ['features.0.weight', 'I32', 'F32, F16 or BF16'],
  'kernel-5x5.safetensors': ['features.10.weight', '[4,2,5,5]', '3x3'],
  'hwio-layout.safetensors': ['features.0.weight', '[3,3,3,1]', 'OIHW'],
  'channel-mismatch.safetensors': ['features.5.weight', '3 input channels', 'gives 1'],
  'bias-length.safetensors': ['features.7.bias', '3 values', '2 kernels'],
  'one-input-channel.safetensors': ['features.0.weight', /\b1 input channel\b/, '3 input channels'],
  'missing-layer.safetensors': ['features.17.weight', 'block4_conv1'],
  'missing-bias.safetensors': ['features.24.bias'],
  'nan.safetensors': ['features.21.weight', /2 of \d+ values are NaN/],
  'inf.safetensors': ['features.0.bias', 'Infinity'],
  'no-tensors.safetensors': ['features.0.weight', 'no tensors'],
  'other-net.safetensors': ['features.0.weight or block1_conv1', 'bert.embeddings.weight'],
  'git-lfs-pointer.safetensors': ['Git LFS pointer', 'git lfs pull'],
  'malicious.pth': ['posix.system', 'refused'],
  'malicious.legacy.pth': ['posix.system', 'refused'],
  'malicious.eval.pth': ['builtins.eval', 'refused'],
  'malicious.nested.pth': ['torch.storage._load_from_bytes', 'refused'],
  'whole-model.pth': ['torchvision.models.vgg.VGG', 'torch.save(model.state_dict(), '],
  'vgg19.pth': ['features.17.weight', 'VGG-19', 'network: vgg19'],
  'vgg16-bn.pth': ['batch normalisation (features.1.running_mean)', 'vgg16 without bn'],
  'truncated.pth': ['cut off: not a complete zip', 'Download the file again'],
  'truncated.legacy.pth': [/\(features\.\d+\.(weight|bias)\)/, 'end early', 'Download the file again'],
  'nan.pth': ['features.12.weight', 'NaN'],
  'bomb-deflate.pth': ['data/0', '16777216', '108'],
  'bomb-declared.pth': ['data/0', '4294967280', 'file size of 19913'],
  'bomb-shape.pth': ['features.0.weight', '[1073741824,3,3,3]', '108 bytes'],
  'pickle-long-string.pth': ['pickle', 'length of 4611686018427387904'],
  'html-page.pth': ['HTML page', 'Download the file again'],
  'bare-tensor.pth': ['a tensor of shape [3,3]', 'state_dict'],
  'missing-layer.h5': ['block4_conv2'],
  'dangling-layer-name.h5': ['block2_conv2', 'layer_names'],
  'oihw-layout.h5': ['block1_conv1', '[1,3,3,3]', 'HWIO'],
  'kernel-5x5.h5': ['block3_conv1', '[5,5,2,4]', '3x3'],
  'vgg19.h5': ['block3_conv4', 'VGG-19', 'network: vgg19'],
  'no-layers.h5': ['block1_conv1', 'found: data'],
  'text.h5': ['not an HDF5 file'],
  'truncated.h5': ['truncated: found 22304 bytes', '44608', 'Download the file again'],
  'linear.onnx': ['13 Conv nodes expected, 0 found', 'Gemm'],
  'truncated.onnx': ['truncated', 'not a complete ONNX file', 'Download the file again'],
  'kernel-5x5.onnx': ['features.10.weight', '[4,2,5,5]', '3x3'],
  'external-data-missing.onnx': ['features.0.weight', 'weights.bin'],
  'external-data-escape.onnx': ['../../../../../../etc/passwd', 'outside'],
  'nan.onnx': ['features.21.weight', /1 of \d+ values are NaN/],
  'tfjs-missing-shard/model.json': ['group1-shard2of2.bin', 'missing'],
  'tfjs-short-shard/model.json': ['group1-shard2of2.bin', 'found 6636', '6736'],
  'tfjs-escape/model.json': ['../control.safetensors', 'outside'],
  'empty.pth': ['empty'],
  'empty.h5': ['empty'],
  'empty.onnx': ['empty'],
  'empty.safetensors': ['empty'],
  'empty.json': ['empty'],
  'unknown.xyz': ['.pth', '.h5', '.onnx', '.safetensors', 'model.json'],
};

describeShared('bad weight files', async () => {
  const bad = path.join(fixtures, 'bad');
  const { items, payload_marker: marker } = JSON.parse(await readFile(path.join(bad, 'manifest.json'), 'utf8')) as {
    items: { file: string; expect: 'load' | 'reject' | 'load or reject' }[];
    payload_marker: string;
  };
  const files = (expected: string) => items.filter((item) => item.expect === expected).map(({ file }) => file);

  test('are all known to this test', () => {
    expect(files('reject').sort()).toEqual(Object.keys(words).sort());
  });

  test.each(files('reject'))('%s is refused, and the message names what is wrong', async (file) => {
    const error = await readWeightFile(path.join(bad, file)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    const { message } = error as UserError;
    expect(message).toContain(path.join(bad, file));
    for (const word of words[file]!) {
      if (typeof word === 'string') expect(message).toContain(word);
      else expect(message).toMatch(word);
    }
    expect(existsSync(marker)).toBe(false);
  });

  test.each(files('load'))('%s, which is not damaged, loads', async (file) => {
    const { layers } = await readWeightFile(path.join(bad, file));
    expect(layers.map(({ kernels }) => kernels)).toEqual([1, 1, 2, 2, 4, 4, 4, 8, 8, 8, 8, 8, 8]);
    expect(bitsOf(layers)).toEqual(bitsOf((await readWeightFile(path.join(bad, 'control.safetensors'))).layers));
  });

  test.each(files('load or reject'))('%s loads and leaves nothing behind', async (file) => {
    const { layers } = await readWeightFile(path.join(bad, file));
    expect(layers).toHaveLength(13);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  test('of VGG-19 load where VGG-19 is asked for', async () => {
    for (const file of ['vgg19.pth', 'vgg19.h5']) {
      const { layers } = await readWeightFile(path.join(bad, file), 'vgg19');
      expect(layers.map(({ name }) => name).filter((name) => name.endsWith('_4'))).toEqual([
        'conv3_4',
        'conv4_4',
        'conv5_4',
      ]);
    }
    await expect(readWeightFile(path.join(bad, 'control.pth'), 'vgg19')).rejects.toThrow(
      /this is VGG-16: features\.16\.weight.*expected: VGG-19/s,
    );
  });

  describe('in a process of its own', () => {
    test('take no more than 200 MB and a second of CPU, and run nothing', async () => {
      const folder = await newFolder('bad-weights');
      const script = path.join(root, 'test/support/read-bad-weights.mjs');
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [script, ...files('reject').map((file) => path.join(bad, file))],
        { cwd: folder, timeout: 60_000 },
      );
      const { refused, slowest, peak } = JSON.parse(stdout) as { refused: number; slowest: number; peak: number };
      expect(refused).toBe(files('reject').length);
      expect(peak).toBeLessThan(200e6);
      // CPU, not time on the clock: it bounds the work, whatever else the machine does.
      expect(slowest).toBeLessThan(1);
      expect(existsSync(path.join(folder, marker))).toBe(false);
    });
  });
});
