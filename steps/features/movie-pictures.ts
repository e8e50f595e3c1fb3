import type { Artifact } from '../../artifacts/artifact.js';
import { UserError } from '../../artifacts/user-error.js';
import type { StepContext } from '../../engine/step-type.js';
import { inOrder } from '../../numerics/in-order.js';
import type { PicturesPayload } from '../../numerics/pictures/features.js';
import { findFfmpeg } from '../decode/ffmpeg.js';
import { framesOfMovie, type MovieFrame } from '../decode/frames-of-movie.js';
import { probeVideo } from '../decode/probe.js';
import { columnsOf, featuresIn, requireFrequencies } from './columns.js';
import type { FeaturesParams } from './index.js';
import { WindowMeans } from './window-means.js';

/** Pictures that go to a worker at a time: as many as fit into 8 MB, one at least. */
const batchBytes = 8 << 20;

/** A movie may end this much before the length it states, as in `decode`, s. */
const missing = 1;

/** Measures every frame of a movie; means in windows. */
export async function moviePictures(
  video: Artifact,
  context: StepContext<FeaturesParams>,
): Promise<{ rows: Float64Array[]; window: number }> {
  const { params, signal, pool, progress, note } = context;
  const { window = 2, start = 0, duration } = params;
  const ffmpeg = await findFfmpeg();
  const file = video.files.video!;
  const facts = await probeVideo(ffmpeg, file, video.origin, signal);
  const [width, height] = params.size === 'source' ? [facts.width, facts.height] : params.size;
  requireFrequencies({ width, height }, params, video.origin);
  const stop = duration === undefined ? undefined : start + duration;
  const { still } = columnsOf(params);
  const means = new WindowMeans({
    ...{ window, start, stated: facts.duration, still },
    ...(stop !== undefined && { stop }),
  });
  const errors: string[] = [];
  const movie = framesOfMovie(ffmpeg, {
    ...{ file, origin: video.origin, width, height, signal, threads: context.threads, tolerate: params.tolerate },
    ...{ hdr: facts.hdr, deinterlace: facts.interlaced },
    onError: (message) => errors.push(message),
  });
  const total = Math.min(facts.duration ?? 0, stop ?? Number.POSITIVE_INFINITY) - start;
  const measured = inOrder<Measured>(pool.threads + 1, ({ seconds, values }) => {
    seconds.forEach((time, n) => {
      means.add({ seconds: time, values: values.subarray(n * still.length, (n + 1) * still.length) });
    });
    const done = Math.max(0, seconds.at(-1)! - start);
    progress(done, Math.max(done, total), 's');
  });
  let stopped = false;
  const wanted = until(movie, (seconds) => {
    stopped = means.isPast(seconds);
    return stopped;
  });
  for await (const { seconds, pictures, before } of batchesOf(wanted, width * height * 3)) {
    const payload: PicturesPayload = { ...{ pictures, before, width, height }, ...featuresIn(params) };
    const work = pool.run<{ values: Float64Array }>('pictures.features', payload, { signal });
    await measured.add(work.then(({ values }) => ({ seconds, values })));
  }
  await measured.end();
  signal.throwIfAborted();
  const end = means.end(stopped);
  const problem = problemOf({
    end,
    errors,
    start,
    ...(stop !== undefined && { stop }),
    stated: facts.duration,
    rows: means.rows.length,
  });
  if (problem && (!params.tolerate || means.rows.length === 0)) {
    throw new UserError({ ...problem, place: { file: video.origin } });
  }
  if (problem) note(`${problem.message}; used as it is (tolerate)`);
  return { rows: means.rows, window };
}

/** Pictures on their way to a worker, and the one before them. */
interface Batch {
  readonly seconds: readonly number[];
  readonly pictures: Uint8Array;
  readonly before: Uint8Array | null;
}

/** Copies of the frames, many at a time; `size` is the number of bytes of one. */
async function* batchesOf(frames: AsyncIterable<MovieFrame>, size: number): AsyncGenerator<Batch> {
  const length = Math.max(1, Math.floor(batchBytes / size));
  let before: Uint8Array | null = null;
  let pictures = new Uint8Array(length * size);
  let seconds: number[] = [];
  for await (const frame of frames) {
    pictures.set(frame.data, seconds.length * size);
    seconds.push(frame.seconds);
    if (seconds.length < length) continue;
    yield { seconds, pictures, before };
    before = pictures.slice((length - 1) * size);
    pictures = new Uint8Array(length * size);
    seconds = [];
  }
  if (seconds.length > 0) yield { seconds, pictures: pictures.subarray(0, seconds.length * size), before };
}

async function* until(
  frames: AsyncIterable<MovieFrame>,
  isPast: (seconds: number) => boolean,
): AsyncGenerator<MovieFrame> {
  for await (const frame of frames) {
    if (isPast(frame.seconds)) return;
    yield frame;
  }
}

interface Measured {
  readonly seconds: readonly number[];
  readonly values: Float64Array;
}

interface Outcome {
  readonly end: number;
  readonly errors: readonly string[];
  readonly start: number;
  readonly stop?: number;
  readonly stated: number | null;
  readonly rows: number;
}

/** What is wrong with a movie, by the rules of `decode`. */
function problemOf({ end, errors, start, stop, stated, rows }: Outcome) {
  const seconds = (value: number) => `${Math.round(value * 1000) / 1000} s`;
  const ends = `the pictures end at ${seconds(end)}`;
  if (rows === 0) {
    if (end === 0) return { message: `no frame could be decoded: ${errors.at(-1) ?? 'ffmpeg gave none'}` };
    return { message: `${ends}, before the start of the first window at ${seconds(start)}`, keys: ['start'] };
  }
  const hint = 'Download or copy the file again, or set `tolerate: true` to use what there is.';
  if (stop === undefined && stated !== null && end < stated - missing) {
    return { message: `cut off: ${ends}, the file states a length of ${seconds(stated)}`, hint };
  }
  if (errors.length > 0) {
    const count = errors.length === 1 ? '1 error' : `${errors.length} errors`;
    return { message: `damaged: ffmpeg reported ${count}, the first: ${errors[0]}`, hint };
  }
  if (stop !== undefined && end < stop - 0.01) {
    return { message: `${ends}, before start + duration = ${seconds(stop)}`, hint, keys: ['duration'] };
  }
  return null;
}
