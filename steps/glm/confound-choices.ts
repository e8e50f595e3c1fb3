import type { JsonSchema } from '../../artifacts/artifact.js';
import type { ComponentMask } from '../../artifacts/confound-components.js';
import type { Problem } from '../../artifacts/user-error.js';

/** Strategies that need no settings, and what each takes from the table. */
export const strategies = {
  motion6: 'trans_x, trans_y, trans_z (mm), rot_x, rot_y, rot_z (rad)',
  motion12: 'those six and their backward differences (`_derivative1`)',
  motion24: 'fMRIPrep’s 24: the twelve and their squares (`_power2`, `_derivative1_power2`)',
  friston24:
    'the six, their squares, the six of the volume before, and the squares of these (Friston et al. 1996). The volume before the first is 0; the lag is taken before volumes are dropped',
  csf: 'mean of the cerebrospinal fluid',
  wm: 'mean of the white matter (`white_matter`)',
  global: 'mean of the brain (`global_signal`)',
  acompcor: 'the first 5 components of the combined mask; see below',
  cosine: 'fMRIPrep’s drifts (`cosine00`, …): say `drift: none` with it',
  motion_outliers: 'one column for every volume that fMRIPrep marked (`motion_outlier00`, …); there may be none',
  non_steady_state: 'the same for volumes at the start (`non_steady_state_outlier00`, …)',
} as const;

export type Strategy = keyof typeof strategies;

export type Components = number | 'all';

/** Components of aCompCor: as many of each mask. */
export interface CompCorChoice {
  readonly acompcor: Components | { readonly n: Components; readonly mask?: ComponentMask | readonly ComponentMask[] };
}

/** One column for every volume with too much motion. */
export interface ScrubChoice {
  readonly scrub: Scrubbing;
}

export interface Scrubbing {
  /** Largest framewise displacement that is kept, mm. */
  readonly fd?: number;
  /** Largest standardised DVARS that is kept. */
  readonly std_dvars?: number;
  /** Volumes before and after such a volume that go with it. */
  readonly before?: number;
  readonly after?: number;
  /** Stretches of fewer volumes between those go too. */
  readonly min_segment?: number;
}

/** A strategy, a column, columns by `*`, or one with settings. */
export type ConfoundChoice = string | CompCorChoice | ScrubChoice;

export type Confounds = 'none' | Strategy | readonly ConfoundChoice[];

const components: JsonSchema = { anyOf: [{ type: 'integer', minimum: 1 }, { enum: ['all'] }] };
const mask: JsonSchema = { enum: ['combined', 'CSF', 'WM'] };

const compCorSchema: JsonSchema = {
  type: 'object',
  required: ['acompcor'],
  additionalProperties: false,
  properties: {
    acompcor: {
      anyOf: [
        ...(components.anyOf as JsonSchema[]),
        {
          type: 'object',
          required: ['n'],
          additionalProperties: false,
          properties: {
            n: { ...components, description: 'Components of each mask, the first ones; or `all` in the table.' },
            mask: {
              anyOf: [mask, { type: 'array', items: mask, minItems: 1, uniqueItems: true }],
              description: 'Mask or masks that they were computed in. Default: combined.',
            },
          },
        },
      ],
      description: 'Components of aCompCor.',
    },
  },
};

const volumes = (description: string): JsonSchema => ({ type: 'integer', minimum: 0, unit: 'volumes', description });

const scrubSchema: JsonSchema = {
  type: 'object',
  required: ['scrub'],
  additionalProperties: false,
  properties: {
    scrub: {
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      properties: {
        fd: { type: 'number', minimum: 0, unit: 'mm', description: 'Largest `framewise_displacement` that is kept.' },
        std_dvars: { type: 'number', minimum: 0, description: 'Largest `std_dvars` that is kept.' },
        before: volumes('Volumes before such a volume that are taken out with it. Default: 0.'),
        after: volumes('Volumes after it. Default: 0.'),
        min_segment: volumes('Stretches between such volumes that are shorter than this go too. Default: 0.'),
      },
      description: 'A column for every volume with too much motion.',
    },
  },
};

export const confoundsSchema: JsonSchema = {
  anyOf: [
    { enum: ['none', ...Object.keys(strategies)] },
    {
      type: 'array',
      items: { anyOf: [{ type: 'string' }, compCorSchema, scrubSchema] },
      minItems: 1,
      uniqueItems: true,
    },
  ],
};

/** What the schema cannot say. */
export function confoundProblems(confounds: Confounds): Problem[] {
  if (typeof confounds === 'string') return [];
  return confounds.flatMap((choice, index): Problem[] => {
    const keys = ['confounds', index];
    if (choice === 'none') {
      return [
        { message: '"none" in a list of confounds', keys, expected: '"confounds: none", or the list without it' },
      ];
    }
    if (typeof choice !== 'object' || !('scrub' in choice)) return [];
    if (choice.scrub.fd !== undefined || choice.scrub.std_dvars !== undefined) return [];
    return [{ message: '"scrub" has no threshold', keys, expected: '"fd" (mm), "std_dvars", or both' }];
  });
}

/** As it would be written, for messages. */
export function describeChoices(confounds: Confounds): string {
  const one = (choice: ConfoundChoice) => (typeof choice === 'string' ? choice : Object.keys(choice)[0]!);
  return typeof confounds === 'string' ? confounds : confounds.map(one).join(', ');
}
