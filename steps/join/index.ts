import type { StepType } from '../../engine/step-type.js';

export const joinStep: StepType<Record<string, never>> = {
  name: 'join',
  version: 1,
  title: 'Series side by side: kernels of a network, features, annotations in one',
  description: `Puts the columns of several series of the same samples into one series, so that one \`hrf\`, \`glm\` and \`group\` serve them all
and their maps can be compared: the kernels of a network beside luminance, sound and faces.

Intervals and numbers of samples must be the same. Nothing is cut or filled: \`features\`, \`audio\` and \`annotations\` have the windows of
\`decode\` where \`frames\` is wired to them, or where they are given the same \`window\`, \`start\` and \`duration\`. A layer may come from one series only, and
names of columns must differ.`,
  inputs: {
    series: { type: 'series', list: true, description: 'The series, in the order in which their columns shall be.' },
  },
  outputs: { series: { type: 'series', description: 'All columns.' } },
  example: { name: 'controls', in: { series: ['steps.low_level', 'steps.sound'] } },
  params: { type: 'object', properties: {} },
  methods: async (facts) => (await import('./methods.js')).methods(facts),
  run: async (context) => (await import('./run.js')).run(context),
};
