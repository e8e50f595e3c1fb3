import { execa } from 'execa';
import { UserError } from '../../artifacts/user-error.js';
import type { Ffmpeg } from './ffmpeg.js';
import { errorOf, lineSplitter, timeStampReader } from './log-lines.js';
import { type PictureOptions, pictureFilters } from './picture-filters.js';
import { pictures, quietly } from './probe.js';
import { type FrameBuffers, frameSocket, framesOfStream } from './raw-frames.js';

export interface MovieFrame {
  /** Presentation time stamp in s, from the start of the file. */
  readonly seconds: number;
  /** RGB, [y, x, colour]. The buffer is used again for the frame after the next. */
  readonly data: Uint8Array;
}

export interface MovieOptions extends PictureOptions {
  readonly file: string;
  /** What messages call the file. */
  readonly origin: string;
  readonly threads: number;
  /** The movie may be damaged. Several threads conceal its errors differently, even from run to run, so it gets one. */
  readonly tolerate: boolean;
  /** Two frames of `width` x `height` x 3 bytes that are filled in turn; default: new ones. */
  readonly buffers?: FrameBuffers;
  readonly signal: AbortSignal;
  /** Called for every error that ffmpeg reports while it decodes. */
  onError(message: string): void;
}

/**
 * The frames of a movie in order of presentation, each once: no frame is dropped or doubled to fit a rate.
 * Pixels come raw on standard output. Time stamps come from the `showinfo` filter on standard error; it sits on a side
 * branch that is cropped to a corner, because it computes checksums of all that it sees.
 */
export async function* framesOfMovie(ffmpeg: Ffmpeg, options: MovieOptions): AsyncGenerator<MovieFrame> {
  if (options.hdr) await requireToneMapping(ffmpeg, options.origin);
  const { width, height, signal, tolerate } = options;
  const size = width * height * 3;
  const buffers: FrameBuffers = options.buffers ?? [new Uint8Array(size), new Uint8Array(size)];
  const { fields, picture } = pictureFilters(options);
  const filter = [
    [...fields, 'split[corner][whole]'].join(','),
    "[corner]crop='min(16,iw)':'min(16,ih)':0:0,showinfo,nullsink",
    `[whole]${picture.join(',')}`,
  ].join(';');
  const passThrough = await passFramesThrough(ffmpeg);
  const socket = await frameSocket(buffers);
  const child = execa(
    ffmpeg.path,
    [
      ...quietly,
      ...['-threads', String(tolerate ? 1 : decodingThreads(options.threads)), '-i', options.file],
      ...[...pictures, '-vf', filter, ...passThrough],
      ...['-f', 'rawvideo', '-pix_fmt', 'rgb24', 'pipe:1'],
    ],
    {
      stdin: 'ignore',
      stdout: socket?.output ?? 'pipe',
      buffer: false,
      encoding: 'buffer',
      reject: false,
      cancelSignal: signal,
      killSignal: 'SIGKILL',
    },
  );
  // ffmpeg has it now, and the frames end when it does.
  socket?.output.destroy();
  const stamps = new TimeStamps();
  // A consumer that has enough stops early; what ffmpeg says about its broken pipe is no damage of the movie.
  let stopped = false;
  const readStamp = timeStampReader();
  const lines = lineSplitter((line) => {
    const seconds = readStamp(line);
    if (seconds !== null) stamps.add(seconds);
    const error = errorOf(line);
    if (error && !stopped) options.onError(error);
  });
  child.stderr!.setEncoding('utf8');
  child.stderr!.on('data', (text: string) => lines.push(text));
  child.stderr!.on('end', () => {
    lines.end();
    stamps.end();
  });
  try {
    for await (const data of socket?.frames ?? framesOfStream(child.stdout!, buffers)) {
      const seconds = await stamps.next();
      if (Number.isNaN(seconds)) throw withoutTimeStamps(options.origin);
      yield { seconds, data };
    }
    const { exitCode } = await child;
    signal.throwIfAborted();
    if (exitCode !== 0) options.onError(`ffmpeg ended with exit code ${exitCode}`);
  } finally {
    stopped = true;
    child.kill('SIGKILL');
    await child;
  }
}

/** While ffmpeg hands a picture over it starts no new one: two threads more keep the processors busy with those it has begun. */
function decodingThreads(threads: number): number {
  return threads === 1 ? 1 : threads + 2;
}

/** `-fps_mode` replaced `-vsync` in ffmpeg 5.1, and the old name is going away. */
async function passFramesThrough(ffmpeg: Ffmpeg): Promise<string[]> {
  const { stdout } = await execa(ffmpeg.path, ['-hide_banner', '-h', 'long'], { stdin: 'ignore', stderr: 'ignore' });
  return [/^-fps_mode/m.test(stdout) ? '-fps_mode' : '-vsync', 'passthrough'];
}

async function requireToneMapping(ffmpeg: Ffmpeg, origin: string): Promise<void> {
  const { stdout } = await execa(ffmpeg.path, ['-hide_banner', '-filters'], { stdin: 'ignore', stderr: 'ignore' });
  const missing = ['zscale', 'tonemap'].filter((name) => !new RegExp(`^ \\S+ +${name} `, 'm').test(stdout));
  if (missing.length === 0) return;
  throw new UserError({
    message: `a movie of high dynamic range, which ${ffmpeg.path} cannot convert: it has no filter ${missing.join(', ')}`,
    place: { file: origin },
    expected: 'an ffmpeg with zscale (built with libzimg) and tonemap',
    hint: 'Name another ffmpeg in FFMPEG_PATH; the embedded one and that of Debian have both.',
  });
}

function withoutTimeStamps(origin: string): UserError {
  return new UserError({
    message: 'the movie has frames without time stamps',
    place: { file: origin },
    expected: 'a time stamp for every frame',
    hint: 'Write it anew with: ffmpeg -i movie -c copy movie.mkv',
  });
}

/** Hands out time stamps in order; waits when the error stream lags behind the pictures. */
class TimeStamps {
  readonly #waiting: number[] = [];
  #ended = false;
  #wake: (() => void) | null = null;

  add(seconds: number): void {
    this.#waiting.push(seconds);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** NaN when the stream has ended without one. */
  async next(): Promise<number> {
    while (this.#waiting.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
    return this.#waiting.shift() ?? Number.NaN;
  }
}
