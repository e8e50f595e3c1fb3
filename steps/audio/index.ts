import type { StepType } from '../../engine/step-type.js';
import { findFfmpeg } from '../decode/ffmpeg.js';

export interface AudioParams {
  readonly window?: number;
  readonly start: number;
  readonly duration?: number;
  readonly track: number;
  readonly tolerate: boolean;
}

export const audioStep: StepType<AudioParams> = {
  name: 'audio',
  version: 1,
  title: 'Envelope of the sound: its root mean square in each window',
  description: `How loud the movie is: one column \`audio_rms\`, per window \`sqrt(mean(x²))\` over all samples \`x\` of all channels
(full scale is 1, so a sine of amplitude A gives A/√2). Samples come as the file has them, in floating point, neither mixed
down nor resampled; silence fills what the sound track lacks (it may begin after the pictures).

Windows are those of \`decode\`: window k begins at \`start + k * window\` after the start of the file. Wire \`frames\` to get a sample for
every picture, however much longer or shorter the sound is; after its end the sound is 0. Without \`frames\` there are windows up to the
end of the sound, of which the last may be shorter.

The envelope at the rate of the windows is what \`hrf\` needs. For a finer one give a smaller \`window\`: \`hrf\` takes any interval.`,
  sources: [
    'ITU-T G.100.1 (2015): the decibel and relative levels, root mean square of a digital signal',
    'https://ffmpeg.org/ffmpeg-filters.html#aresample-1',
  ],
  inputs: {
    video: { type: 'video', description: 'The movie, or a sound file.' },
    frames: {
      type: 'frames',
      optional: true,
      description: 'Average pictures, for as many windows as there are of them.',
    },
  },
  outputs: { series: { type: 'series', description: 'One column, `audio_rms`, a sample per window.' } },
  example: { name: 'sound', in: { video: 'inputs.movie', frames: 'steps.frames' } },
  params: {
    type: 'object',
    properties: {
      window: {
        type: 'number',
        exclusiveMinimum: 0,
        unit: 's',
        examples: [1.5],
        description: 'Length of a window, as in `decode`. Default: that of `frames`, else 2.',
      },
      start: {
        type: 'number',
        minimum: 0,
        default: 0,
        unit: 's',
        description:
          'Time in the movie at which the first window begins, as in `decode` (also where `frames` is wired).',
      },
      duration: {
        type: 'number',
        exclusiveMinimum: 0,
        unit: 's',
        examples: [300],
        description: 'How much of the movie to use, where `frames` is not wired. Default: all.',
      },
      track: { type: 'integer', minimum: 1, default: 1, description: 'Which sound track, counted from 1.' },
      tolerate: {
        type: 'boolean',
        default: false,
        description: 'Use what can be decoded of damaged sound, and say so in a note.',
      },
    },
  },
  tools: async () => ({ ffmpeg: (await findFfmpeg()).version }),
  methods: async (facts) => (await import('./methods.js')).methods(facts),
  run: async (context) => (await import('./run.js')).run(context),
};
