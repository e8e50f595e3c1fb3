import type { StepType } from '../../engine/step-type.js';

export interface ControlsParams {
  readonly drop: number;
  readonly samples?: number;
}

export const controlsStep: StepType<ControlsParams> = {
  name: 'controls',
  version: 1,
  title: 'Regressors as confounds: what the kernels shall explain beyond them',
  description: `Adds regressors (of luminance, motion, sound, annotations) to the table of confounds of a run. Named in the \`confounds\` of \`glm\`,
they belong to the nuisance of every kernel's model: what a kernel then explains is beyond them.

\`\`\`yaml
nuisance: { uses: controls, foreach: inputs.bold, in: { confounds: item.confounds, regressors: steps.low_level } }
fit:
  uses: glm
  in: { confounds: steps.nuisance, … }
  with: { confounds: [friston24, luminance, contrast, "gabor_*"] }
\`\`\`

The table has one row per volume of the image. Regressors of series from \`align\` do too. Others begin with the first volume that \`glm\`
keeps: give the same \`drop\` and \`samples\` as there; the rows before are \`n/a\`. Lengths that do not fit are an error that names both.
Columns have the names of the regressors, which must not be those of the table.`,
  inputs: {
    regressors: { type: 'regressors', list: true, description: 'Regressors, one value per volume.' },
    confounds: {
      type: 'confounds',
      optional: true,
      description: 'The table to add to. Without it, a table of the regressors alone.',
    },
  },
  outputs: { confounds: { type: 'confounds', description: 'The table with a further column for each regressor.' } },
  example: {
    name: 'nuisance',
    foreach: 'inputs.bold',
    in: { confounds: 'item.confounds', regressors: 'steps.control_regressors' },
  },
  params: {
    type: 'object',
    properties: {
      drop: {
        type: 'integer',
        minimum: 0,
        default: 0,
        unit: 'volumes',
        description: 'As in `glm`, for regressors that begin with the first volume that is kept.',
      },
      samples: {
        type: 'integer',
        minimum: 1,
        unit: 'volumes',
        examples: [163],
        description: 'As in `glm`, for regressors that begin with the first volume that is kept. Default: all.',
      },
    },
  },
  methods: async (facts) => (await import('./methods.js')).methods(facts),
  run: async (context) => (await import('./run.js')).run(context),
};
