import type { StepType } from '../../engine/step-type.js';

export interface ProbabilityParams {
  readonly layers?: readonly string[];
  readonly differences: readonly (readonly [string, string])[];
  readonly sign: 'any' | 'positive' | 'negative';
}

export const probabilityStep: StepType<ProbabilityParams> = {
  name: 'probability',
  version: 2,
  title: 'Activation probability maps of layers',
  description: `Share of a layer's kernels that activate each voxel: every thresholded map is made binary, and the binary
maps of a layer are averaged, \`probability = kernels above threshold / kernels of the layer\`, 0 to 1.

- The denominator is every kernel of the layer that the maps list. Kernels that the fit left out (a series without
  variance, collinear) count as not activating, and so do kernels whose clusters were all too small.
- Which voxels are above threshold is decided by \`threshold\`: after a one-sided threshold these are activations, after
  a two-sided one activations and deactivations, of which \`sign\` may choose one kind.
- A difference \`[conv5_3, conv1_1]\` is the first layer's map minus the second's, -1 to 1, named \`conv5_3-conv1_1\`.

Maps are float64.`,
  sources: ['Sohn et al. (2024), Psychoradiology 4, kkae021: Figures 3 and 4'],
  inputs: { thresholded: { type: 'thresholded', description: 'Thresholded maps, one per kernel.' } },
  outputs: {
    probability: { type: 'maps', description: 'One map per layer, then one per difference; statistic `probability`.' },
  },
  example: {
    name: 'probability',
    in: { thresholded: 'steps.significant' },
    with: { layers: ['conv1_1', 'conv5_3'] },
  },
  params: {
    type: 'object',
    properties: {
      layers: {
        type: 'array',
        items: { type: 'string' },
        minItems: 1,
        uniqueItems: true,
        examples: [['conv1_1', 'conv5_3']],
        description: 'Layers to make maps of, in this order. Default: all there are, in the order of the kernels.',
      },
      differences: {
        type: 'array',
        items: { type: 'array', items: { type: 'string' }, minItems: 2, maxItems: 2 },
        default: [],
        description:
          'Pairs of layers, such as `[[conv5_3, conv1_1]]`: the first one’s map minus the second one’s. They need not be among `layers`.',
      },
      sign: {
        enum: ['any', 'positive', 'negative'],
        default: 'any',
        description: 'Which clusters count: all that passed, only positive, or only negative ones.',
      },
    },
  },
  methods: async (facts) => (await import('./methods.js')).methods(facts),
  run: async (context) => (await import('./run.js')).run(context),
};
