import type { StepType } from '../../engine/step-type.js';
import type { Statistic } from '../../numerics/vgg/layers.js';

export interface AggregateParams {
  readonly statistic: Statistic;
}

export const aggregateStep: StepType<AggregateParams> = {
  name: 'aggregate',
  version: 1,
  title: 'Activations to time series: one series per kernel',
  description: `
Takes one statistic of the activations: a series per kernel, with a sample for every image. For the paper's analysis it is
the mean of the kernel's map (64 + 64 + 128 + 128 + 3 x 256 + 6 x 512 = 4224 series for the full network).

Kernels whose value is the same for every image have no variance. Real networks have dozens of them (a ReLU that never
opens). They stay in the table, so that numbering holds; a note counts them, and \`glm\` leaves them out.`,
  inputs: { activations: { type: 'activations', description: 'Statistics of every kernel for every image.' } },
  outputs: { series: { type: 'series', description: 'One series per kernel.' } },
  example: { name: 'series', in: { activations: 'steps.activations' } },
  params: {
    type: 'object',
    properties: {
      statistic: {
        enum: ['mean', 'max', 'sd', 'active'],
        default: 'mean',
        description: 'Which statistic of the maps; `extract` must have kept it.',
      },
    },
  },
  methods: async (facts) => (await import('./methods.js')).methods(facts),
  run: async (context) => (await import('./run.js')).run(context),
};
