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

/** Strategies with settings; both in one map are both taken. */
export interface ConfoundMap {
  readonly acompcor?: CompCor;
  readonly scrub?: Scrubbing;
}

export type Components = number | 'all';

/** Components of aCompCor: as many of each mask. */
export type CompCor = Components | { readonly n: Components; readonly mask?: ComponentMask | readonly ComponentMask[] };

/** One column for every volume with too much motion. */
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

/** A strategy, a column, columns by `*`, or strategies with settings. */
export type ConfoundChoice = string | ConfoundMap;

export type Confounds = 'none' | Strategy | ConfoundMap | readonly ConfoundChoice[];

/** What is chosen, one by one. */
export function choicesOf(confounds: Exclude<Confounds, 'none'>): readonly ConfoundChoice[] {
  return Array.isArray(confounds) ? confounds : [confounds as ConfoundChoice];
}

const components: JsonSchema = { anyOf: [{ type: 'integer', minimum: 1 }, { enum: ['all'] }] };
const mask: JsonSchema = { enum: ['combined', 'CSF', 'WM'] };

const volumes = (description: string): JsonSchema => ({ type: 'integer', minimum: 0, unit: 'volumes', description });

const mapSchema: JsonSchema = {
  type: 'object',
  minProperties: 1,
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
    mapSchema,
    { type: 'array', items: { anyOf: [{ type: 'string' }, mapSchema] }, minItems: 1, uniqueItems: true },
  ],
};

/** What the schema cannot say. */
export function confoundProblems(confounds: Confounds): Problem[] {
  if (confounds === 'none') return [];
  return choicesOf(confounds).flatMap((choice, index): Problem[] => {
    const keys = ['confounds', ...(Array.isArray(confounds) ? [index] : [])];
    if (choice === 'none') {
      return [
        { message: '"none" in a list of confounds', keys, expected: '"confounds: none", or the list without it' },
      ];
    }
    const { scrub } = typeof choice === 'string' ? {} : choice;
    if (!scrub || scrub.fd !== undefined || scrub.std_dvars !== undefined) return [];
    return [{ message: '"scrub" has no threshold', keys, expected: '"fd" (mm), "std_dvars", or both' }];
  });
}

/** As it would be written, for messages. */
export function describeChoices(confounds: Exclude<Confounds, 'none'>): string {
  return choicesOf(confounds)
    .flatMap((choice) => (typeof choice === 'string' ? [choice] : Object.keys(choice)))
    .join(', ');
}
