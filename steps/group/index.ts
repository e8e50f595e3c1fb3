import type { Problem } from '../../artifacts/user-error.js';
import type { StepType } from '../../engine/step-type.js';
import type { MapsDtype, Statistic } from '../../numerics/glm/statistic-maps.js';
import { type ContrastSpec, contrastSchema, isF } from '../contrast/weights.js';
import { basisParam } from '../glm/basis-param.js';

export interface GroupParams {
  design: 'one-sample' | 'two-sample' | 'two-sample-welch' | 'paired' | 'regression';
  group?: string;
  groups?: readonly string[];
  covariates?: readonly string[];
  centre: 'mean' | 'none';
  contrast?: ContrastSpec;
  runs: 'precision' | 'mean';
  statistics?: readonly Statistic[];
  basis?: readonly string[];
  dtype: MapsDtype;
}

export const groupStep: StepType<GroupParams> = {
  name: 'group',
  version: 3,
  title: 'Tests over subjects, per kernel: one sample, two samples, pairs, regression',
  description: `Tests the subjects' effects for every kernel and voxel. An effect counts once, however precise it is.

| design | columns | tests, unless \`contrast\` says otherwise |
| --- | --- | --- |
| \`one-sample\` | \`mean\`, covariates | whether the mean differs from 0 |
| \`two-sample\` | the two groups, covariates | first group - second group, one variance for both |
| \`two-sample-welch\` | the two groups | the same, each group with a variance of its own |
| \`paired\` | \`mean\`, covariates, of the differences \`fits\` - \`against\` of each subject | whether their mean differs from 0 |
| \`regression\` | \`mean\`, covariates | the slope of the covariate (of several: say which) |

- \`effect\`: the mean, difference or slope, in BOLD units per unit of the regressor (and of the covariate)
- \`se\`: its standard error; \`t\`: effect / se with subjects - columns degrees of freedom
- \`z\`: the normal deviate with the same tail probability as t; \`p\`: P(T > t), float64, never 0
- \`F\`: of an F contrast; else t squared
- \`df\`: of \`two-sample-welch\` by Welch and Satterthwaite, another at every voxel: threshold its \`z\`, not its \`t\`

**Subjects** are told by \`sub-…\` of the items. Several fits of one subject are its runs and are combined into one effect (fixed effects):
\`runs: precision\` weighs each by 1 / se², \`mean\` all alike. \`paired\` takes the same subjects from a second list.

**Participants.** Groups and covariates are columns of a table with a row per subject (BIDS' \`participants.tsv\`, column
\`participant_id\`). A subject without a row or a value is an error.

**Centring.** \`centre: mean\` takes from each covariate its mean over the subjects of this test. Slopes and the difference of
groups are the same either way; what changes is \`mean\` and a single group: the effect at the average covariate, or, not
centred, at a covariate of 0 (an age of 0). Groups are centred together: their difference is that at the same covariate.

**Contrasts** are a column, weights by column, or an F test over several:

\`\`\`yaml
with: { design: regression, covariates: [age, score], contrast: { F: [age, score] } }
with: { design: two-sample, group: diagnosis, groups: [patient, control], covariates: [age], contrast: age }
\`\`\`

Effects are computed from the \`fit\`s block by block of voxels, for all subjects, and are not kept: memory and disk do not
grow with kernels x voxels x subjects. Also \`maps\` of subjects can be tested (of \`joint\`, \`contrast\`, \`combine\`): their \`effect\`;
rows without one (F contrasts) are left out.

**Voxels**: those that every fit has (the intersection of the masks). **Kernels** must be the same in all fits. A kernel
that could not be fitted in every subject is left out: its status names what was wrong, its row is NaN, a note counts it.
One row, one set of subjects. Where all effects are equal nothing is left to test against: t is NaN.

The order of subjects is that of the list; it changes nothing but the rounding.`,
  sources: [
    'Holmes & Friston (1998), NeuroImage 7:S754: summary statistics',
    'Welch (1947), Biometrika 34:28-35',
    'Worsley et al. (2002), NeuroImage 15:1-15: fixed effects over runs',
  ],
  inputs: {
    fits: {
      type: ['fit', 'maps'],
      list: true,
      description: 'Fits (or maps with effects) of all subjects, two subjects or more.',
    },
    against: {
      type: ['fit', 'maps'],
      list: true,
      optional: true,
      description: 'Of a paired design: what is subtracted, of the same subjects.',
    },
    participants: { type: 'table', optional: true, description: 'Groups and covariates (participants.tsv).' },
  },
  outputs: { maps: { type: 'maps', description: 'One row per kernel and statistic.' } },
  example: { name: 'group', in: { fits: 'steps.fit' }, with: { design: 'one-sample' } },
  params: {
    type: 'object',
    properties: {
      design: {
        enum: ['one-sample', 'two-sample', 'two-sample-welch', 'paired', 'regression'],
        default: 'one-sample',
        description: 'What is compared.',
      },
      group: {
        type: 'string',
        examples: ['diagnosis'],
        description: 'Column of the participants that holds the groups of a two-sample design.',
      },
      groups: {
        type: 'array',
        items: { type: 'string' },
        minItems: 2,
        maxItems: 2,
        uniqueItems: true,
        examples: [['patient', 'control']],
        description: 'The two groups, the second subtracted from the first. Default: in alphabetical order.',
      },
      covariates: {
        type: 'array',
        items: { type: 'string' },
        minItems: 1,
        uniqueItems: true,
        examples: [['age', 'iq']],
        description: 'Columns of numbers of the participants.',
      },
      centre: { enum: ['mean', 'none'], default: 'mean', description: 'What is taken from each covariate.' },
      contrast: {
        ...contrastSchema,
        examples: ['age'],
        description: 'What is tested: a column, weights by column, or an F test.',
      },
      runs: {
        enum: ['precision', 'mean'],
        default: 'precision',
        description: 'How several fits of one subject are combined.',
      },
      statistics: {
        type: 'array',
        items: { enum: ['effect', 'se', 't', 'F', 'z', 'p', 'df'] },
        minItems: 1,
        uniqueItems: true,
        examples: [['effect', 't', 'z']],
        description: 'Which maps to write. Default: effect and t; F for an F contrast.',
      },
      basis: basisParam,
      dtype: {
        enum: ['float32', 'float64'],
        default: 'float32',
        description: 'Precision of the stored maps (p is always float64).',
      },
    },
  },
  checkParams,
  needs: () => ({ memoryMB: 1536 }),
  methods: async (facts) => (await import('./methods.js')).methods(facts),
  run: async (context) => (await import('./run.js')).run(context),
};

function checkParams({
  design,
  group,
  groups,
  covariates,
  contrast,
  statistics = [],
}: GroupParams): readonly Problem[] {
  const problems: Problem[] = [];
  const twoGroups = design === 'two-sample' || design === 'two-sample-welch';
  const f = contrast !== undefined && isF(contrast);
  if (twoGroups && group === undefined) {
    problems.push({
      message: `the design ${design} needs "group"`,
      keys: ['design'],
      expected: 'the column of the participants that holds the groups',
    });
  }
  for (const [key, value] of Object.entries({ group, groups })) {
    if (!twoGroups && value !== undefined)
      problems.push({
        message: `"${key}" has no meaning in the design ${design}`,
        keys: [key],
        expected: 'a two-sample design',
      });
  }
  if (design === 'two-sample-welch' && (covariates || contrast !== undefined)) {
    problems.push({
      message: 'the design two-sample-welch compares two groups, without covariates and contrasts',
      keys: [covariates ? 'covariates' : 'contrast'],
      expected: 'the design two-sample',
    });
  }
  if (design === 'regression' && !covariates) {
    problems.push({
      message: 'a regression needs "covariates"',
      keys: ['design'],
      expected: 'columns of the participants',
    });
  }
  if (design === 'regression' && covariates && covariates.length > 1 && contrast === undefined) {
    problems.push({
      message: `which of the ${covariates.length} covariates is to be tested?`,
      keys: ['covariates'],
      expected: `"contrast: ${covariates[0]}", or all together: "contrast: { F: [${covariates.join(', ')}] }"`,
    });
  }
  const missing = f ? statistics.filter((statistic) => ['effect', 'se', 't'].includes(statistic)) : [];
  if (missing.length > 0) {
    problems.push({ message: `an F contrast has no ${missing.join(', ')}`, keys: ['statistics'], expected: 'F, z, p' });
  }
  return problems;
}
