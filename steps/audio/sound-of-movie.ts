import { execa } from 'execa';
import { UserError } from '../../artifacts/user-error.js';
import type { Ffmpeg } from '../decode/ffmpeg.js';
import { errorOf, lineSplitter } from '../decode/log-lines.js';
import { quietly } from '../decode/probe.js';
import { wavReader } from './wav-stream.js';

export interface Sound {
  /** Samples per second of each channel. */
  readonly rate: number;
  readonly channels: number;
  /** `[time, channel]`, full scale 1; some samples at a time. */
  readonly samples: AsyncIterable<Float32Array>;
}

export interface SoundOptions {
  readonly file: string;
  /** What messages call the file. */
  readonly origin: string;
  /** From 1. */
  readonly track: number;
  readonly signal: AbortSignal;
  /** Called for every error that ffmpeg reports while it decodes. */
  onError(message: string): void;
}

/**
 * The sound of a movie from time 0 (the earliest stream of the file) on, by its time stamps: what the track lacks at the start or in
 * between is silence (`aresample=async=1`), what overlaps is cut.
 * Throws UserError when there is no such track.
 */
export async function soundOfMovie(ffmpeg: Ffmpeg, options: SoundOptions): Promise<Sound> {
  const { file, origin, track, signal } = options;
  const child = execa(
    ffmpeg.path,
    [
      ...[...quietly, '-i', file, '-map', `0:a:${track - 1}`, '-vn', '-sn', '-dn'],
      ...['-af', 'aresample=async=1:first_pts=0', '-c:a', 'pcm_f32le', '-f', 'wav', 'pipe:1'],
    ],
    {
      ...{ stdin: 'ignore', buffer: false, encoding: 'buffer', reject: false },
      ...{ cancelSignal: signal, killSignal: 'SIGKILL' },
    },
  );
  const streams: string[] = [];
  const errors: string[] = [];
  let stopped = false;
  const lines = lineSplitter((line) => {
    const kind = /Stream #0:\d+.*: (Video|Audio|Subtitle|Data|Attachment)/.exec(line)?.[1];
    if (kind) streams.push(kind.toLowerCase());
    const error = errorOf(line);
    if (!error || stopped) return;
    errors.push(error);
    options.onError(error);
  });
  child.stderr!.setEncoding('utf8');
  child.stderr!.on('data', (text: string) => lines.push(text));
  const ended = new Promise<void>((resolve) => {
    child.stderr!.on('end', () => {
      lines.end();
      resolve();
    });
  });
  const reader = wavReader(child.stdout! as AsyncIterable<Buffer>);
  const format = await reader.format;
  if (!format) {
    await Promise.all([child, ended]);
    signal.throwIfAborted();
    throw whyNot(origin, track, streams, errors);
  }
  async function* samples() {
    try {
      yield* reader.samples();
      const { exitCode } = await child;
      await ended;
      signal.throwIfAborted();
      if (exitCode !== 0) options.onError(`ffmpeg ended with exit code ${exitCode}`);
    } finally {
      stopped = true;
      child.kill('SIGKILL');
      await child;
    }
  }
  return { ...format, samples: samples() };
}

function whyNot(origin: string, track: number, streams: readonly string[], errors: readonly string[]): UserError {
  const tracks = streams.filter((kind) => kind === 'audio').length;
  const place = { file: origin };
  if (streams.length > 0 && tracks < track) {
    const found = [...new Set(streams)].join(', ');
    return new UserError({
      message: tracks === 0 ? `no sound; streams found: ${found}` : `no sound track ${track}: there are ${tracks}`,
      place,
      expected: tracks === 0 ? 'a movie with sound' : `a track from 1 to ${tracks}`,
      ...(tracks > 0 && { keys: ['track'] }),
    });
  }
  return new UserError({
    message: `ffmpeg cannot decode the sound of this file: ${errors.at(-1) ?? 'it gave none'}`,
    place,
    expected: 'a movie or sound file',
    hint: 'Play it in a media player; if it plays, name a newer ffmpeg in FFMPEG_PATH.',
  });
}
