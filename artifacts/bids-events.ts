import path from 'node:path';
import type { InputContext, JsonSchema, ResolvedInput } from './artifact.js';
import { type BidsRun, filesIn } from './bids-find.js';
import { parseBidsName, sameLabel } from './bids-names.js';
import { type StatedRow, statedEvents } from './events.js';
import { inputFile, inputFolder } from './input-file.js';
import { metaOf } from './meta.js';
import { numericColumn, readTable, type Table } from './table.js';
import { type Problem, UserError } from './user-error.js';

/*
 * What was shown in each run: the events.tsv of the raw dataset (BIDS keeps them out of derivatives), or rows that the
 * workflow file, or one table for all runs, states.
 */

type Label = string | number;
const filters = { subject: 'sub', session: 'ses', task: 'task', run: 'run' } as const;
type Filter = keyof typeof filters;

/** A row and the runs it is for. */
type Row = { readonly [name in Filter]?: Label | readonly Label[] } & {
  readonly movie?: string;
  readonly onset: number;
  readonly duration?: number;
  readonly start?: number;
};

/** `events` of the input: a dataset, a table for all runs (.tsv), or rows. */
export type EventsSpec = string | readonly Row[];

/** The port of a run, or undefined where nothing is known of it. */
export type FindEvents = (run: BidsRun) => Promise<Pick<ResolvedInput, 'files' | 'meta' | 'origin'> | undefined>;

/**
 * How events are found. Without `spec` they are looked for in `top` and, where the derivatives lie in a folder
 * `derivatives`, in the dataset around it. Rows that are for none of the runs are told in a note.
 */
export async function eventsFinder(
  spec: EventsSpec | undefined,
  derivatives: string,
  top: string,
  runs: readonly BidsRun[],
  context: InputContext,
): Promise<FindEvents> {
  if (typeof spec === 'object') return statedFinder(spec, (row) => `events row ${row + 1}`, runs, context);
  if (spec?.endsWith('.tsv')) {
    const file = await inputFile(spec, context, 'a table of events', ['events']);
    return statedFinder(tableRows(await readTable(file), file), (row) => `line ${row + 2}`, runs, context);
  }
  const datasets = spec
    ? [await inputFolder(spec, context, 'a BIDS dataset with events', ['events'])]
    : [derivatives, top];
  const parent = path.dirname(derivatives);
  if (!spec && path.basename(parent) === 'derivatives') datasets.push(path.dirname(parent));
  const list = cached(filesIn);
  return async (run) => {
    for (const dataset of new Set(datasets)) {
      const file = await nearest(run, dataset, list);
      if (file) return { files: { 'events.tsv': file }, origin: path.relative(context.baseDir, file) };
    }
    return undefined;
  };
}

/** The table of a run by the inheritance principle: the nearest folder first, in it the name with the most entities. */
async function nearest(run: BidsRun, dataset: string, list: typeof filesIn): Promise<string | undefined> {
  const { sub, ses } = run.entities;
  const subject = path.join(dataset, `sub-${sub}`);
  const home = ses === undefined ? subject : path.join(subject, `ses-${ses}`);
  for (const folder of new Set([path.join(home, 'func'), home, subject, dataset])) {
    const fitting = (await list(folder)).flatMap((name) => {
      const parsed = parseBidsName(name);
      if (parsed?.suffix !== 'events' || parsed.extension !== '.tsv') return [];
      const entities = Object.entries(parsed.entities);
      return entities.every(([key, value]) => run.entities[key] === value) ? [{ name, count: entities.length }] : [];
    });
    const best = fitting.sort((a, b) => b.count - a.count)[0];
    if (best) return path.join(folder, best.name);
  }
  return undefined;
}

function statedFinder(
  rows: readonly Row[],
  placeOf: (row: number) => string,
  runs: readonly BidsRun[],
  { name, note }: InputContext,
): FindEvents {
  const unused = rows.flatMap((row, index) => (runs.some((run) => isFor(row, run)) ? [] : [placeOf(index)]));
  if (unused.length > 0) note?.(`${unused.join(', ')}: for none of the runs`);
  return async (run) => {
    const own = rows
      .filter((row) => isFor(row, run))
      .map(({ movie, onset, duration, start }) => metaOf({ movie, onset, duration, start }) as unknown as StatedRow);
    return own.length === 0 ? undefined : { files: {}, meta: statedEvents(own), origin: `inputs.${name}.events` };
  };
}

function isFor(row: Row, run: BidsRun): boolean {
  return (Object.keys(filters) as Filter[]).every((filter) => {
    const wanted = row[filter];
    if (wanted === undefined) return true;
    const entity = filters[filter];
    const found = run.entities[entity];
    return found !== undefined && [wanted].flat().some((label) => sameLabel(entity, found, label as Label));
  });
}

/** One table for all runs: the columns of `Row`, `n/a` where a row does not say. */
function tableRows(table: Table, file: string): Row[] {
  const known = [...Object.keys(filters), 'movie', 'onset', 'duration', 'start'];
  const unknown = table.columns.filter((name) => !known.includes(name));
  const problems: Problem[] = unknown.map((name) => ({
    message: `the column "${name}" has no meaning in a table of events for all runs`,
    place: { file, line: 1, what: name },
    expected: `columns ${known.join(', ')}`,
  }));
  if (problems.length > 0) throw new UserError(problems);
  const numbers = new Map(
    ['onset', 'duration', 'start'].flatMap((name) =>
      table.columns.includes(name) || name === 'onset' ? [[name, numericColumn(table, name, file)] as const] : [],
    ),
  );
  return table.rows.map((cells, index) => {
    const row: Record<string, string | number> = {};
    table.columns.forEach((name, column) => {
      const value = numbers.get(name)?.[index] ?? cells[column]!;
      if (Number.isNaN(value) || value === 'n/a' || value === '') return;
      row[name] = value;
    });
    if (row.onset !== undefined && !(Number(row.duration ?? 1) <= 0) && !(Number(row.start ?? 0) < 0)) {
      return row as unknown as Row;
    }
    throw new UserError({
      message: row.onset === undefined ? 'a row without onset' : 'a duration of 0 or less, or a negative start',
      place: { file, line: index + 2 },
      expected: 'seconds',
    });
  });
}

/** Folders are listed once, not once per run. */
function cached<T>(read: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (key) => {
    const before = known.get(key);
    if (before) return before;
    const reading = read(key);
    known.set(key, reading);
    return reading;
  };
}

const label: JsonSchema = { type: ['string', 'integer'] };
const labels = (description: string): JsonSchema => ({
  anyOf: [label, { type: 'array', items: label, minItems: 1 }],
  description,
});

export const eventsProperty: JsonSchema = {
  anyOf: [
    { type: 'string', minLength: 1 },
    {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['onset'],
        additionalProperties: false,
        properties: {
          subject: labels('Subject or subjects that the row is for. Default: all.'),
          session: labels('Session or sessions. Default: all.'),
          task: labels('Task or tasks. Default: all.'),
          run: labels('Run or runs. Default: all.'),
          movie: { type: 'string', description: 'Name of the movie. May be left out where there is one.' },
          onset: { type: 'number', unit: 's', description: 'When it began, after the first volume of the image.' },
          duration: {
            ...{ type: 'number', exclusiveMinimum: 0, unit: 's' },
            description: 'How long it was shown. Default: as long as it is.',
          },
          start: { type: 'number', minimum: 0, unit: 's', description: 'Time in the movie at which it was started.' },
        },
      },
    },
  ],
  description:
    'What was shown in each run, and when: the folder of the raw dataset with its `…_events.tsv` (default: found around `derivatives/…`), a table for all runs (.tsv), or rows such as `{ run: 1, movie: part1, onset: 10.5 }`.',
};
