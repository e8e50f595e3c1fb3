import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readSeries } from '../../artifacts/series.js';
import { type AudioParams, audioStep } from '../../steps/audio/index.js';
import { decodeStep } from '../../steps/decode/index.js';
import { newFolder } from '../support/folders.js';
import { madeArtifact, runStep } from '../support/run-step.js';

const writer = (createRequire(import.meta.url)('@ffmpeg-installer/ffmpeg') as { path: string }).path;
let dir: string;
beforeAll(async () => {
  dir = await newFolder('audio');
});

/** A WAV file of 16 bits, written anew: value of sample n of channel c. */
async function wav(
  name: string,
  rate: number,
  channels: number,
  samples: number,
  at: (n: number, c: number) => number,
) {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + samples * channels * 2, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(channels, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * channels * 2, 28);
  head.writeUInt16LE(channels * 2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(samples * channels * 2, 40);
  const body = Buffer.alloc(samples * channels * 2);
  for (let n = 0; n < samples; n++) {
    for (let c = 0; c < channels; c++) body.writeInt16LE(Math.round(32768 * at(n, c)), 2 * (n * channels + c));
  }
  const file = path.join(dir, name);
  await writeFile(file, Buffer.concat([head, body]));
  return file;
}

const videoOf = (file: string) => madeArtifact('video', { files: { video: file } }, file);

async function envelope(file: string, params: Partial<AudioParams> = {}, more = {}) {
  const { outputs, notes } = await runStep(audioStep, { video: videoOf(file), ...more }, params);
  const series = await readSeries(outputs.series!);
  return { ...series, values: [...series.values], notes };
}

const near = (found: readonly number[], due: readonly number[], tolerance: number) => {
  expect(found).toHaveLength(due.length);
  found.forEach((value, n) => {
    expect(Math.abs(value - due[n]!)).toBeLessThan(tolerance);
  });
};

describe('the step audio', () => {
  test('gives A / √2 for a sine of amplitude A, in each window, over all channels', async () => {
    const rate = 8000;
    // 100 Hz; amplitude 0.5 for 2 s, then 0.1; the second channel is silent.
    const at = (n: number, c: number) =>
      c === 1 ? 0 : (n < 2 * rate ? 0.5 : 0.1) * Math.sin((2 * Math.PI * 100 * n) / rate);
    const file = await wav('sine.wav', rate, 2, 5 * rate, at);
    const { values, interval, kernels } = await envelope(file, { window: 2 });
    expect(interval).toBe(2);
    expect(kernels).toEqual([{ name: 'audio_rms', layer: 'audio', kernel: 1 }]);
    // Half of the samples are silence; values are rounded to 1 / 32768. The last window lasts 1 s.
    near(values, [0.5 / 2, 0.1 / 2, 0.1 / 2], 1e-5);
    // Windows that begin elsewhere, and hold both.
    const mixed = await envelope(file, { window: 1, start: 1.5, duration: 2 });
    near(mixed.values, [Math.sqrt((0.25 + 0.01) / 8), 0.05], 1e-5);
  });

  test('does not mix channels, which could cancel each other', async () => {
    const file = await wav('opposite.wav', 1000, 2, 2000, (_, c) => (c === 0 ? 0.5 : -0.5));
    near((await envelope(file, { window: 1 })).values, [0.5, 0.5], 1e-9);
  });

  test('of a movie: by its time stamps, for as many windows as there are pictures', async () => {
    const rate = 8000;
    const sound = await wav('tone.wav', rate, 1, rate, () => 0.25);
    const movie = path.join(dir, 'movie.mkv');
    // 4 s of pictures; 1 s of sound, which begins after 2 s.
    execFileSync(writer, [
      ...['-v', 'error', '-f', 'lavfi', '-i', 'testsrc=s=32x32:r=10:d=4', '-itsoffset', '2', '-i', sound],
      ...['-map', '0:v', '-map', '1:a', '-c:v', 'png', '-c:a', 'pcm_s16le', '-y', movie],
    ]);
    const { outputs } = await runStep(decodeStep, { video: videoOf(movie) }, { window: 0.5 });
    const { values, notes } = await envelope(movie, {}, { frames: outputs.frames! });
    near(values, [0, 0, 0, 0, 0.25, 0.25, 0, 0], 1e-3);
    expect(notes).toEqual(['the sound ends at 3 s: the last 2 of 8 windows are silent']);
    await expect(envelope(movie, { window: 1 }, { frames: outputs.frames! })).rejects.toThrow(
      /"window" is 1 s, and the windows are those of .*8 of 0\.5 s/,
    );
    expect((await envelope(movie, { window: 0.5 })).values).toHaveLength(6);
  });

  test('takes the track that is asked for', async () => {
    const [a, b] = [await wav('a.wav', 1000, 1, 1000, () => 0.1), await wav('b.wav', 1000, 1, 1000, () => 0.2)];
    const both = path.join(dir, 'both.mkv');
    execFileSync(writer, ['-v', 'error', '-i', a, '-i', b, '-map', '0', '-map', '1', '-c', 'copy', '-y', both]);
    near((await envelope(both, { window: 1 })).values, [0.1], 1e-4);
    near((await envelope(both, { window: 1, track: 2 })).values, [0.2], 1e-4);
    await expect(envelope(both, { track: 3 })).rejects.toThrow(/no sound track 3: there are 2[\s\S]*from 1 to 2/);
  });

  test('without sound, or with none after the start, is an error', async () => {
    const silent = path.join(dir, 'silent.mkv');
    execFileSync(writer, ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc=s=32x32:r=10:d=1', '-c:v', 'png', '-y', silent]);
    await expect(envelope(silent)).rejects.toThrow(/silent\.mkv: no sound; streams found: video/);
    const text = path.join(dir, 'text.mp4');
    await writeFile(text, 'this is no movie, whatever its name says');
    await expect(envelope(text)).rejects.toThrow(/text\.mp4: ffmpeg cannot decode the sound/);
    const short = await wav('short.wav', 1000, 1, 1000, () => 0.1);
    await expect(envelope(short, { start: 3 })).rejects.toThrow(/sound ends at 1 s, before the start .* at 3 s/);
  });
});
