import path from 'node:path';
import type { Produced } from '../../artifacts/artifact.js';
import { type FrameRow, writeFrameTable } from '../../artifacts/frames.js';
import { appendNpy } from '../../artifacts/npy-append.js';
import { UserError } from '../../artifacts/user-error.js';
import { one, type StepContext } from '../../engine/step-type.js';
import { findFfmpeg } from './ffmpeg.js';
import { framesOfMovie } from './frames-of-movie.js';
import type { DecodeParams } from './index.js';
import type { PictureOptions } from './picture-filters.js';
import { probeVideo, type VideoFacts } from './probe.js';
import { sampledFrames } from './sampled-frames.js';
import { WindowAverage } from './window-average.js';
import { averageInWindows, type Seen } from './windows.js';

/** A movie may end this much before the length it states (sound track a little longer than the pictures), in s. */
const MISSING = 1;

export async function run(context: StepContext<DecodeParams>): Promise<Record<string, Produced>> {
  const { params, signal, workDir } = context;
  const video = one(context.inputs, 'video');
  const file = video.files.video!;
  const ffmpeg = await findFfmpeg();
  const facts = await probeVideo(ffmpeg, file, video.origin, signal);
  const crop = params.crop && partOf(facts, params.crop, video.origin);
  const shown = crop ? crop.part : facts;
  const [width, height] = params.size === 'source' ? [shown.width, shown.height] : params.size;
  const stop = params.duration === undefined ? undefined : params.start + params.duration;
  const errors: string[] = [];
  const average = new WindowAverage(width * height * 3);

  const movie = framesOfMovie(ffmpeg, {
    file,
    origin: video.origin,
    width,
    height,
    hdr: facts.hdr,
    deinterlace: params.deinterlace && facts.interlaced,
    ...(crop && { crop }),
    threads: context.threads,
    tolerate: params.tolerate,
    buffers: average.buffers,
    signal,
    onError: (message) => errors.push(message),
  });
  const seen: Seen = { frames: 0, last: 0, end: 0 };
  const windows = averageInWindows(
    params.fps === undefined
      ? movie
      : sampledFrames(movie, { fps: params.fps, start: params.start, stated: facts.duration }),
    {
      window: params.window,
      start: params.start,
      stated: facts.duration,
      average,
      ...(stop === undefined ? {} : { stop }),
    },
    seen,
  );
  const target = path.join(workDir, 'frames.npy');
  const images = await appendNpy(target, '|u1', [height, width, 3]);
  const rows: FrameRow[] = [];
  let black = 0;
  try {
    for await (const { image, onset, duration, frames } of windows) {
      if (black === rows.length && isBlack(image)) black++;
      await images.append(image);
      rows.push({ frame: rows.length, onset, duration, images: frames });
      const done = onset + duration;
      const total = Math.min(facts.duration ?? 0, stop ?? Number.POSITIVE_INFINITY) - params.start;
      context.progress(done, Math.max(done, total), 's');
    }
  } finally {
    await images.close();
  }
  signal.throwIfAborted();
  checkComplete(
    {
      ...params,
      origin: video.origin,
      stated: facts.duration,
      endMissing: facts.endMissing,
      seen,
      errors,
      images: rows.length,
    },
    context.note,
  );
  noteBlack(rows, black, params.start, context.note);
  const table = path.join(workDir, 'frames.tsv');
  await writeFrameTable(table, rows);
  return {
    frames: { files: { 'frames.npy': target, 'frames.tsv': table }, meta: { window: params.window, width, height } },
  };
}

/** `[left, top, width, height]` of the picture as shown. */
function partOf(
  { width, height }: VideoFacts,
  [left, top, across, down]: NonNullable<DecodeParams['crop']>,
  origin: string,
): NonNullable<PictureOptions['crop']> {
  if (left + across > width || top + down > height) {
    throw new UserError({
      message: `crop reaches to ${left + across} x ${top + down} pixels, the picture has ${width} x ${height}`,
      place: { file: origin },
      expected: '[left, top, width, height] within the picture as shown',
      keys: ['crop'],
    });
  }
  return { part: { left, top, width: across, height: down }, width, height };
}

/** Brightest value that still counts as black: what coding leaves of it. */
const BLACK = 8;

function isBlack(image: Uint8Array): boolean {
  return image.every((value) => value <= BLACK);
}

function noteBlack(rows: readonly FrameRow[], black: number, start: number, note: (message: string) => void): void {
  if (black === 0) return;
  const { onset, duration } = rows[black - 1]!;
  const until = onset + duration;
  note(
    black === rows.length
      ? 'every picture is black'
      : `the first ${seconds(until)} are black; \`start: ${Math.round((start + until) * 1000) / 1000}\` would leave them out`,
  );
}

interface Outcome {
  readonly origin: string;
  readonly start: number;
  readonly duration?: number;
  readonly tolerate: boolean;
  readonly stated: number | null;
  readonly endMissing: boolean;
  readonly seen: Seen;
  readonly errors: readonly string[];
  readonly images: number;
}

/** Throws UserError for a movie that is damaged, cut off, or too short for `start` and `duration`; notes it when tolerated. */
function checkComplete(outcome: Outcome, note: (message: string) => void): void {
  const { origin, start, duration, seen, errors } = outcome;
  const place = { file: origin };
  const ends = `the pictures end at ${seconds(seen.end)}`;
  if (seen.frames === 0) {
    throw new UserError({ message: `no frame could be decoded: ${errors.at(-1) ?? 'ffmpeg gave none'}`, place });
  }
  if (outcome.images === 0) {
    throw new UserError({
      message: `${ends}, before the start of the first window at ${seconds(start)}`,
      place,
      expected: `start below ${seconds(seen.end)}`,
      keys: ['start'],
    });
  }
  const stop = duration === undefined ? null : start + duration;
  const problem = problemOf(ends, stop, outcome);
  if (problem === null) return;
  if (!outcome.tolerate) throw new UserError({ ...problem, place });
  note(`${problem.message}; used as it is (tolerate)`);
}

function problemOf(ends: string, stop: number | null, { stated, endMissing, seen, errors }: Outcome) {
  const lengths = stated === null ? ends : `${ends}, the file states a length of ${seconds(stated)}`;
  const count = errors.length === 1 ? '1 error' : `${errors.length} errors`;
  const reported = `ffmpeg reported ${count}, the first: ${errors[0]}`;
  if (stop === null && stated !== null && seen.end < stated - MISSING) {
    return {
      message: `cut off: ${lengths}${errors.length === 0 ? '' : `; ${reported}`}`,
      expected: `pictures up to the end, or at most ${MISSING} s less`,
      hint: 'Download or copy the file again; if only its sound is longer, set `tolerate: true`.',
    };
  }
  if (stop === null && endMissing) {
    return {
      message: `cut off: ${ends}, the mark at the end of the file is missing`,
      expected: 'a complete gif',
      hint: 'Download or copy the file again, or set `tolerate: true` to use what there is.',
    };
  }
  if (errors.length > 0) {
    return {
      message: `damaged: ${reported}`,
      expected: 'a movie that decodes without errors',
      hint: 'Download or copy the file again, or set `tolerate: true` to use what can be decoded.',
    };
  }
  if (stop !== null && seen.end < stop - 0.01) {
    return {
      message: `${ends}, before start + duration = ${seconds(stop)}`,
      expected: 'a shorter duration, or the whole movie',
      hint: 'Set `tolerate: true` to use what there is.',
    };
  }
  return null;
}

function seconds(value: number): string {
  return `${Math.round(value * 1000) / 1000} s`;
}
