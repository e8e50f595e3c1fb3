import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readNpy } from '../../artifacts/npy.js';
import { numericColumn, readTable } from '../../artifacts/table.js';
import { findFfmpeg } from '../../steps/decode/ffmpeg.js';
import { type DecodeParams, decodeStep } from '../../steps/decode/index.js';
import { newFolder } from '../support/folders.js';
import { madeArtifact, type RunStepOptions, runStep } from '../support/run-step.js';
import { describeShared, shared } from '../support/shared.js';

let dir: string;
let ffmpeg: string;
/** Movies are always written by the embedded ffmpeg: options of encoders differ between versions. */
const writer = (createRequire(import.meta.url)('@ffmpeg-installer/ffmpeg') as { path: string }).path;
beforeAll(async () => {
  dir = await newFolder('movies');
  ffmpeg = (await findFfmpeg()).path;
});

interface Decoded {
  shape: number[];
  data: Uint8Array;
  onset: number[];
  duration: number[];
  frames: number[];
  notes: readonly string[];
}

async function decode(file: string, params: Partial<DecodeParams> = {}, options: RunStepOptions = {}) {
  const video = madeArtifact('video', { files: { video: file } }, file);
  const { outputs, notes } = await runStep(decodeStep, { video }, params, options);
  const { files } = outputs.frames!;
  const { shape, data } = await readNpy(files['frames.npy']!);
  const table = await readTable(files['frames.tsv']!);
  const column = (name: string) => [...numericColumn(table, name, 'frames.tsv')];
  return {
    shape,
    data: data as Uint8Array,
    onset: column('onset'),
    duration: column('duration'),
    frames: column('images'),
    notes,
  } satisfies Decoded;
}

/** Every frame of a movie as ffmpeg itself writes it, none dropped or doubled. */
function rawFrames(file: string, size: number): Uint8Array[] {
  const bytes = execFileSync(
    ffmpeg,
    ['-v', 'error', '-i', file, '-map', '0:v:0', '-vsync', '0', '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-'],
    { maxBuffer: 1 << 30 },
  );
  return Array.from({ length: bytes.length / size }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}

/** floor(mean + 1/2), with the mean as an exact double (sums below 2^53). */
function roundedMean(frames: Uint8Array[]): Buffer {
  const sums = new Float64Array(frames[0]!.length);
  for (const frame of frames) for (let i = 0; i < sums.length; i++) sums[i]! += frame[i]!;
  return Buffer.from(Uint8Array.from(sums, (sum) => Math.floor(sum / frames.length + 0.5)));
}

const image = (decoded: Decoded, index: number) => {
  const size = decoded.data.length / decoded.shape[0]!;
  return Buffer.from(decoded.data.subarray(index * size, (index + 1) * size));
};

/** A movie of 24 frames/s, 64 x 48, whose picture changes with every frame. */
async function make(name: string, options: string[], source = 'testsrc=s=64x48:r=24:d=5') {
  const file = path.join(dir, name);
  execFileSync(writer, ['-v', 'error', '-f', 'lavfi', '-i', source, ...options, '-y', file]);
  return file;
}

describeShared('decode of the real clip', () => {
  const clip = path.join(shared, 'reference/video/bigbuckbunny.mp4');

  test('gives the exact rounded average of the frames of each window', async () => {
    const decoded = await decode(clip, { window: 2 });
    expect(decoded.shape).toEqual([3, 720, 1280, 3]);
    expect(decoded.frames).toEqual([50, 50, 32]);
    expect(decoded.onset).toEqual([0, 2, 4]);
    // 32 frames of 1/25 s in the last window.
    expect(decoded.duration).toEqual([2, 2, 1.28]);
    const raw = rawFrames(clip, 720 * 1280 * 3);
    expect(raw).toHaveLength(132);
    for (const [k, from, to] of [
      [0, 0, 50],
      [1, 50, 100],
      [2, 100, 132],
    ] as const) {
      expect(Buffer.compare(image(decoded, k), roundedMean(raw.slice(from, to)))).toBe(0);
    }
  });

  test('is cut off: names both lengths', async () => {
    const whole = path.join(dir, 'whole.mkv');
    execFileSync(writer, ['-v', 'error', '-i', clip, '-an', '-c', 'copy', '-y', whole]);
    const bytes = await readFile(whole);
    const cut = path.join(dir, 'cut.mkv');
    await writeFile(cut, bytes.subarray(0, bytes.length / 2));
    await expect(decode(cut)).rejects.toThrow(
      /cut\.mkv: cut off: the pictures end at \d\.\d+ s, the file states a length of 5\.28 s/,
    );
    const { notes, frames } = await decode(cut, { tolerate: true });
    expect(notes.join()).toMatch(/5\.28 s.*tolerate/);
    expect(frames).toHaveLength(Math.ceil(Number(/end at (\d\.\d+) s/.exec(notes[0]!)![1]) / 2));
    const headless = path.join(dir, 'cut.mp4');
    await writeFile(headless, (await readFile(clip)).subarray(0, 500_000));
    await expect(decode(headless)).rejects.toThrow(/cut\.mp4: cut off.*moov/s);
  });

  test('stops within two seconds when it is aborted', async () => {
    const stop = new AbortController();
    const began = performance.now();
    setTimeout(() => stop.abort(), 300);
    await expect(decode(clip, {}, { signal: stop.signal })).rejects.toThrow();
    expect(performance.now() - began).toBeLessThan(2300);
  });
});

describe('decode', () => {
  test.each([
    ['mov', ['-c:v', 'mpeg4', '-q:v', '2']],
    ['mp4', ['-c:v', 'libx264']],
    ['mkv', ['-c:v', 'libx264']],
    ['webm', ['-c:v', 'libvpx', '-b:v', '1M', '-deadline', 'realtime']],
  ])('averages a %s of constant frame rate', async (extension, options) => {
    const file = await make(`constant.${extension}`, options);
    const decoded = await decode(file, { window: 2 });
    const raw = rawFrames(file, 64 * 48 * 3);
    expect(raw).toHaveLength(120);
    expect(decoded.frames).toEqual([48, 48, 24]);
    expect(decoded.onset).toEqual([0, 2, 4]);
    for (const k of [0, 1, 2]) expect(image(decoded, k)).toEqual(roundedMean(raw.slice(k * 48, (k + 1) * 48)));
  });

  // Frame n of the source is shown at n^2 / 100 s: ever more slowly.
  const slowing = ['-vf', "settb=1/12800,setpts='N*N*128'", '-vsync', '0', '-enc_time_base', '1/12800'];
  test.each(['mkv', 'mp4'])(
    'puts the frames of a %s of variable frame rate into windows by their time stamps',
    async (extension) => {
      const options = [...slowing, '-frames:v', '25', '-c:v', 'libx264', '-bf', '0'];
      const matroska = await make('variable.mkv', options, 'testsrc=s=64x48:r=10:d=5');
      const file = path.join(dir, `variable-copy.${extension}`);
      execFileSync(writer, ['-v', 'error', '-i', matroska, '-c', 'copy', '-y', file]);
      const raw = rawFrames(file, 64 * 48 * 3);
      expect(raw).toHaveLength(25);
      const times = raw.map((_, n) => (n * n) / 100);
      const decoded = await decode(file, { window: 1, start: 0.5 });
      // The last frame, at 5.76 s, begins in window 5 (5.5 to 6.5 s).
      expect(decoded.shape[0]).toBe(6);
      for (let k = 0; k < 6; k++) {
        const inside = raw.filter((_, n) => Math.floor(times[n]! - 0.5) === k);
        expect(decoded.frames[k]).toBe(inside.length);
        expect(image(decoded, k)).toEqual(roundedMean(inside));
      }
      expect(decoded.onset).toEqual([0, 1, 2, 3, 4, 5]);
    },
  );

  test('holds the frame before where no frame of a slow gif begins', async () => {
    // Frames at 0, 2.5 and 5 s; the last lasts 2.5 s like the one before it.
    const file = await make('slow.gif', [], 'testsrc=s=32x32:r=0.4:d=7.5');
    const raw = rawFrames(file, 32 * 32 * 3);
    expect(raw).toHaveLength(3);
    const decoded = await decode(file, { window: 1 });
    expect(decoded.frames).toEqual([1, 0, 1, 0, 0, 1, 0, 0]);
    const shown = [0, 0, 1, 1, 1, 2, 2, 2];
    shown.forEach((n, k) => void expect(image(decoded, k)).toEqual(raw[n]));
    expect(decoded.duration).toEqual([1, 1, 1, 1, 1, 1, 1, 0.5]);
  });

  test('uses start and duration', async () => {
    const file = await make('part.mp4', ['-c:v', 'libx264']);
    const raw = rawFrames(file, 64 * 48 * 3);
    const decoded = await decode(file, { window: 1.5, start: 1, duration: 2.5 });
    expect(decoded.frames).toEqual([36, 24]);
    expect(decoded.onset).toEqual([0, 1.5]);
    expect(decoded.duration).toEqual([1.5, 1]);
    expect(image(decoded, 0)).toEqual(roundedMean(raw.slice(24, 60)));
    expect(image(decoded, 1)).toEqual(roundedMean(raw.slice(60, 84)));
    await expect(decode(file, { start: 9 })).rejects.toThrow(/end at 5 s.*start of the first window at 9 s/);
    await expect(decode(file, { duration: 8 })).rejects.toThrow(/end at 5 s, before start \+ duration = 8 s/);
  });

  test('keeps frames in their window where a container rounds 23.976 frames/s to milliseconds', async () => {
    const file = await make('film.mkv', ['-c:v', 'libx264'], 'testsrc=s=64x48:r=24000/1001:d=5.005');
    // 48 frames last exactly 2.002 s, so frame 48 begins the second window; stamped in ms.
    const decoded = await decode(file, { window: 2.002 });
    expect(decoded.frames.slice(0, 2)).toEqual([48, 48]);
  });

  test('scales to the size asked for', async () => {
    const file = await make('scale.mp4', ['-c:v', 'libx264']);
    const decoded = await decode(file, { size: [40, 30] });
    expect(decoded.shape).toEqual([3, 30, 40, 3]);
  });

  test('reads movies of odd size', async () => {
    const file = await make('odd.mkv', ['-c:v', 'ffv1', '-pix_fmt', 'yuv444p'], 'testsrc=s=33x21:r=24:d=1');
    const decoded = await decode(file);
    expect(decoded.shape).toEqual([1, 21, 33, 3]);
    expect(image(decoded, 0)).toEqual(roundedMean(rawFrames(file, 33 * 21 * 3)));
  });

  test('applies the rotation that a phone writes', async () => {
    const file = await make('upright.mp4', ['-c:v', 'libx264']);
    const turned = path.join(dir, 'turned.mp4');
    execFileSync(writer, ['-v', 'error', '-i', file, '-c', 'copy', '-metadata:s:v', 'rotate=90', '-y', turned]);
    expect((await decode(turned)).shape).toEqual([3, 64, 48, 3]);
  });

  test('shows a picture that a phone marked as turned upright, as ffmpeg does by itself', async () => {
    const halves = 'color=red:s=32x48:r=24:d=1[a];color=blue:s=32x48:r=24:d=1[b];[a][b]hstack';
    const file = await make('halves.mp4', ['-c:v', 'libx264', '-pix_fmt', 'yuv444p'], halves);
    const turned = path.join(dir, 'halves-turned.mp4');
    execFileSync(writer, ['-v', 'error', '-i', file, '-c', 'copy', '-metadata:s:v', 'rotate=90', '-y', turned]);
    const decoded = await decode(turned);
    expect(image(decoded, 0)).toEqual(roundedMean(rawFrames(turned, 48 * 64 * 3)));
    // This writer's 90 is counter-clockwise (its display matrix says so): what was left is below.
    const [top, bottom] = [image(decoded, 0).subarray(0, 3), image(decoded, 0).subarray(-3)];
    expect(top[2]).toBeGreaterThan(240);
    expect(bottom[0]).toBeGreaterThan(240);
  });

  test('makes pixels square that are not', async () => {
    const lossless = ['-c:v', 'ffv1', '-pix_fmt', 'gbrp'];
    const file = await make('wide.mkv', ['-vf', 'setsar=64/45', ...lossless], 'color=gray:s=72x58:r=24:d=1');
    const decoded = await decode(file);
    // 72 x 64 / 45 = 102.4
    expect(decoded.shape).toEqual([1, 58, 102, 3]);
    expect(new Set(decoded.data)).toEqual(new Set([128]));
    expect((await decode(file, { size: [72, 58] })).shape).toEqual([1, 58, 72, 3]);
  });

  /** A movie of one colour, given by its codes in 10 bits. */
  const tenBit = (name: string, luma: number, options: string[] = []) =>
    make(
      name,
      ['-vf', `format=yuv420p10le,geq=lum=${luma}:cb=512:cr=512`, '-c:v', 'ffv1', ...options],
      'color=black:s=32x32:r=24:d=0.5',
    );

  test('rounds 10 bits to 8', async () => {
    for (const luma of [64, 300, 502, 940]) {
      const { data } = await decode(await tenBit(`grey-${luma}.mkv`, luma));
      const expected = (255 * (luma - 64)) / 876;
      // The tables of ffmpeg's conversion are up to two grey levels off.
      for (const value of new Set(data)) expect(Math.abs(value - expected)).toBeLessThanOrEqual(2);
    }
  });

  /** cd/m² of a code from 0 to 1. */
  const transfers = {
    // SMPTE ST 2084
    smpte2084: (code: number) => {
      const x = code ** (32 / 2523);
      return 10_000 * (Math.max(x - 107 / 128, 0) / (2413 / 128 - (2392 / 128) * x)) ** (16384 / 2610);
    },
    // ITU-R BT.2100, table 5: HLG on a display of 1000 cd/m²
    'arib-std-b67': (code: number) => {
      const [a, b, c] = [0.17883277, 0.28466892, 0.55991073];
      return 1000 * (code <= 0.5 ? code ** 2 / 3 : (Math.exp((code - c) / a) + b) / 12) ** 1.2;
    },
  };
  test.each(Object.keys(transfers) as (keyof typeof transfers)[])(
    'maps high dynamic range (%s) to standard range as documented',
    async (transfer) => {
      const tags = ['-color_trc', transfer, '-color_primaries', 'bt2020', '-colorspace', 'bt2020nc'];
      for (const luma of [200, 380, 448, 573, 660, 720]) {
        const { data } = await decode(await tenBit(`${transfer}-${luma}.mkv`, luma, tags));
        const light = transfers[transfer]((luma - 64) / 876) / 203;
        // Möbius: straight up to j, above (x + a) / (x + b), scaled so that value and slope meet at j and the peak becomes 1.
        const [j, peak] = [0.3, 1000 / 203];
        const a = (-j * j * (peak - 1)) / (j * j - 2 * j + peak);
        const b = (j * j - 2 * j * peak + peak) / (peak - 1);
        const mapped = light <= j ? light : (((b * b + 2 * b * j + j * j) / (b - a)) * (light + a)) / (light + b);
        // ITU-R BT.1886: gamma 2.4
        const expected = 255 * Math.min(1, mapped) ** (1 / 2.4);
        for (const value of new Set(data)) expect(Math.abs(value - expected)).toBeLessThanOrEqual(1);
      }
    },
  );

  test('an ffmpeg that cannot map high dynamic range is refused by name', async () => {
    const movie = await tenBit('pq.mkv', 448, ['-color_trc', 'smpte2084', '-color_primaries', 'bt2020']);
    // The same ffmpeg, built without libzimg as far as its list of filters goes.
    const poor = path.join(dir, 'poor-ffmpeg');
    await writeFile(
      poor,
      `#!/bin/sh\ncase "$*" in *-filters*) "${writer}" "$@" | grep -v zscale;; *) exec "${writer}" "$@";; esac\n`,
      { mode: 0o755 },
    );
    process.env.FFMPEG_PATH = poor;
    try {
      await expect(decode(movie)).rejects.toThrow(
        /pq\.mkv: a movie of high dynamic range.*poor-ffmpeg.*no filter zscale/,
      );
    } finally {
      delete process.env.FFMPEG_PATH;
    }
  });

  test('deinterlaces fields, unless told not to', async () => {
    const fields = [
      '-vf',
      'tinterlace=interleave_top,fieldorder=tff',
      '-flags',
      '+ildct+ilme',
      '-c:v',
      'mpeg2video',
      '-q:v',
      '2',
    ];
    const file = await make('fields.mpg', fields, 'testsrc2=s=64x64:r=50:d=2');
    const size = 64 * 64 * 3;
    const filtered = execFileSync(
      ffmpeg,
      ['-v', 'error', '-i', file, '-vf', 'yadif', '-vsync', '0', '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-'],
      { maxBuffer: 1 << 30 },
    );
    const raw = rawFrames(file, size);
    const clean = Array.from({ length: filtered.length / size }, (_, i) => filtered.subarray(i * size, (i + 1) * size));
    const kept = await decode(file, { deinterlace: false });
    const decoded = await decode(file);
    expect(kept.frames[0]).toBe(decoded.frames[0]);
    const first = (frames: Uint8Array[], n: number) => roundedMean(frames.slice(0, n));
    expect(image(kept, 0)).toEqual(first(raw, kept.frames[0]!));
    expect(image(decoded, 0)).toEqual(first(clean, decoded.frames[0]!));
    expect(image(decoded, 0)).not.toEqual(image(kept, 0));
  });

  test('keeps black at the beginning, and says so', async () => {
    const black = 'color=black:s=32x32:r=24:d=4[a];testsrc=s=32x32:r=24:d=4[b];[a][b]concat';
    const file = await make('black.mp4', ['-c:v', 'libx264'], black);
    const decoded = await decode(file, { window: 1 });
    expect(decoded.shape[0]).toBe(8);
    expect(decoded.notes).toEqual(['the first 4 s are black; `start: 4` would leave them out']);
    expect((await decode(file, { start: 4 })).notes).toEqual([]);
  });

  test('cuts out a part of the picture as shown', async () => {
    const file = await make('whole-picture.mkv', ['-c:v', 'ffv1', '-pix_fmt', 'gbrp']);
    const raw = rawFrames(file, 64 * 48 * 3);
    const part = raw.map((frame) => {
      const rows = Array.from({ length: 20 }, (_, y) =>
        frame.subarray(((y + 5) * 64 + 7) * 3, ((y + 5) * 64 + 7 + 31) * 3),
      );
      return Buffer.concat(rows);
    });
    const decoded = await decode(file, { crop: [7, 5, 31, 20] });
    expect(decoded.shape).toEqual([3, 20, 31, 3]);
    expect(image(decoded, 0)).toEqual(roundedMean(part.slice(0, 48)));
    expect((await decode(file, { crop: [0, 0, 32, 24], size: [16, 12] })).shape).toEqual([3, 12, 16, 3]);
    await expect(decode(file, { crop: [40, 0, 32, 24] })).rejects.toThrow(/crop reaches to 72 x 24.*64 x 48/);
  });

  test('with fps a frame counts for as long as it is shown', async () => {
    // Frames at 0, 2.5 and 5 s.
    const file = await make('moments.gif', [], 'testsrc=s=32x32:r=0.4:d=7.5');
    const raw = rawFrames(file, 32 * 32 * 3);
    // Moments 0, 0.5, 1 ... 7 s: from 2 to 4 s one moment shows frame 0 and three frame 1.
    const decoded = await decode(file, { window: 2, fps: 2 });
    expect(decoded.frames).toEqual([4, 4, 4, 3]);
    expect(image(decoded, 1)).toEqual(roundedMean([raw[0]!, raw[1]!, raw[1]!, raw[1]!]));
    expect(image(decoded, 2)).toEqual(roundedMean([raw[1]!, raw[1]!, raw[2]!, raw[2]!]));
    // The last frame of this one begins after the last moment, which is at 4.5 s.
    const steady = await make('steady.mp4', ['-c:v', 'libx264']);
    const whole = await decode(steady, { window: 1, fps: 2 });
    expect([whole.frames, whole.duration]).toEqual([
      [2, 2, 2, 2, 2],
      [1, 1, 1, 1, 1],
    ]);
    // From 1 s on: 1, 1.5, 2, 2.5.
    const later = await decode(file, { window: 2, start: 1, fps: 2 });
    expect(image(later, 0)).toEqual(roundedMean([raw[0]!, raw[0]!, raw[0]!, raw[1]!]));
  });

  test('a movie damaged in the middle is an error; tolerated, a note counts what ffmpeg reported', async () => {
    const whole = await make(
      'sound.mp4',
      ['-c:v', 'libx264', '-g', '12', '-movflags', '+faststart'],
      'testsrc2=s=320x240:r=24:d=6',
    );
    const bytes = await readFile(whole);
    for (let i = bytes.length >> 1; i < (bytes.length >> 1) + 400; i++) bytes[i] = (i * 37) & 255;
    const damaged = path.join(dir, 'damaged.mp4');
    await writeFile(damaged, bytes);
    await expect(decode(damaged)).rejects.toThrow(/damaged\.mp4: damaged: ffmpeg reported \d+ errors?, the first: /);
    const { notes, shape } = await decode(damaged, { tolerate: true });
    expect(shape[0]).toBe(3);
    expect(notes.join()).toMatch(/ffmpeg reported \d+ errors?.*used as it is/);
  });

  test('what is left of a damaged movie is the same for any number of threads', async () => {
    // ffmpeg on several threads conceals errors differently from run to run: 3 versions in 6 runs of this movie.
    const whole = await make('whole.ts', ['-c:v', 'libx264', '-g', '10'], 'testsrc2=s=96x64:r=10:d=20');
    const bytes = await readFile(whole);
    for (let at = bytes.length >> 2; at < bytes.length - 100; at += 2003)
      for (let i = at; i < at + 100; i++) bytes[i] = (i * 37) & 255;
    const damaged = path.join(dir, 'damaged.ts');
    await writeFile(damaged, bytes);
    const seen = new Set<string>();
    for (const threads of [1, 2, 4, 8]) {
      const { data, notes } = await decode(damaged, { tolerate: true }, { threads });
      expect(notes.join()).toMatch(/ffmpeg reported \d+ errors/);
      seen.add(`${createHash('sha256').update(data).digest('hex')} ${notes.join()}`);
    }
    expect(seen.size).toBe(1);
  });

  test('says what is wrong with a file that is no movie', async () => {
    const sound = path.join(dir, 'sound.m4a');
    execFileSync(writer, ['-v', 'error', '-f', 'lavfi', '-i', 'sine=d=1', '-y', sound]);
    await expect(decode(sound)).rejects.toThrow(/sound\.m4a: no video stream; streams found: audio/);
    const song = path.join(dir, 'song.mp3');
    const sources = [
      '-f',
      'lavfi',
      '-i',
      'sine=d=1',
      '-f',
      'lavfi',
      '-i',
      'color=s=32x32:r=1:d=1',
      '-map',
      '0',
      '-map',
      '1',
    ];
    const cover = ['-frames:v', '1', '-c:v', 'mjpeg', '-pix_fmt', 'yuvj444p', '-disposition:v', 'attached_pic'];
    execFileSync(writer, ['-v', 'error', ...sources, ...cover, '-y', song]);
    await expect(decode(song)).rejects.toThrow(/song\.mp3: no video stream; streams found: audio, cover picture/);
    const text = path.join(dir, 'notes.mp4');
    await writeFile(text, 'these are not the pictures that you are looking for\n'.repeat(50));
    await expect(decode(text)).rejects.toThrow(/notes\.mp4: ffmpeg cannot decode this file/);
    const empty = path.join(dir, 'empty.mp4');
    await writeFile(empty, '');
    await expect(decode(empty)).rejects.toThrow(/empty\.mp4: the file is empty/);
  });

  test('a gif that is cut off, which ffmpeg takes for whole, is an error unless it is tolerated', async () => {
    const whole = await make('whole.gif', [], 'testsrc=s=32x32:r=5:d=4');
    const bytes = await readFile(whole);
    const cut = path.join(dir, 'cut.gif');
    await writeFile(cut, bytes.subarray(0, bytes.length / 2));
    await expect(decode(cut)).rejects.toThrow(/cut\.gif: cut off: [\s\S]*complete gif/);
    const { notes } = await decode(cut, { tolerate: true });
    expect(notes.join()).toMatch(/cut off: .*used as it is/);
  });

  test('refuses an FFMPEG_PATH that does not run', async () => {
    process.env.FFMPEG_PATH = path.join(dir, 'nowhere');
    try {
      await expect(findFfmpeg()).rejects.toThrow(/FFMPEG_PATH.*nowhere/);
    } finally {
      delete process.env.FFMPEG_PATH;
    }
  });
});
