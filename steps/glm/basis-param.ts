import type { JsonSchema } from '../../artifacts/artifact.js';

/** The parameter `basis` of steps that have maps of a fit's kernels (see `rowsOf`). */
export const basisParam: JsonSchema = {
  type: 'array',
  items: { type: 'string' },
  minItems: 1,
  uniqueItems: true,
  examples: [['canonical', 'time']],
  description:
    'Of kernels with several columns (`basis` of the step `hrf`): which have maps, by their function (`canonical`, `time`, `dispersion`, `delay3`). Default: `canonical` where there is one, else all.',
};
