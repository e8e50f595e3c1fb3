import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Artifact } from '../../artifacts/artifact.js';
import { readFrameTable } from '../../artifacts/frames.js';
import { fileOf } from '../../artifacts/meta.js';
import { readNpyHeader } from '../../artifacts/npy.js';
import { readSeries } from '../../artifacts/series.js';
import { partOfWorkflow } from '../../cli/demo/part-of-workflow.js';
import { loadWorkflow, run } from '../../index.js';
import { describeShared, root, shared } from '../support/shared.js';

/** The network's widths over 16: see shared/weights/README.md. */
const kernels = 264;

/**
 * The paper's workflow as it is shipped, with a real clip (1280 x 720, 132 frames, 25 a second) and narrow weights put
 * in: decoding and the network at full resolution, by both backends.
 */
describeShared('the workflow of the paper on a real clip', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'voxreel-sohn-'));
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  /** What the steps `frames` and `series` of the workflow make. */
  async function decodeAndExtract(...set: string[]): Promise<{ frames: Artifact; series: Artifact }> {
    const whole = await loadWorkflow(path.join(root, 'workflows', 'sohn-2024.yaml'), {
      set: [
        `inputs.movie.path=${path.join(shared, 'reference', 'video', 'bigbuckbunny.mp4')}`,
        `inputs.weights.path=${path.join(shared, 'weights', 'narrow', 'safetensors', 'vgg16-narrow.safetensors')}`,
        ...set,
      ],
    });
    const part = partOfWorkflow(whole, 'series');
    const outputs = new Map(
      ['frames', 'series'].map((step) => {
        const { place, ports } = part.steps.find(({ name }) => name === step)!;
        const port = Object.keys(ports.outputs)[0]!;
        return [step, { name: step, wire: { kind: 'step', step, port, place }, place }] as const;
      }),
    );
    const options = { cache: path.join(dir, 'cache'), results: path.join(dir, 'results') };
    const result = await run({ ...part, outputs }, options);
    expect(result.ok).toBe(true);
    return { frames: result.outputs.get('frames')![0]!, series: result.outputs.get('series')![0]! };
  }

  test('windows of 2 s: 50, 50 and 32 frames of 720 x 1280, and a series for every kernel', async () => {
    const { frames, series } = await decodeAndExtract();
    expect((await readNpyHeader(fileOf(frames, 'frames.npy'))).shape).toEqual([3, 720, 1280, 3]);
    const table = await readFrameTable(fileOf(frames, 'frames.tsv'));
    expect(table.map(({ onset, images }) => [onset, images])).toEqual([
      [0, 50],
      [2, 50],
      [4, 32],
    ]);
    const { values, samples, kernels: names } = await readSeries(series);
    expect([samples, names.length]).toEqual([3, kernels]);
    expect(names[0]!.name).toBe('conv1_1/k1');
    expect(names.at(-1)!.name).toBe('conv5_3/k32');
    expect(values.every((value) => value >= 0)).toBe(true);
  });

  test.each([
    'pytorch/vgg16-narrow.pth',
    'pytorch/vgg16-narrow.legacy.pth',
    'pytorch/vgg16-narrow.legacy-2017.pth',
    'pytorch/vgg16-narrow.channels-last.pth',
    'pytorch/vgg16-narrow.checkpoint.pth.tar',
    'keras/vgg16-narrow.notop.keras1.h5',
    'keras/vgg16-narrow.notop.keras2.h5',
    'keras/vgg16-narrow.notop.keras3-legacy.h5',
    'keras/vgg16-narrow.full-model.keras2.h5',
    'keras/vgg16-narrow.keras3.weights.h5',
    'keras/vgg16-narrow.keras3.0-notop.weights.h5',
    'onnx/vgg16-narrow.onnx',
    'onnx/vgg16-narrow.zoo-names.onnx',
    'tfjs/model.json',
  ])('weights in %s give the same series', async (form) => {
    // Keras and TensorFlow.js imply the other pre-processing.
    const preprocessing = /^(keras|tfjs)/.test(form) ? 'caffe' : 'torch';
    const due = await readSeries((await decodeAndExtract(`inputs.weights.preprocessing=${preprocessing}`)).series);
    const file = path.join(shared, 'weights', 'narrow', form);
    const found = await readSeries((await decodeAndExtract(`inputs.weights.path=${file}`)).series);
    expect(found.kernels).toEqual(due.kernels);
    expect(Buffer.from(found.values.buffer).equals(Buffer.from(due.values.buffer))).toBe(true);
  });

  test.each([
    ['f16', 4e-4],
    ['bf16', 7e-3],
  ])('weights rounded to %s give nearly the same series', async (form, rounding) => {
    const due = await readSeries((await decodeAndExtract()).series);
    const name = path.join(shared, 'weights', 'narrow', 'safetensors', `vgg16-narrow.timm.${form}.safetensors`);
    const found = await readSeries((await decodeAndExtract(`inputs.weights.path=${name}`)).series);
    const largest = due.values.reduce((most, value) => Math.max(most, value), 0);
    const difference = due.values.reduce((most, value, i) => Math.max(most, Math.abs(value - found.values[i]!)), 0);
    // The table of mistakes in shared/weights/README.md: what rounding changed there at least, on other images.
    expect(difference / largest).toBeGreaterThan(rounding / 10);
    expect(difference / largest).toBeLessThan(rounding * 10);
  });

  test('TensorFlow.js gives the same series', async () => {
    const onnx = await readSeries((await decodeAndExtract()).series);
    const tfjs = await readSeries((await decodeAndExtract('activations.backend=tfjs')).series);
    // Two implementations in float32: differences of some 1e-6 of a layer's largest mean (shared/weights/README.md).
    const largest = onnx.values.reduce((most, value) => Math.max(most, value), 0);
    const difference = onnx.values.reduce((most, value, i) => Math.max(most, Math.abs(value - tfjs.values[i]!)), 0);
    expect(difference).toBeGreaterThan(0);
    expect(difference / largest).toBeLessThan(1e-5);
  });
});
