import { open, stat } from 'node:fs/promises';
import { execa } from 'execa';
import { UserError } from '../../artifacts/user-error.js';
import type { Ffmpeg } from './ffmpeg.js';
import { durationOf, errorOf, type FirstFrame, firstFrameOf, hdrOf, lineSplitter } from './log-lines.js';

export type Hdr = 'pq' | 'hlg';

export interface VideoFacts {
  /** Pixels of a picture as a player shows it: upright, and its pixels made square by changing the width. */
  readonly width: number;
  readonly height: number;
  /** The first frame is marked as two fields. */
  readonly interlaced: boolean;
  /** Transfer function of a movie of high dynamic range: perceptual quantiser or hybrid log-gamma; null for all others. */
  readonly hdr: Hdr | null;
  /** Length that the container states, in s (the longest of its streams); null when it states none. */
  readonly duration: number | null;
  /** The file has a mark for its end, and it is not there. */
  readonly endMissing: boolean;
}

/** Options that every call shares: only local files, so that a playlist cannot make ffmpeg fetch anything. */
export const quietly = [
  '-hide_banner',
  '-nostdin',
  '-nostats',
  '-loglevel',
  'repeat+level+info',
  '-protocol_whitelist',
  'file',
];

/** Pictures only: the first video stream that is no cover image. */
export const pictures = ['-map', '0:V:0', '-an', '-sn', '-dn'];

/**
 * Decodes one frame to learn size and length. `origin` is what messages call the file.
 * Throws UserError when the file is no movie, has no video stream, or its first frame cannot be decoded.
 */
export async function probeVideo(
  ffmpeg: Ffmpeg,
  file: string,
  origin: string,
  signal: AbortSignal,
): Promise<VideoFacts> {
  if ((await stat(file)).size === 0) {
    throw new UserError({
      message: 'the file is empty (0 bytes)',
      place: { file: origin },
      expected: 'a movie: mp4, webm, mkv, mov or gif',
      hint: 'Download or copy the file again.',
    });
  }
  const child = execa(
    ffmpeg.path,
    [...quietly, '-i', file, ...pictures, '-vf', 'showinfo', '-frames:v', '1', '-f', 'null', '-'],
    {
      stdin: 'ignore',
      stdout: 'ignore',
      reject: false,
      cancelSignal: signal,
      forceKillAfterDelay: 500,
    },
  );
  const result = await child;
  signal.throwIfAborted();
  let duration: number | null = null;
  let first: FirstFrame | null = null;
  let hdr: Hdr | null = null;
  let output = false;
  const errors: string[] = [];
  const streams: string[] = [];
  const lines = lineSplitter((line) => {
    if (line.includes('Output #0')) output = true;
    if (!output) duration ??= durationOf(line);
    if (!output && /Stream #0:\d+/.test(line)) {
      const kind = /(Video|Audio|Subtitle|Data|Attachment)/.exec(line)?.[1] ?? 'other';
      if (kind === 'Video' && !line.includes('(attached pic)') && !streams.includes(kind)) hdr = hdrOf(line);
      streams.push(kind);
    }
    first ??= firstFrameOf(line);
    const error = errorOf(line);
    if (error) errors.push(error);
  });
  lines.push(result.stderr ?? '');
  lines.end();
  // Assigned in a closure, which the compiler does not follow.
  const frame = first as FirstFrame | null;
  if (result.exitCode === 0 && frame) {
    const { height, interlaced } = frame;
    return {
      ...{ width: squareWidth(frame), height, interlaced, hdr, duration },
      endMissing: await lacksEndOfGif(file),
    };
  }
  throw whyNot(origin, errors, streams, result.exitCode, await startsLikeMp4(file));
}

/** A mark so wrong that the picture would become a line, or wider than any size that can be asked for, is disregarded. */
function squareWidth({ width, aspect }: FirstFrame): number {
  const wide = Math.round(width * aspect);
  return wide < 1 || wide > 16384 ? width : wide;
}

/** A gif states no length, and ffmpeg takes its end for what it is: only the mark `;` at the end tells that it is whole. */
async function lacksEndOfGif(file: string): Promise<boolean> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const start = await handle.read(Buffer.alloc(4), 0, 4, 0);
    if (start.buffer.toString('latin1') !== 'GIF8') return false;
    const end = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
    return end.buffer.toString('latin1') !== ';';
  } finally {
    await handle.close();
  }
}

/** mp4 and mov are boxes: four bytes of length, four letters of type. ffmpeg also goes by the name of the file. */
async function startsLikeMp4(file: string): Promise<boolean> {
  const handle = await open(file, 'r');
  try {
    const { buffer } = await handle.read(Buffer.alloc(8), 0, 8, 0);
    return /^(ftyp|moov|mdat|wide|free|skip)$/.test(buffer.toString('latin1', 4));
  } finally {
    await handle.close();
  }
}

function whyNot(
  origin: string,
  errors: string[],
  streams: string[],
  exitCode: number | undefined,
  mp4: boolean,
): UserError {
  const place = { file: origin };
  if (errors.some((error) => error.includes('matches no streams'))) {
    // A video stream that was not taken is the picture of an album.
    const names = streams.map((kind) => (kind === 'Video' ? 'cover picture' : kind.toLowerCase()));
    const found = [...new Set(names)].join(', ') || 'none';
    return new UserError({
      message: `no video stream; streams found: ${found}`,
      place,
      expected: 'a movie with pictures',
    });
  }
  if (mp4 && errors.some((error) => error.includes('moov atom not found'))) {
    return new UserError({
      message: 'cut off: the index at the end of the file (moov atom) is missing',
      place,
      expected: 'a complete mp4 or mov file',
      hint: 'Download or copy the file again.',
    });
  }
  const said = errors.at(-1) ?? `exit code ${exitCode}`;
  return new UserError({
    message: `ffmpeg cannot decode this file: ${said.replaceAll(/^.*?: (?=Invalid data)/g, '')}`,
    place,
    expected: 'a movie: mp4, webm, mkv, mov or gif',
    hint: 'Play it in a media player; if it plays, name a newer ffmpeg in FFMPEG_PATH.',
  });
}
