import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FrameBuffers, frameSocket, framesOfStream, type RawFrames } from '../../steps/decode/raw-frames.js';
import { newFolder } from '../support/folders.js';

/** Writes `argv[1]` bytes that count up, in pieces of 100,000, then ends with code `argv[2]`. */
const writer = `
  const { writeSync } = require('node:fs');
  const [length, code] = process.argv.slice(1).map(Number);
  for (let at = 0; at < length; at += 1e5) {
    const piece = Uint8Array.from({ length: Math.min(1e5, length - at) }, (_, i) => (at + i) % 251);
    for (let done = 0; done < piece.length; ) done += writeSync(1, piece, done);
  }
  process.exit(code);`;

const ways = {
  async socket(args: string[], buffers: FrameBuffers) {
    const { output, frames } = (await frameSocket(buffers))!;
    const child = spawn(process.execPath, ['-e', writer, ...args], { stdio: ['ignore', output, 'ignore'] });
    output.destroy();
    return { child, frames };
  },
  async stream(args: string[], buffers: FrameBuffers) {
    const child = spawn(process.execPath, ['-e', writer, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
    return { child, frames: framesOfStream(child.stdout, buffers) };
  },
} satisfies Record<string, (...parameters: never[]) => Promise<{ child: ChildProcess; frames: RawFrames }>>;

const buffersOf = (size: number): FrameBuffers => [new Uint8Array(size), new Uint8Array(size)];
const expected = (size: number, frame: number) => Uint8Array.from({ length: size }, (_, i) => (frame * size + i) % 251);

let temporary: string | undefined;
beforeEach(() => {
  temporary = process.env.TMPDIR;
});
afterEach(() => {
  if (temporary === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = temporary;
});

describe.each(['socket', 'stream'] as const)('frames of a program through a %s', (way) => {
  test.each([
    { size: 1000, whole: 250, left: 7 },
    { size: 300_001, whole: 5, left: 0 },
    { size: 700_000, whole: 0, left: 5 },
  ])('are all whole ones: $whole of $size bytes, $left bytes left', async ({ size, whole, left }) => {
    const buffers = buffersOf(size);
    const { frames } = await ways[way]([String(size * whole + left), '3'], buffers);
    let count = 0;
    let before: Uint8Array | null = null;
    for await (const frame of frames) {
      expect(Buffer.compare(frame, expected(size, count))).toBe(0);
      // The one before is whole until the next is asked for.
      if (before) expect(Buffer.compare(before, expected(size, count - 1))).toBe(0);
      expect(buffers).toContain(frame);
      // Time for what should not happen: that the next is read meanwhile.
      if (count % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      before = frame;
      count++;
    }
    expect(count).toBe(whole);
  });

  test('end early when no more are asked for, and the program with them', async () => {
    const { child, frames } = await ways[way](['100000000', '0'], buffersOf(200_000));
    for await (const frame of frames) {
      expect(frame[1]).toBe(1);
      break;
    }
    // It can write no more.
    const [code, signal] = await new Promise<unknown[]>((resolve) => child.once('exit', (...how) => resolve(how)));
    expect(code === 0 && signal === null).toBe(false);
  });
});

describe('the socket for frames', () => {
  test('leaves nothing in the folder for temporary files, and is not made where its name would be too long', async () => {
    const folder = await newFolder('temporary');
    process.env.TMPDIR = folder;
    const { output, frames } = (await frameSocket(buffersOf(3)))!;
    output.destroy();
    expect(await frames.next()).toEqual({ done: true, value: undefined });
    expect(await readdir(folder)).toEqual([]);
    const long = path.join(folder, 'x'.repeat(120));
    await mkdir(long);
    process.env.TMPDIR = long;
    expect(await frameSocket(buffersOf(3))).toBeNull();
    expect(await readdir(long)).toEqual([]);
  });
});
