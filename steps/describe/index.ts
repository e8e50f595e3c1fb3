import type { StepType } from '../../engine/step-type.js';

export interface DescribeParams {
  readonly components: number;
  readonly standardise: boolean;
  readonly layers?: readonly string[];
}

export const describeStep: StepType<DescribeParams> = {
  name: 'describe',
  version: 1,
  title: 'Components and correlation of the layers’ series',
  description: `Describes kernel series by layer, before any convolution.

- **Components**: principal component analysis over the kernels of a layer, samples being the observations. Each
  kernel is centred; by default kernels keep their own variance, so a strong kernel weighs more (\`standardise: true\`
  gives all the same weight). Reported is the share of the layer's variance that each of the first components explains.
  A layer of more kernels than samples has at most as many components as samples.
- **Layer series**: the mean over all kernels of the layer, in the unit of the series.
- **Correlation**: Pearson's r of every pair of layer series, and the pair with the lowest r (signed: the paper's
  -0.054 is below every positive r).

Kernels without variance add nothing to the components and are counted; a layer of such kernels only has no
components and no correlation (n/a).`,
  sources: ['Sohn et al. (2024), Psychoradiology 4, kkae021: Figure 2'],
  inputs: { series: { type: 'series', description: 'Kernel series.' } },
  outputs: {
    description: { type: 'description', description: 'Tables of components, layer series, correlations and pairs.' },
  },
  example: { name: 'description', in: { series: 'steps.series' }, with: { components: 10 } },
  params: {
    type: 'object',
    properties: {
      components: {
        type: 'integer',
        minimum: 1,
        default: 10,
        description: 'Components to report for each layer (fewer where there are fewer kernels or samples).',
      },
      standardise: {
        type: 'boolean',
        default: false,
        description: 'Divide each kernel by its standard deviation before the component analysis.',
      },
      layers: {
        type: 'array',
        items: { type: 'string' },
        minItems: 1,
        uniqueItems: true,
        examples: [['conv1_1', 'conv5_3']],
        description: 'Layers to describe, in this order. Default: all there are.',
      },
    },
  },
  methods: async (facts) => (await import('./methods.js')).methods(facts),
  run: async (context) => (await import('./run.js')).run(context),
};
