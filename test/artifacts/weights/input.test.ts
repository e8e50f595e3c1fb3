import { truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Artifact, ResolvedInput } from '../../../artifacts/artifact.js';
import { readWeights, weightsType } from '../../../artifacts/weights.js';
import { loadWeights } from '../../../steps/weights/network.js';
import { newFolder } from '../../support/folders.js';
import { noThreads } from '../../support/run-step.js';
import { describeShared } from '../../support/shared.js';
import { bitsOf, fixtures } from './read-weights.js';

afterEach(() => vi.unstubAllEnvs());

async function resolve(spec: Record<string, unknown>, baseDir = '/'): Promise<{ artifact: Artifact; notes: string[] }> {
  const notes: string[] = [];
  const context = { baseDir, name: 'mine', note: (message: string) => notes.push(message) };
  const resolved = (await weightsType.input!.resolve(spec, context)) as ResolvedInput;
  return { artifact: { digest: '', meta: {}, ...resolved }, notes };
}

const load = (artifact: Artifact) => loadWeights(artifact, { pool: noThreads, signal: new AbortController().signal });

describe('an input of weights', () => {
  test('is a file, fetched, or synthetic: exactly one of them', async () => {
    await expect(resolve({})).rejects.toThrow(/no weights are named.*path.*fetched.*synthetic/s);
    await expect(resolve({ path: 'a', synthetic: {} })).rejects.toThrow(/path and synthetic are given together/);
  });

  test('that is synthetic is marked as untrained, and may be any VGG', async () => {
    const { artifact } = await resolve({ synthetic: { seed: 3 } });
    expect(artifact).toMatchObject({ files: {}, meta: { origin: 'synthetic', seed: 3, width: 64, untrained: true } });
    const deeper = await resolve({ synthetic: { width: 1 }, network: 'vgg19' });
    expect(readWeights(deeper.artifact)).toMatchObject({ network: 'vgg19', untrained: true });
    const { layers, network } = await load(deeper.artifact);
    expect([layers.length, layers.at(-1)!.name, network]).toEqual([16, 'conv5_4', 'vgg19']);
    await expect(resolve({ synthetic: {}, layout: 'oihw' })).rejects.toThrow(/layout belongs to weights from a file/);
  });

  test('that was never fetched says how to fetch it', async () => {
    const folder = await newFolder('weights');
    vi.stubEnv('VOXREEL_WEIGHTS', folder);
    const missing = resolve({ fetched: 'vgg16-keras' });
    await expect(missing).rejects.toThrow(/not fetched yet.*voxreel weights fetch vgg16-keras/s);
    await expect(missing).rejects.toMatchObject({ problems: [{ keys: ['fetched'] }] });
    const file = path.join(folder, 'vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5');
    await writeFile(file, '\x89HDF\r\n\x1a\n', 'latin1');
    await expect(resolve({ fetched: 'vgg16-keras' })).rejects.toThrow(/has 8 bytes instead of 58889256/);
    // fetch has verified it; its content is hashed for the key.
    await truncate(file, 58_889_256);
    const { artifact } = await resolve({ fetched: 'vgg16-keras' });
    expect(artifact).toMatchObject({
      files: { weights: file },
      origin: 'vgg16-keras',
      meta: { preprocessing: 'caffe' },
    });
  });
});

describeShared('an input of weights from a file', () => {
  const bad = path.join(fixtures, 'bad');

  test('tells its origin, and what that implies is part of the artifact', async () => {
    const { artifact, notes } = await resolve({ path: 'control.pth' }, bad);
    expect(artifact.meta).toEqual({ origin: 'file', network: 'vgg16', preprocessing: 'torch', layout: 'oihw' });
    expect(notes).toEqual([
      'VGG-16 from PyTorch, torchvision’s names; pre-processing of images: torch, which this origin implies',
    ]);
    const keras = await resolve({ path: 'control.h5' }, bad);
    expect(keras.artifact.meta).toEqual({ origin: 'file', network: 'vgg16', preprocessing: 'caffe', layout: 'hwio' });
  });

  test('lets the user say otherwise', async () => {
    const { artifact, notes } = await resolve({ path: 'control.pth', preprocessing: 'caffe' }, bad);
    expect(artifact.meta).toMatchObject({ preprocessing: 'caffe' });
    expect(notes[0]).toMatch(/pre-processing of images: caffe, as this input says/);
    expect((await load(artifact)).preprocessing).toBe('caffe');

    const reference = await load((await resolve({ path: 'control.safetensors' }, bad)).artifact);
    await expect(resolve({ path: 'hwio-layout.safetensors' }, bad)).rejects.toThrow(/`layout: hwio`/);
    const turned = await load((await resolve({ path: 'hwio-layout.safetensors', layout: 'hwio' }, bad)).artifact);
    expect(bitsOf(turned.layers)).toEqual(bitsOf(reference.layers));
  });

  test('takes along the files that it names, and nothing from beside them later', async () => {
    const { artifact } = await resolve({ path: 'tfjs-control/model.json' }, bad);
    expect(Object.keys(artifact.files)).toEqual([
      'weights',
      'beside/group1-shard1of2.bin',
      'beside/group1-shard2of2.bin',
    ]);
    expect((await load(artifact)).layers).toHaveLength(13);
    const { weights } = artifact.files;
    await expect(load({ ...artifact, files: { weights: weights! } })).rejects.toThrow(
      /group1-shard1of2\.bin was not there/,
    );
  });

  test('of another network is refused before anything runs, unless it is asked for', async () => {
    await expect(resolve({ path: 'vgg19.pth' }, bad)).rejects.toThrow(/this is VGG-19.*network: vgg19/s);
    const { artifact } = await resolve({ path: 'vgg19.pth', network: 'vgg19' }, bad);
    expect(artifact.meta.network).toBe('vgg19');
    expect((await load(artifact)).layers).toHaveLength(16);
  });
});
