import type { StepType } from '../../engine/step-type.js';
import type { PictureFeature } from '../../numerics/pictures/features.js';
import { findFfmpeg } from '../decode/ffmpeg.js';

export interface FeaturesParams {
  readonly features: readonly PictureFeature[];
  readonly frequencies: readonly number[];
  readonly orientations: readonly number[];
  readonly window?: number;
  readonly start?: number;
  readonly duration?: number;
  readonly size: 'source' | readonly [number, number];
  readonly tolerate: boolean;
}

export const featuresStep: StepType<FeaturesParams> = {
  name: 'features',
  version: 2,
  title: 'Low-level features of the pictures: luminance, contrast, colour, spatial frequencies, motion',
  description: `Series of what a kernel of a network, or a voxel, may follow without seeing anything: controls for the kernels, and something
to compare them with. All come from one pass over the pictures, which is why they are one step with a list.

Wire **\`video\`**: every frame of the movie is measured, and the values are averaged in the windows that \`decode\` uses (the same
\`window\`, \`start\`, \`duration\` give the same samples; a frame counts once, by its time stamp). Or wire **\`frames\`**: the pictures
that the network sees, averaged already. The two differ: an average of moving frames has less contrast than each of them.

With the relative luminance \`Y\` of a pixel (sRGB decoded to linear light, weights of ITU-R BT.709; 0 black, 1 white):

| feature | columns | |
| --- | --- | --- |
| \`luminance\` | \`luminance\` | mean of \`Y\` over the pixels |
| \`contrast\` | \`contrast\` | RMS contrast: standard deviation of \`Y\` over the pixels |
| \`saturation\` | \`saturation\` | mean of the saturation of HSV, (max - min) / max; 0 for black |
| \`gabor\` | \`gabor_f8_o45\`, … | spatial frequency energy: mean squared magnitude of a Gabor filter in quadrature, for each frequency (cycles per picture height) and orientation (of the stripes, degrees counter-clockwise from horizontal) |
| \`motion\` | \`motion\` | motion energy by frame difference: mean of the squared difference of \`Y\` to the frame before |

**gabor.** Filters have a bandwidth of one octave at half amplitude. The mean is taken out and the outer eighth of each side fades
to it. A grating of amplitude A that fills the picture gives A²/2, its variance, at its own frequency and orientation (to 3 % from 20
cycles on, to 11 % at five, where more of it meets the edges). A cycle needs four points of a grid whose
sides are the powers of two within those of the picture, so the highest frequency is 128 at 1280 x 720 and 10 at 96 x 64.

**motion** is a difference from frame to frame, so it depends on the frame rate: compare within a movie, or movies of one rate. A cut is a
large value. The first frame of a movie has none and does not count. A window in which no frame begins shows the frame before it,
without motion. Needs \`video\`: the average pictures are too far apart.

Every feature is a layer of its own in \`probability\`, \`describe\` and \`select\`. To have them beside the kernels in one fit, put the
series together with \`join\`; to take them out of the kernels' fit, make them columns of the confounds with \`controls\`.`,
  sources: [
    'ITU-R BT.709-6 (2015): luminance of red, green and blue',
    'IEC 61966-2-1:1999: sRGB',
    'Peli (1990), J Opt Soc Am A 7:2032-2040: RMS contrast',
    'Smith (1978), Computer Graphics 12(3):12-19: HSV',
    'Adelson and Bergen (1985), J Opt Soc Am A 2:284-299: energy of filters in quadrature',
    'Daugman (1985), J Opt Soc Am A 2:1160-1169: two-dimensional Gabor filters',
    'https://gallantlab.org/pymoten/autodoc/moten.extras.html: total motion energy, the squared difference between frames',
  ],
  inputs: {
    video: { type: 'video', optional: true, description: 'The movie: all its frames are measured.' },
    frames: { type: 'frames', optional: true, description: 'Its average pictures, in place of `video`.' },
  },
  outputs: {
    series: { type: 'series', description: 'A column per feature (of `gabor` several), a sample per window.' },
  },
  example: {
    name: 'low_level',
    in: { frames: 'steps.frames' },
    with: { features: ['luminance', 'contrast', 'gabor'] },
  },
  params: {
    type: 'object',
    properties: {
      features: {
        type: 'array',
        items: { enum: ['luminance', 'contrast', 'saturation', 'gabor', 'motion'] },
        minItems: 1,
        uniqueItems: true,
        default: ['luminance', 'contrast', 'saturation'],
        description: 'What to measure; the columns are in this order.',
      },
      frequencies: {
        type: 'array',
        items: { type: 'number', exclusiveMinimum: 0 },
        minItems: 1,
        uniqueItems: true,
        default: [2, 4, 8, 16, 32],
        unit: 'cycles per picture height',
        description: 'Spatial frequencies of `gabor`.',
      },
      orientations: {
        type: 'array',
        items: { type: 'number', minimum: 0, exclusiveMaximum: 180 },
        minItems: 1,
        uniqueItems: true,
        default: [0, 45, 90, 135],
        unit: 'degrees',
        description: 'Orientations of the stripes of `gabor`: 0 horizontal, 45 rising to the right, 90 vertical.',
      },
      window: {
        type: 'number',
        exclusiveMinimum: 0,
        unit: 's',
        examples: [1.5],
        description: 'Length of a window, as in `decode`. Default: 2; of `frames`, their own.',
      },
      start: {
        type: 'number',
        minimum: 0,
        unit: 's',
        examples: [12.5],
        description: 'Time in the movie at which the first window begins, as in `decode`. Default: 0.',
      },
      duration: {
        type: 'number',
        exclusiveMinimum: 0,
        unit: 's',
        examples: [300],
        description: 'How much of the movie to use, as in `decode`. Default: all.',
      },
      size: {
        oneOf: [
          { const: 'source' },
          { type: 'array', items: { type: 'integer', minimum: 1, maximum: 16384 }, minItems: 2, maxItems: 2 },
        ],
        default: 'source',
        unit: 'pixels',
        description:
          'Size at which the frames of a movie are measured: `source`, or `[width, height]`. Smaller is faster, and loses fine contrast.',
      },
      tolerate: {
        type: 'boolean',
        default: false,
        description: 'Use what can be decoded of a damaged or cut-off movie, and say so in a note.',
      },
    },
  },
  checkParams: ({ duration, window = 2 }) =>
    duration === undefined || duration >= window
      ? []
      : [
          {
            message: `duration ${duration} s is shorter than one window of ${window} s`,
            expected: 'at least one window',
            keys: ['duration'],
          },
        ],
  needs: () => ({ cores: 1, memoryMB: 600 }),
  tools: async () => ({ ffmpeg: (await findFfmpeg()).version }),
  methods: async (facts) => (await import('./methods.js')).methods(facts),
  run: async (context) => (await import('./run.js')).run(context),
};
