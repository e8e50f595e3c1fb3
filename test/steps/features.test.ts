import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readFrames, readFrameTable } from '../../artifacts/frames.js';
import { readSeries } from '../../artifacts/series.js';
import { createPool, type Pool } from '../../numerics/pool.js';
import { decodeStep } from '../../steps/decode/index.js';
import { type FeaturesParams, featuresStep } from '../../steps/features/index.js';
import { newFolder } from '../support/folders.js';
import { bytesOf, madeArtifact, noThreads, runStep } from '../support/run-step.js';
import { describeShared, shared } from '../support/shared.js';

/** Movies are always written by the embedded ffmpeg: options of encoders differ between versions. */
const writer = (createRequire(import.meta.url)('@ffmpeg-installer/ffmpeg') as { path: string }).path;
let dir: string;
let pool: Pool;
beforeAll(async () => {
  dir = await newFolder('features');
  pool = createPool(2);
});
afterAll(() => pool.close());

const videoOf = (file: string) => madeArtifact('video', { files: { video: file } }, file);

async function measure(file: string, params: Partial<FeaturesParams> = {}) {
  const { outputs, notes } = await runStep(featuresStep, { video: videoOf(file) }, params, { pool });
  const series = await readSeries(outputs.series!);
  const width = series.kernels.length;
  const column = (name: string) => {
    const at = series.kernels.findIndex((kernel) => kernel.name === name);
    return Array.from({ length: series.samples }, (_, n) => series.values[n * width + at]!);
  };
  return { ...series, column, notes };
}

async function windowsOfDecode(file: string, params: Record<string, unknown>) {
  const { outputs } = await runStep(decodeStep, { video: videoOf(file) }, params);
  return { frames: outputs.frames!, rows: await readFrameTable(outputs.frames!.files['frames.tsv']!) };
}

/** A movie of plain greys without loss: each a frame of `rate` per second. */
async function greys(name: string, values: readonly number[], rate: number, options: string[] = []) {
  const raw = path.join(dir, `${name}.raw`);
  await writeFile(raw, Buffer.concat(values.map((value) => Buffer.alloc(16 * 16 * 3, value))));
  const file = path.join(dir, name);
  const input = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', '16x16', '-r', String(rate), '-i', raw];
  execFileSync(writer, ['-v', 'error', ...input, ...options, '-c:v', 'png', '-y', file]);
  return file;
}

/** sRGB to linear light, written anew. */
const light = (value: number) => (value <= 10 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);

describe('the step features', () => {
  test('averages what is measured of every frame in windows', async () => {
    // 5 frames a second, windows of 1 s, the last of 0.6 s.
    const values = [0, 50, 100, 150, 200, 250, 250, 250, 250, 250, 10, 20, 10];
    const file = await greys('greys.mkv', values, 5);
    const { column, kernels, interval, samples } = await measure(file, {
      window: 1,
      features: ['motion', 'luminance'],
    });
    expect(kernels.map(({ name, layer, kernel }) => [name, layer, kernel])).toEqual([
      ['motion', 'motion', 1],
      ['luminance', 'luminance', 1],
    ]);
    expect([interval, samples]).toEqual([1, 3]);
    const lights = values.map(light);
    const mean = (list: number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
    const windows = [lights.slice(0, 5), lights.slice(5, 10), lights.slice(10)];
    column('luminance').forEach((value, n) => {
      expect(value).toBeCloseTo(mean(windows[n]!), 12);
    });
    // The first frame has none before it, so the first window holds four differences.
    const steps = lights.slice(1).map((value, n) => (value - lights[n]!) ** 2);
    [steps.slice(0, 4), steps.slice(4, 9), steps.slice(9)].forEach((list, n) => {
      expect(column('motion')[n]).toBeCloseTo(mean(list), 12);
    });
  });

  test('has the samples of decode, at any rate, start and duration; a held frame is still', async () => {
    const steady = await greys(
      'steady.mkv',
      Array.from({ length: 50 }, (_, n) => 5 * n),
      10,
    );
    // Frames 0 to 9 and 30 to 39 only: nothing begins between 1 s and 3 s.
    const gaps = await greys(
      'gaps.mkv',
      Array.from({ length: 50 }, (_, n) => 5 * n),
      10,
      [...['-vf', "select='not(between(n,10,29))*lt(n,40)'", '-vsync', 'vfr']],
    );
    for (const file of [steady, gaps]) {
      for (const params of [{ window: 0.7 }, { window: 0.4, start: 0.95, duration: 2.1 }, { window: 3 }]) {
        const { rows, frames } = await windowsOfDecode(file, params);
        const { column, samples } = await measure(file, { ...params, features: ['luminance', 'motion'] });
        expect(samples).toBe(rows.length);
        const pictures = await readFrames(frames);
        const motion = column('motion');
        for (const { frame, images } of rows) {
          // Decode's picture is the rounded mean of sRGB values; that of one frame is exact.
          const value = (await pictures.readFrame(frame))[0]!;
          if (images <= 1) expect(column('luminance')[frame]).toBeCloseTo(light(value), 12);
          if (images === 0) expect(motion[frame]).toBe(0);
        }
      }
    }
  });

  test('is the same for any number of threads, and for any split into batches', async () => {
    const file = path.join(dir, 'pattern.mkv');
    execFileSync(writer, ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc=s=640x480:r=10:d=2', '-c:v', 'png', '-y', file]);
    const params = { features: ['luminance', 'contrast', 'saturation', 'gabor', 'motion'], window: 0.5 };
    const first = await runStep(featuresStep, { video: videoOf(file) }, params, { pool });
    const second = await runStep(featuresStep, { video: videoOf(file) }, params, { pool: noThreads, threads: 1 });
    expect(await bytesOf(second.outputs.series!)).toEqual(await bytesOf(first.outputs.series!));
    const { kernels } = await readSeries(first.outputs.series!);
    expect(kernels).toHaveLength(24);
    expect(kernels[3]).toEqual({ name: 'gabor_f2_o0', layer: 'gabor', kernel: 1 });
  });

  test('of average pictures measures these, with their windows', async () => {
    const file = await greys('average.mkv', [0, 200, 40, 60], 2);
    const { frames } = await windowsOfDecode(file, { window: 1 });
    const { outputs } = await runStep(featuresStep, { frames }, { features: ['luminance'] }, { pool });
    const { values, interval } = await readSeries(outputs.series!);
    expect(interval).toBe(1);
    expect(values[0]).toBeCloseTo(light(100), 12);
    expect(values[1]).toBeCloseTo(light(50), 12);
    await expect(runStep(featuresStep, { frames }, { features: ['motion'] }, { pool })).rejects.toThrow(
      /motion is a difference from frame to frame[\s\S]*`video` in place of `frames`/,
    );
    await expect(runStep(featuresStep, { frames }, { window: 2 }, { pool })).rejects.toThrow(
      /"window" is for the frames/,
    );
  });

  test('what cannot be measured is said', async () => {
    const file = await greys('small.mkv', [0, 1, 2, 3], 2);
    await expect(measure(file, { features: ['gabor'] })).rejects.toThrow(
      /8 and 16 and 32 cycles per picture height do not fit into the 16 x 16 pixels[\s\S]*at most 4/,
    );
    await expect(runStep(featuresStep, {})).rejects.toThrow(/neither `video` nor `frames`/);
    await expect(measure(file, { start: 7 })).rejects.toThrow(
      /end at 2 s, before the start of the first window at 7 s/,
    );
    await expect(measure(file, { duration: 5 })).rejects.toThrow(/end at 2 s, before start \+ duration = 5 s/);
    const bytes = await readFile(
      await greys(
        'long.mkv',
        Array.from({ length: 400 }, (_, n) => n % 256),
        10,
      ),
    );
    const cut = path.join(dir, 'cut.mkv');
    await writeFile(cut, bytes.subarray(0, bytes.length / 2));
    await expect(measure(cut)).rejects.toThrow(/cut\.mkv: cut off: the pictures end at .* a length of 40 s/);
    expect((await measure(cut, { tolerate: true })).notes.join()).toMatch(/used as it is \(tolerate\)/);
    expect(featuresStep.checkParams!({ duration: 1 } as FeaturesParams)).toHaveLength(1);
  });
});

describeShared('features of a real clip', () => {
  test('have the windows of decode and plausible sizes', async () => {
    const clip = path.join(shared, 'reference', 'video', 'bigbuckbunny.mp4');
    const { column, samples } = await measure(clip, {
      features: ['luminance', 'contrast', 'saturation'],
      size: [320, 180],
    });
    expect(samples).toBe(3);
    for (const value of column('luminance')) expect(value).toBeGreaterThan(0.1);
    for (const value of column('contrast')) expect(value).toBeLessThan(0.5);
    for (const value of column('saturation')) expect(value).toBeLessThan(1);
  });
});
