import { once } from 'node:events';
import { rename } from 'node:fs/promises';
import { execa } from 'execa';
import { findFfmpeg } from '../../steps/decode/ffmpeg.js';
import { type FrameSize, paintFilm } from './paint.js';
import type { Scene } from './scenes.js';

/**
 * Paints the film and encodes it as H.264 in an mp4 file. One encoder thread and no encoder's signature: the same
 * ffmpeg gives the same bytes on any machine.
 * @param onFrame called with how many frames are done
 */
export async function writeFilm(
  file: string,
  scenes: readonly Scene[],
  size: FrameSize,
  onFrame: (done: number) => void = () => {},
  signal?: AbortSignal,
): Promise<void> {
  const ffmpeg = await findFfmpeg();
  const partial = `${file}.part`;
  const input = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', `${size.width}x${size.height}`, '-r', `${size.fps}`];
  const encoder = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '18', '-pix_fmt', 'yuv420p', '-threads', '1'];
  const exact = ['-fflags', '+bitexact', '-flags:v', '+bitexact', '-map_metadata', '-1'];
  const encoding = execa(
    ffmpeg.path,
    ['-v', 'error', '-y', ...input, '-i', 'pipe:0', ...encoder, ...exact, '-f', 'mp4', partial],
    { stdin: 'pipe', stdout: 'ignore', ...(signal ? { cancelSignal: signal } : {}) },
  );
  const pipe = encoding.stdin;
  // A broken pipe means that ffmpeg stopped; its own message, from `await encoding`, is the one to show.
  pipe.on('error', () => {});
  let done = 0;
  for (const frame of paintFilm(scenes, size)) {
    if (pipe.destroyed || signal?.aborted) break;
    if (!pipe.write(frame)) await Promise.race([once(pipe, 'drain').catch(() => {}), encoding.catch(() => {})]);
    onFrame(++done);
  }
  pipe.end();
  await encoding;
  await rename(partial, file);
}
