import type { StepType } from '../../engine/step-type.js';
import { findFfmpeg } from './ffmpeg.js';

export interface DecodeParams {
  readonly window: number;
  readonly start: number;
  readonly duration?: number;
  readonly size: 'source' | readonly [number, number];
  readonly tolerate: boolean;
}

export const decodeStep: StepType<DecodeParams> = {
  name: 'decode',
  version: 1,
  title: 'Movie to images: the average frame of each window of time',
  description: `
Reads the first video stream of a movie (mp4, webm, mkv, mov, gif, whatever the ffmpeg at hand reads) and averages its
frames in windows, normally one TR long: image k is the mean of all frames whose presentation time stamp t satisfies

    floor((t - start) / window) = k

- **Exact**: the frames are added up as integers per pixel and colour, divided by their number, and rounded to 8 bit,
  halves upwards. Every frame counts once, for however long it was shown.
- **By time stamp**, so movies with variable frame rate land in the right windows. Time 0 is the start of the file
  (its earliest stream), as players count it. Because webm and mkv keep whole milliseconds, a frame stamped up to
  0.5 ms before a window begins belongs to that window.
- The **last** window is shorter when the movie ends inside it; \`frames.tsv\` says how long it is and how many frames it holds.
  Onsets in that table count from \`start\`.
- A window in which **no frame begins** (a gif with long frames, a frozen picture) shows the frame before it and counts 0 frames.
  Before the first frame of all, it shows the first. The last frame is taken to last as long as the one before it, but
  not beyond the length that the file states.
- **Size**: the pixels as stored (\`source\`), or scaled to \`[width, height]\` with bicubic interpolation, both before averaging.
  Rotation marks of phones are applied, as players do. Pixels that are not square are left as they are.
- **Colour**: ffmpeg's conversion to 8-bit RGB (rgb24), with the matrix that the file states, else BT.601.

A movie that is damaged or ends more than a second before the length it states is an error, unless \`tolerate\` is set.
ffmpeg is taken from FFMPEG_PATH, then PATH, then the embedded one; its version is part of the key, because decoders differ by some grey levels.`,
  sources: [
    'Sohn et al. (2024), Psychoradiology 4, kkae021, doi 10.1093/psyrad/kkae021: frames averaged in windows of one TR',
    'https://ffmpeg.org/ffmpeg-filters.html',
  ],
  inputs: { video: { type: 'video', description: 'The movie.' } },
  outputs: { frames: { type: 'frames', description: 'One RGB image per window, with onsets and durations.' } },
  params: {
    type: 'object',
    properties: {
      window: {
        type: 'number',
        exclusiveMinimum: 0,
        default: 2,
        unit: 's',
        description: 'Length of a window: one image each. Normally the TR of the BOLD images.',
      },
      start: {
        type: 'number',
        minimum: 0,
        default: 0,
        unit: 's',
        description: 'Time in the movie at which the first window begins.',
      },
      duration: {
        type: 'number',
        exclusiveMinimum: 0,
        unit: 's',
        description: 'How much of the movie to use, from `start` on. Without it: all of it.',
      },
      size: {
        oneOf: [
          { const: 'source' },
          { type: 'array', items: { type: 'integer', minimum: 1, maximum: 16384 }, minItems: 2, maxItems: 2 },
        ],
        default: 'source',
        unit: 'pixels',
        description: 'Size of the images: `source`, or `[width, height]`.',
      },
      tolerate: {
        type: 'boolean',
        default: false,
        description: 'Use what can be decoded of a damaged or cut-off movie, and say so in a note.',
      },
    },
  },
  checkParams({ window, duration }) {
    if (duration === undefined || duration >= window) return [];
    return [
      {
        message: `duration ${duration} s is shorter than one window of ${window} s`,
        expected: 'at least one window',
        keys: ['duration'],
      },
    ];
  },
  needs: () => ({ cores: 1, memoryMB: 400 }),
  tools: async () => ({ ffmpeg: (await findFfmpeg()).version }),
  run: async (context) => (await import('./run.js')).run(context),
};
