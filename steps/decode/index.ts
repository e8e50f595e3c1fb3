import type { Problem } from '../../artifacts/user-error.js';
import type { StepType } from '../../engine/step-type.js';
import { findFfmpeg } from './ffmpeg.js';

export interface DecodeParams {
  readonly window: number;
  readonly start: number;
  readonly duration?: number;
  readonly fps?: number;
  readonly crop?: readonly [number, number, number, number];
  readonly size: 'source' | readonly [number, number];
  readonly deinterlace: boolean;
  readonly tolerate: boolean;
}

export const decodeStep: StepType<DecodeParams> = {
  name: 'decode',
  version: 2,
  title: 'Movie to images: the average frame of each window of time',
  description: `
Reads the first video stream of a movie (mp4, webm, mkv, mov, gif, whatever the ffmpeg at hand reads) and averages its
frames in windows, normally one TR long.

Image k is the mean of all frames whose presentation time stamp t satisfies

    floor((t - start) / window) = k

- **Exact**: the frames are added up as integers per pixel and colour, divided by their number, and rounded to 8 bit,
  halves upwards. Every frame counts once, for however long it was shown; with \`fps\`, what is shown at so many moments a
  second counts, so that a frame of a movie with variable frame rate counts for as long as it was shown.
- **By time stamp**, so movies with variable frame rate land in the right windows. Time 0 is the start of the file
  (its earliest stream), as players count it. Because webm and mkv keep whole milliseconds, a frame stamped up to
  0.5 ms before a window begins belongs to that window.
- The **last** window is shorter when the movie ends inside it; \`frames.tsv\` says how long it is and how many frames it holds.
  Onsets in that table count from \`start\`.
- A window in which **no frame begins** (a gif with long frames, a frozen picture) shows the frame before it and counts 0 frames.
  Before the first frame of all, it shows the first. The last frame is taken to last as long as the one before it, but
  not beyond the length that the file states.
- **Size**: the picture as a player shows it (\`source\`): turned upright as the rotation mark of a phone says, and with square
  pixels (where the file states another pixel aspect ratio the width is scaled: 720 x 576 at 64:45 becomes 1024 x 576). Or scaled to
  \`[width, height]\`. \`crop\` takes a part of the picture as shown; \`size\` is then that of the part. Scaling is bicubic, before averaging.
- **Colour**: ffmpeg's conversion to 8-bit RGB (rgb24), with the matrix that the file states, else BT.601; movies of 10 or 12 bits are rounded to 8.
- **High dynamic range** (the file states PQ, SMPTE ST 2084, or HLG, ARIB STD-B67) is mapped to standard range: linear light relative
  to 203 cd/m² (diffuse white, ITU-R BT.2408), primaries BT.2020 to BT.709, the Möbius curve of ffmpeg's \`tonemap\` (straight up to 0.3 of
  white; 1000 cd/m² becomes full white), gamma 2.4 as a display shows it (BT.1886). HLG is taken as a display of 1000 cd/m² shows it. A network trained on ordinary photographs sees such a picture as it would
  see the movie's standard version, not grey and pale as without.
- **Interlaced**: where the first frame is marked as two fields, such frames are deinterlaced (ffmpeg's \`yadif\`, one frame for two fields).
- **Black** at the beginning is part of the movie, and averaged like the rest; a note says how long it is.

A movie that is damaged or ends more than a second before the length it states is an error, unless \`tolerate\` is set: then a note
says how many errors ffmpeg reported, and one thread decodes, because several would not give the same pictures each time. Among the results is a strip of twelve pictures, \`…_preview.png\`.
ffmpeg is taken from FFMPEG_PATH, then PATH, then the embedded one; its version is part of the key, because decoders differ by some grey levels.`,
  sources: [
    'Sohn et al. (2024), Psychoradiology 4, kkae021, doi 10.1093/psyrad/kkae021: frames averaged in windows of one TR',
    'https://ffmpeg.org/ffmpeg-filters.html: scale, yadif, zscale, tonemap',
    'ITU-R BT.2408: Guidance for operational practices in HDR television production (reference white)',
  ],
  inputs: { video: { type: 'video', description: 'The movie.' } },
  outputs: { frames: { type: 'frames', description: 'One RGB image per window, with onsets and durations.' } },
  example: { name: 'frames', in: { video: 'inputs.movie' }, with: { window: 2 } },
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
        examples: [300],
        description: 'How much of the movie to use, from `start` on. Without it: all of it.',
      },
      fps: {
        type: 'number',
        exclusiveMinimum: 0,
        maximum: 1000,
        unit: 'frames per second',
        examples: [25],
        description:
          'Use what is shown at so many evenly spaced moments a second, the first at `start`, in place of every frame once. It must be at least one per window.',
      },
      crop: {
        type: 'array',
        items: { type: 'integer', minimum: 0, maximum: 16384 },
        minItems: 4,
        maxItems: 4,
        unit: 'pixels',
        examples: [[0, 90, 1280, 540]],
        description:
          'Part of the picture as shown: `[left, top, width, height]`. Without it: all of it. Black bars, for example, are cut off with it.',
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
      deinterlace: {
        type: 'boolean',
        default: true,
        description:
          'Deinterlace frames that are marked as two fields. With `false` the lines of both fields stay as they are stored.',
      },
      tolerate: {
        type: 'boolean',
        default: false,
        description: 'Use what can be decoded of a damaged or cut-off movie, and say so in a note.',
      },
    },
  },
  checkParams({ window, duration, fps, crop }) {
    const problems: Problem[] = [];
    if (duration !== undefined && duration < window) {
      problems.push({
        message: `duration ${duration} s is shorter than one window of ${window} s`,
        expected: 'at least one window',
        keys: ['duration'],
      });
    }
    if (fps !== undefined && fps * window < 1) {
      problems.push({
        message: `${fps} frames per second leave windows of ${window} s empty`,
        expected: `fps of ${1 / window} or more`,
        keys: ['fps'],
      });
    }
    if (crop && (crop[2] === 0 || crop[3] === 0)) {
      problems.push({
        message: `crop of ${crop[2]} x ${crop[3]} pixels has nothing in it`,
        expected: '[left, top, width, height], width and height 1 or more',
        keys: ['crop'],
      });
    }
    return problems;
  },
  needs: () => ({ cores: 1, memoryMB: 400 }),
  tools: async () => ({ ffmpeg: (await findFfmpeg()).version }),
  methods: async (facts) => (await import('./methods.js')).methods(facts),
  run: async (context) => (await import('./run.js')).run(context),
};
