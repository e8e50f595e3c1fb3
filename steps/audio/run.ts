import type { Artifact, Produced } from '../../artifacts/artifact.js';
import { readFrames } from '../../artifacts/frames.js';
import { writeSeries } from '../../artifacts/series.js';
import { UserError } from '../../artifacts/user-error.js';
import { one, type StepContext } from '../../engine/step-type.js';
import { findFfmpeg } from '../decode/ffmpeg.js';
import type { AudioParams } from './index.js';
import { rootMeanSquares } from './root-mean-squares.js';
import { soundOfMovie } from './sound-of-movie.js';
import { windowsWanted } from './windows-wanted.js';

export async function run(context: StepContext<AudioParams>): Promise<Record<string, Produced>> {
  const { inputs, params, signal, note, workDir } = context;
  const video = one(inputs, 'video');
  const frames = inputs.frames as Artifact | undefined;
  const { window, count } = windowsWanted(frames && (await readFrames(frames)), frames?.origin, params);
  const errors: string[] = [];
  const sound = await soundOfMovie(await findFfmpeg(), {
    ...{ file: video.files.video!, origin: video.origin, track: params.track, signal },
    onError: (message) => errors.push(message),
  });
  const { values, seconds } = await rootMeanSquares(sound, {
    window,
    start: params.start,
    ...(count !== undefined && { count }),
  });
  const place = { file: video.origin };
  if (errors.length > 0) {
    const message = `the sound is damaged: ffmpeg reported ${errors.length} errors, the first: ${errors[0]}`;
    if (!params.tolerate) {
      throw new UserError({
        message,
        place,
        hint: 'Copy the file again, or set `tolerate: true` to use what there is.',
      });
    }
    note(`${message}; used as it is (tolerate)`);
  }
  if (values.length === 0 || seconds <= params.start) {
    throw new UserError({
      message: `the sound ends at ${rounded(seconds)} s, before the start of the first window at ${rounded(params.start)} s`,
      place,
      keys: ['start'],
    });
  }
  if (count !== undefined && values.length < count) {
    note(`the sound ends at ${rounded(seconds)} s: the last ${count - values.length} of ${count} windows are silent`);
  }
  const samples = count ?? values.length;
  const column = Float64Array.from({ length: samples }, (_, n) => values[n] ?? 0);
  const kernels = [{ name: 'audio_rms', layer: 'audio', kernel: 1 }];
  return { series: await writeSeries(workDir, { values: column, samples, kernels, interval: window }) };
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
