import type { Artifact } from '../../artifacts/artifact.js';
import type { ComponentColumns } from '../../artifacts/confound-components.js';
import { fileOf } from '../../artifacts/meta.js';
import { numericColumn, readTable, type Table } from '../../artifacts/table.js';
import { type Problem, UserError } from '../../artifacts/user-error.js';
import { componentColumns } from './compcor.js';
import {
  type CompCor,
  type ConfoundChoice,
  type Confounds,
  choicesOf,
  type Scrubbing,
  strategies,
} from './confound-choices.js';
import { describeColumns } from './describe-columns.js';
import { scrubbedVolumes } from './scrubbing.js';

/** A nuisance column, one value per volume. */
export interface NamedColumn {
  readonly name: string;
  readonly values: Float64Array;
}

const motion6 = ['trans_x', 'trans_y', 'trans_z', 'rot_x', 'rot_y', 'rot_z'];
const ending = (text: string) => motion6.map((name) => name + text);

/** Strategies that are a fixed list of columns. */
const columnLists: Readonly<Record<string, readonly string[]>> = {
  motion6,
  motion12: [...motion6, ...ending('_derivative1')],
  motion24: ['', '_derivative1', '_power2', '_derivative1_power2'].flatMap(ending),
  csf: ['csf'],
  wm: ['white_matter'],
  global: ['global_signal'],
};

/** fMRIPrep's drifts. */
export const cosines = /^cosine_?\d+$/;

/** Strategies that are all columns of a kind, and may be none. */
const outliers: Readonly<Record<string, RegExp>> = {
  motion_outliers: /^motion_outlier_?\d+$/,
  non_steady_state: /^non_steady_state_outlier_?\d+$/,
};
const spike = /^(motion_outlier|non_steady_state_outlier)_?\d+$/;

/** Components of `acompcor` without settings. */
const usualComponents = 5;

/** Columns of backward differences, whose first row has no value. */
const differences = /derivative|framewise_displacement|dvars|rmsd/;

/**
 * The confound columns that are chosen, of the volumes from `drop` on. Throws UserError when rows and volumes differ,
 * when columns are missing (all at once, with what the file has), and for values that are not numbers.
 */
export async function confoundColumns(
  artifact: Artifact,
  confounds: Exclude<Confounds, 'none'>,
  { volumes, drop, note }: { volumes: number; drop: number; note: (message: string) => void },
): Promise<NamedColumn[]> {
  const file = fileOf(artifact, 'confounds.tsv');
  const table = await readTable(file);
  if (table.rows.length !== volumes) {
    throw new UserError({
      message: `${table.rows.length} rows of confounds for ${volumes} volumes`,
      place: { file },
      expected: 'one row per volume of the BOLD image, before any are dropped',
    });
  }
  const reading = new Reading(table, file, artifact.meta.components as ComponentColumns | undefined, drop, note);
  const columns = choicesOf(confounds).flatMap((choice) => columnsOf(choice, reading));
  reading.requireComplete(typeof confounds === 'string' ? confounds : null);
  const byName = new Map(columns.map((column) => [column.name, column]));
  return [...byName.values()]
    .map(({ name, values }) => ({ name, values: values.slice(drop) }))
    .filter(({ name, values }) => !spike.test(name) || values.some((value) => value !== 0));
}

function columnsOf(choice: ConfoundChoice, reading: Reading): NamedColumn[] {
  if (typeof choice === 'object') {
    return [
      ...(choice.acompcor === undefined ? [] : reading.components(choice.acompcor)),
      ...(choice.scrub === undefined ? [] : scrubbed(choice.scrub, reading)),
    ];
  }
  if (choice === 'acompcor') return reading.components(usualComponents);
  if (choice === 'friston24') return friston24(reading.columns(motion6, reading.drop - 1));
  if (choice === 'cosine') return reading.matching(cosines, 'cosine00, …');
  if (Object.hasOwn(outliers, choice)) {
    const found = reading.matching(outliers[choice]!, null);
    if (found.length === 0) reading.note(`no columns for "${choice}": the table marks no volumes`);
    return found;
  }
  if (Object.hasOwn(columnLists, choice)) return reading.columns(columnLists[choice]!);
  if (!choice.includes('*') || reading.has(choice)) return reading.columns([choice]);
  const pattern = choice
    .split('*')
    .map((text) => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  return reading.matching(new RegExp(`^${pattern}$`), choice);
}

/** Friston et al. (1996): R(t), R(t)^2, R(t-1), R(t-1)^2; the volume before the first is 0. */
function friston24(six: readonly NamedColumn[]): NamedColumn[] {
  const lagged = six.map(({ name, values }) => {
    const before = new Float64Array(values.length);
    before.set(values.subarray(0, -1), 1);
    return { name: `${name}(t-1)`, values: before };
  });
  const squared = ({ name, values }: NamedColumn) => ({ name: `${name}^2`, values: values.map((value) => value ** 2) });
  return [...six, ...six.map(squared), ...lagged, ...lagged.map(squared)];
}

/** One column per volume with too much motion: 1 there, 0 elsewhere. */
function scrubbed(scrub: Scrubbing, reading: Reading): NamedColumn[] {
  const measures = [
    ['framewise_displacement', scrub.fd],
    ['std_dvars', scrub.std_dvars],
  ] as const;
  const thresholds = measures.flatMap(([name, largest]) =>
    largest === undefined ? [] : reading.columns([name]).map(({ values }) => ({ values, largest })),
  );
  if (thresholds.length === 0) return [];
  const volumes = scrubbedVolumes(thresholds, scrub, reading.drop);
  const total = thresholds[0]!.values.length;
  const listed = volumes.length > 0 ? `: ${volumes.map((volume) => volume + 1).join(', ')}` : '';
  reading.note(
    `${volumes.length} of ${total - reading.drop} volumes scrubbed${listed} (counted from 1 before any are dropped)`,
  );
  return volumes.map((volume) => {
    const values = new Float64Array(total);
    values[volume] = 1;
    return { name: `scrubbed volume ${volume + 1}`, values };
  });
}

/** A table being read: collects what is missing, so that all of it is said at once. */
class Reading {
  private readonly missing: string[] = [];
  private readonly problems: Problem[] = [];

  constructor(
    private readonly table: Table,
    private readonly file: string,
    private readonly listed: ComponentColumns | undefined,
    readonly drop: number,
    readonly note: (message: string) => void,
  ) {}

  has(name: string): boolean {
    return this.table.columns.includes(name);
  }

  /** Columns by name, with numbers from the row `used` on; those that are missing are kept in mind. */
  columns(names: readonly string[], used: number = this.drop): NamedColumn[] {
    this.missing.push(...names.filter((name) => !this.has(name)));
    return names.filter((name) => this.has(name)).map((name) => ({ name, values: this.finite(name, used) }));
  }

  /** All columns whose names match. `needed` is what is missing when there are none; null: that may be. */
  matching(pattern: RegExp, needed: string | null): NamedColumn[] {
    const names = this.table.columns.filter((name) => pattern.test(name));
    if (names.length === 0 && needed !== null) this.missing.push(needed);
    return this.columns(names);
  }

  components(asked: CompCor): NamedColumn[] {
    const { names, problems } = componentColumns(asked, this.table.columns, this.listed);
    this.problems.push(...problems);
    return this.columns(names);
  }

  /** Throws UserError if anything was missing. */
  requireComplete(strategy: string | null): void {
    const [place, keys] = [{ file: this.file }, ['confounds']];
    const problems = this.problems.map((problem) => ({ ...problem, place, keys }));
    if (this.missing.length > 0) {
      const known = [...new Set(this.missing)];
      problems.unshift({
        message: `no column ${known.join(', ')}${strategy ? ` for "${strategy}"` : ''}`,
        place,
        expected: `columns that the file has: ${describeColumns(this.table.columns)}`,
        ...(!strategy && { hint: `Strategies are ${Object.keys(strategies).join(', ')}.` }),
        keys,
      });
    }
    if (problems.length > 0) throw new UserError(problems);
  }

  private finite(name: string, used: number): Float64Array {
    const values = numericColumn(this.table, name, this.file);
    values.forEach((value, row) => {
      const unused = row < used || (row === 0 && differences.test(name));
      if (Number.isNaN(value) && unused) values[row] = 0;
    });
    const row = values.findIndex((value) => !Number.isFinite(value));
    if (row < 0) return values;
    throw new UserError({
      message: `${Number.isNaN(values[row]) ? 'n/a' : 'an infinite value'} in row ${row + 1} of ${name}`,
      place: { file: this.file, line: row + 2, what: name },
      expected: 'a number (n/a is allowed in rows that are dropped and in the first row of differences)',
    });
  }
}
