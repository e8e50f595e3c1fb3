import type { StepType } from '../../engine/step-type.js';

export interface AlignParams {
  readonly onset?: number;
  readonly event?: string;
  readonly names?: readonly string[];
  readonly durations: 'match' | 'table' | 'series';
  readonly tr?: number;
  readonly volumes?: number;
}

export const alignStep: StepType<AlignParams> = {
  name: 'align',
  version: 1,
  title: 'Series placed in a scan: which movie was shown when',
  description: `Says at which time of a scan the samples of a series were on the screen, so that \`hrf\` gives one value for
**every volume of the image**, whatever the onset of the movie and however many movies a scan has.

Time 0 is the start of the first volume of the image (as BIDS counts onsets), before any volumes are dropped. An onset need
not be a multiple of TR: the series stays as it is, and \`hrf\` shifts it on its micro-time grid before it convolves.

**One movie, the same onset for everybody**: \`onset: 10.5\`, and \`volumes\` and \`tr\` of the scans (or \`bold\` wired).

**A table of events** (\`events\`): \`item.events\` of a \`bids\` input, which is the \`…_events.tsv\` of the run or what the
workflow file says for it, or an input of type \`events\`. Which of its rows show a movie:

- The series of a collection \`videos\` have its names (\`part1\`). A row belongs to a movie when one of its columns \`movie\`,
  \`stim_file\` or \`trial_type\` has that name, with or without folder and ending (\`stimuli/part1.mp4\`).
- A single series may go without a name: \`event: film\` names the rows; a table of one row needs nothing.
- Other rows (rest, buttons) play no part; a note lists what they are.

So all movies are wired to all scans, and the table tells which were shown in each, in any order, as often as they were:
\`in: { series: steps.series, events: item.events, bold: item.bold }\` with \`foreach: inputs.bold\`. A column \`start\`
says at which time of the movie it was started (a film shown in parts).

**Lengths** are never cut silently. \`duration\` of a row may differ from the length of the series (less \`start\`) by one
interval, since the last window may be shorter than the others; then the shorter of the two counts. More is an error that names both, unless
\`durations: table\` says that a showing may have ended before the movie, or \`series\` that the column is not to be trusted.
A movie may go on after the scan (a note says so), but one that lies outside of it altogether, and two at the same time, are errors.

**With aligned series, \`glm\`** takes one value for every volume of the image; its \`drop\` leaves out volumes and their values alike.
Without this step a series begins with the first volume that is kept.`,
  sources: ['BIDS 1.9, "Task events": https://bids-specification.readthedocs.io'],
  inputs: {
    series: { type: 'series', list: true, description: 'Series of one movie, or of all.' },
    events: { type: 'events', optional: true, description: 'What was shown in the scan, and when.' },
    bold: { type: 'bold', optional: true, description: 'The scan: its TR and number of volumes.' },
  },
  outputs: { aligned: { type: 'aligned', description: 'The series that were shown, with their places in the scan.' } },
  example: {
    name: 'shown',
    foreach: 'inputs.bold',
    in: { series: 'steps.controls', bold: 'item.bold' },
    with: { onset: 10 },
  },
  params: {
    type: 'object',
    properties: {
      onset: {
        type: 'number',
        unit: 's',
        examples: [10],
        description:
          'When the movie began, after the first volume of the image began; below 0 where it began before. In place of `events`.',
      },
      event: {
        type: 'string',
        examples: ['part1'],
        description:
          'Which rows of `events` show the movie, by `movie`, `stim_file` or `trial_type`, for a single series.',
      },
      names: {
        type: 'array',
        items: { type: 'string' },
        minItems: 1,
        uniqueItems: true,
        examples: [['part1', 'part2']],
        description: 'Names of the wired series, in their order. Default: those of the collection `videos`.',
      },
      durations: {
        enum: ['match', 'table', 'series'],
        default: 'match',
        description:
          'What a duration of `events` means that is not that of the series: an error, that the movie was stopped then, or nothing.',
      },
      tr: {
        type: 'number',
        exclusiveMinimum: 0,
        unit: 's',
        examples: [1.5],
        description: 'Repetition time of the scan, where `bold` is not wired.',
      },
      volumes: {
        type: 'integer',
        minimum: 1,
        unit: 'volumes',
        examples: [168],
        description: 'Number of volumes of the scan, where `bold` is not wired, before any are dropped.',
      },
    },
  },
  checkParams({ tr, volumes, onset, event }) {
    return [
      ...((tr === undefined) === (volumes === undefined)
        ? []
        : [
            {
              message: `"${tr === undefined ? 'volumes' : 'tr'}" without "${tr === undefined ? 'tr' : 'volumes'}"`,
              keys: [tr === undefined ? 'volumes' : 'tr'],
              expected: 'both, or `bold` wired and neither',
            },
          ]),
      ...(onset === undefined || event === undefined
        ? []
        : [
            {
              message: '"event" names rows of `events`, which "onset" stands for',
              keys: ['event'],
              expected: 'one of them',
            },
          ]),
    ];
  },
  methods: async (facts) => (await import('./methods.js')).methods(facts),
  run: async (context) => (await import('./run.js')).run(context),
};
