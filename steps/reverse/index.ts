import type { StepType } from '../../engine/step-type.js';

export interface ReverseParams {
  readonly drop: number;
  readonly delay: number;
  readonly standardise: 'subjects' | 'mean' | 'both';
  readonly prominence: number;
  readonly height?: number;
  readonly distance: number;
  readonly peaks: number;
  readonly kernels: number;
  readonly preprocessing: 'auto' | 'caffe' | 'torch';
  readonly activation: 'relu' | 'linear';
  readonly overlay_share: number;
}

export const reverseStep: StepType<ReverseParams> = {
  name: 'reverse',
  version: 3,
  title: 'From the peaks of a region’s signal back to the pictures',
  description: `For each region of the selection: its mean BOLD signal over time, the peaks of it, and what the selected kernels
saw when the brain is taken to have responded to it.

1. **Series.** Per subject and volume the mean over the region's voxels (\`regions.nii.gz\` of the selection). Wire
   \`bold\` for the signal as it is, or \`fits\` for the signal from which \`glm\` has removed motion, drifts and the
   other nuisance columns. Voxels with a value that is not finite, or outside a subject's mask, are left out of that
   subject's mean; a subject whose series does not vary is left out of the region.
2. **Mean over subjects.** \`standardise: both\`: each subject's series is z-scored (minus mean, divided by the standard
   deviation over n), averaged over subjects, and z-scored again. \`subjects\` leaves out the last step, \`mean\` the
   first.
3. **Peaks.** Local maxima by the rules of scipy.signal.find_peaks with \`prominence\`, \`height\` and \`distance\`, of
   which the \`peaks\` highest are kept.
4. **Back in time.** Volume n (counted after \`drop\`) is taken at n TR, and belongs to sample n of the series, as in
   \`glm\`. The stimulus time of a peak is n TR - \`delay\`, or with \`shown\` wired (\`align\`) the time in the movie then: (n + \`drop\`) TR
   less the movie's onset in the scan and \`delay\`. All scans must show the same movie at the same time, to a tenth of a TR. Its picture is the frame whose window holds that time. A peak
   before the first or after the last frame is reported without picture.
5. **Pictures.** With \`frames\` and \`weights\` wired: per peak the frame, and per kernel and peak its feature map
   (viridis, 0 to the map's maximum, interpolated to the size of the frame) and the overlay: the colours of the highest
   activations (\`overlay_share\` of the map's positions, and above 0) laid over the frame at 60 %. A share, not a part of
   the maximum, since the zero padding of the network often makes that a position at the border. pictures.tsv gives
   each maximum. \`montage/region-<name>.png\` shows all of a region's on one sheet: a column for each peak with its time in
   the movie, the frame, and map and overlay of each kernel with the value that its brightest colour stands for.
   With \`series\` of means or maxima wired, a note tells when the maps are not those that it was made of (more than 1 % off).
   The \`kernels\` most selective kernels of each layer and region are shown. Series of the user's own have no feature
   maps: series and peaks only.

peaks.tsv: time and stimulus time in s; frame counts from 0 as in frames.tsv (without frames: the sample of the series);
height and prominence in the units of the mean series. series.tsv: time in s, volume, \`region:<name>\` (the mean series), \`spread:<name>\` (standard deviation over subjects),
\`kernel:<name>\` (the kernel's own series, not convolved).`,
  sources: [
    'Sohn et al. (2024), Psychoradiology 4, kkae021: Figures 5 and 6',
    'Virtanen et al. (2020), SciPy, doi 10.1038/s41592-019-0686-2: find_peaks',
  ],
  inputs: {
    selection: { type: 'selection', description: 'Regions and the kernels selected in them.' },
    bold: { type: 'bold', list: true, optional: true, description: 'BOLD series of all subjects, as they are.' },
    fits: { type: 'fit', list: true, optional: true, description: 'Fits of all subjects: BOLD without nuisance.' },
    series: { type: 'series', optional: true, description: 'Kernel series, to be shown beside those of the regions.' },
    shown: {
      type: 'aligned',
      list: true,
      optional: true,
      description: 'When the movie was shown in each scan. Default: from the first volume on that is kept.',
    },
    frames: { type: 'frames', optional: true, description: 'Pictures of the movie, one per sample.' },
    weights: { type: 'weights', optional: true, description: 'Weights of the network, for feature maps.' },
  },
  outputs: {
    reversal: { type: 'reversal', description: 'Series and peaks of the regions, pictures at the peaks.' },
  },
  example: {
    name: 'reverse',
    in: {
      fits: 'steps.fit',
      selection: 'steps.selection',
      series: 'steps.series',
      frames: 'steps.frames',
      weights: 'inputs.weights',
    },
    with: { delay: 4 },
  },
  params: {
    type: 'object',
    properties: {
      drop: {
        type: 'integer',
        minimum: 0,
        default: 0,
        unit: 'volumes',
        description:
          'First volumes of `bold` to leave out, as in `glm`. `fits` have it behind them; with `shown`, say it all the same.',
      },
      delay: {
        type: 'number',
        minimum: 0,
        default: 4,
        unit: 's',
        description: 'Time from stimulus to peak response.',
      },
      standardise: {
        enum: ['subjects', 'mean', 'both'],
        default: 'both',
        description: 'Z-score the series of each subject before they are averaged, the mean, or both.',
      },
      prominence: {
        type: 'number',
        minimum: 0,
        default: 0.5,
        unit: 'units of the mean series (standard deviations when it is z-scored)',
        description: 'Least prominence of a peak.',
      },
      height: {
        type: 'number',
        unit: 'units of the mean series (standard deviations when it is z-scored)',
        examples: [1],
        description: 'Least height of a peak. Default: no limit.',
      },
      distance: {
        type: 'number',
        minimum: 0,
        default: 6,
        unit: 's',
        description: 'Of two peaks that are closer the lower one goes. Rounded up to whole volumes.',
      },
      peaks: {
        type: 'integer',
        minimum: 0,
        default: 5,
        description: 'Peaks of each region to keep, the highest; 0 keeps all.',
      },
      kernels: {
        type: 'integer',
        minimum: 0,
        default: 3,
        description: 'Kernels of each layer and region whose feature maps are shown, the most selective; 0 shows all.',
      },
      preprocessing: {
        enum: ['auto', 'caffe', 'torch'],
        default: 'auto',
        description: 'How pixels become numbers, as in `extract`; `auto` goes by the weights, see there.',
      },
      activation: {
        enum: ['relu', 'linear'],
        default: 'relu',
        description: 'Feature maps after (`relu`) or before the rectification, as in `extract`.',
      },
      overlay_share: {
        type: 'number',
        minimum: 0,
        maximum: 1,
        default: 0.1,
        unit: 'share of the frame',
        description: 'How much of the frame the overlay may cover, where the activation is highest and above 0.',
      },
    },
  },
  needs: () => ({ memoryMB: 1024 }),
  methods: async (facts) => (await import('./methods.js')).methods(facts),
  run: async (context) => (await import('./run.js')).run(context),
};
