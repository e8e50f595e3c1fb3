import type { StepType } from '../../engine/step-type.js';

export interface AnnotationsParams {
  readonly label: string;
  readonly value?: string;
  readonly labels?: readonly string[];
  readonly measure: 'presence' | 'sum' | 'onsets';
  readonly window?: number;
  readonly start: number;
  readonly duration?: number;
}

export const annotationsStep: StepType<AnnotationsParams> = {
  name: 'annotations',
  version: 1,
  title: 'Faces, words, ratings: a table of what is in the movie becomes series',
  description: `Takes a table with a line for everything that was marked in the movie: \`onset\` and \`duration\` in s after the
start of the movie, and what it is. Every label becomes a column with a value per window.

- \`measure: presence\`: the share of the window in which the label is there, 0 to 1, however many of its lines overlap
- \`measure: sum\`: the mean over the window of how many are there at a time (two faces count 2), or of the sum of their \`value\`s
- \`measure: onsets\`: how many begin in the window (words)

A line without label (\`n/a\`) is left out and counted in a note; one without duration (\`n/a\`) is an instant, which counts for \`onsets\` only. Windows are those of
\`decode\`: window k begins at \`start + k * window\`. Wire \`frames\` for as many as there are pictures; otherwise say
\`duration\`. Lines before the first window or after the last play no part, and a note says how many.

\`\`\`tsv
onset	duration	label	value
12.4	3.1	face	2
13.0	0.4	word	n/a
\`\`\`

Without \`labels\` there is a column for every label of the table, in the order of their first lines. With several movies name them, so that
all have the same columns; one that a movie never shows is 0 throughout.`,
  sources: [
    'BIDS 1.9, "Task events": onset and duration',
    'Häusler & Hanke (2016), F1000Research 5, doi 10.12688/f1000research.9536.1: annotations of the cuts, places and times of a film',
  ],
  inputs: {
    table: { type: ['table', 'events'], description: 'What is in the movie, and when.' },
    frames: {
      type: 'frames',
      optional: true,
      description: 'Average pictures, for as many windows as there are of them.',
    },
  },
  outputs: { series: { type: 'series', description: 'A column per label, a sample per window.' } },
  example: {
    name: 'faces',
    in: { table: 'inputs.annotations', frames: 'steps.frames' },
    with: { labels: ['face', 'word'], measure: 'presence' },
  },
  params: {
    type: 'object',
    properties: {
      label: {
        type: 'string',
        default: 'label',
        description: 'Column that says what it is (in BIDS events: `trial_type`).',
      },
      value: {
        type: 'string',
        examples: ['intensity'],
        description: 'Column with a number for each line, for `measure: sum`. Default: 1 each.',
      },
      labels: {
        type: 'array',
        items: { type: 'string' },
        minItems: 1,
        uniqueItems: true,
        examples: [['face', 'word']],
        description: 'The labels to use, one column each. Default: all of the table.',
      },
      measure: {
        enum: ['presence', 'sum', 'onsets'],
        default: 'presence',
        description: 'What the value of a window is.',
      },
      window: {
        type: 'number',
        exclusiveMinimum: 0,
        unit: 's',
        examples: [1.5],
        description: 'Length of a window, as in `decode`. Default: that of `frames`, else 2.',
      },
      start: {
        type: 'number',
        minimum: 0,
        default: 0,
        unit: 's',
        description:
          'Time in the movie at which the first window begins, as in `decode` (also where `frames` is wired).',
      },
      duration: {
        type: 'number',
        exclusiveMinimum: 0,
        unit: 's',
        examples: [300],
        description: 'Length of the movie from `start` on, where `frames` is not wired.',
      },
    },
  },
  checkParams: ({ value, measure }) =>
    value === undefined || measure === 'sum'
      ? []
      : [{ message: `"value" has no meaning with "measure: ${measure}"`, keys: ['value'], expected: 'measure: sum' }],
  methods: async (facts) => (await import('./methods.js')).methods(facts),
  run: async (context) => (await import('./run.js')).run(context),
};
