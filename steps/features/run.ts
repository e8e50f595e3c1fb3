import type { Artifact, Produced } from '../../artifacts/artifact.js';
import { readFrames } from '../../artifacts/frames.js';
import { writeSeries } from '../../artifacts/series.js';
import { UserError } from '../../artifacts/user-error.js';
import type { StepContext } from '../../engine/step-type.js';
import { inOrder } from '../../numerics/in-order.js';
import type { PicturesPayload } from '../../numerics/pictures/features.js';
import { columnsOf, featuresIn, requireFrequencies } from './columns.js';
import type { FeaturesParams } from './index.js';
import { moviePictures } from './movie-pictures.js';

type Context = StepContext<FeaturesParams>;

export async function run(context: Context): Promise<Record<string, Produced>> {
  const { inputs, params, workDir } = context;
  const [video, frames] = [inputs.video as Artifact | undefined, inputs.frames as Artifact | undefined];
  if ((video === undefined) === (frames === undefined)) {
    throw new UserError({
      message: video ? 'both `video` and `frames` are wired' : 'neither `video` nor `frames` is wired',
      expected: '`video` for all frames of the movie, or `frames` for the average pictures, under `in`',
    });
  }
  const { rows, window } = video ? await moviePictures(video, context) : await framePictures(frames!, context);
  const { kernels } = columnsOf(params);
  const width = kernels.length;
  const values = new Float64Array(rows.length * width);
  rows.forEach((row, sample) => {
    values.set(row, sample * width);
  });
  return { series: await writeSeries(workDir, { values, samples: rows.length, kernels, interval: window }) };
}

/** Every average picture as it is. */
async function framePictures(artifact: Artifact, context: Context): Promise<{ rows: Float64Array[]; window: number }> {
  const { params, pool, signal, progress } = context;
  const given = (['window', 'start', 'duration'] as const).find((key) => params[key] !== undefined);
  if (given) {
    throw new UserError({
      message: `"${given}" is for the frames of a movie, and average pictures are wired (${artifact.origin})`,
      expected: `no "${given}", or \`video\` in place of \`frames\``,
      keys: [given],
    });
  }
  if (params.features.includes('motion')) {
    throw new UserError({
      message: `motion is a difference from frame to frame, and ${artifact.origin} has one picture per window`,
      expected: '`video` in place of `frames`, or features without motion',
      keys: ['features'],
    });
  }
  const frames = await readFrames(artifact);
  const { width, height, window } = frames;
  requireFrequencies({ width, height }, params, artifact.origin);
  const rows: Float64Array[] = [];
  const measured = inOrder<{ values: Float64Array }>(pool.threads + 1, ({ values }) => {
    rows.push(values);
    progress(rows.length, frames.rows.length, 'pictures');
  });
  for (const { frame } of frames.rows) {
    signal.throwIfAborted();
    const payload: PicturesPayload = {
      ...{ pictures: await frames.readFrame(frame), before: null, width, height },
      ...featuresIn(params),
    };
    await measured.add(pool.run('pictures.features', payload, { signal }));
  }
  await measured.end();
  return { rows, window };
}
