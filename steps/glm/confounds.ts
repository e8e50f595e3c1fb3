import { numericColumn, readTable, type Table } from '../../artifacts/table.js';
import { UserError } from '../../artifacts/user-error.js';
import type { GlmParams } from './index.js';

/** A nuisance column, one value per volume. */
export interface NamedColumn {
  readonly name: string;
  readonly values: Float64Array;
}

const motion6 = ['trans_x', 'trans_y', 'trans_z', 'rot_x', 'rot_y', 'rot_z'];

/** Columns of backward differences, whose first row has no value. */
const differences = /derivative|framewise_displacement|dvars|rmsd/;

/**
 * The confound columns of a strategy, for all volumes of the image. Throws UserError when rows and volumes differ, when
 * columns are missing (naming what the file has), and for values that are not numbers.
 */
export async function confoundColumns(
  file: string,
  strategy: GlmParams['confounds'],
  volumes: number,
): Promise<NamedColumn[]> {
  const table = await readTable(file);
  if (table.rows.length !== volumes) {
    throw new UserError({
      message: `${table.rows.length} rows of confounds for ${volumes} volumes`,
      place: { file },
      expected: 'one row per volume of the BOLD image, before any are dropped',
    });
  }
  const names = columnsOf(strategy);
  requireColumns(table, names, file, strategy);
  const columns = names.map((name) => ({ name, values: finiteColumn(table, name, file) }));
  return strategy === 'friston24' ? friston24(columns) : columns;
}

function columnsOf(strategy: GlmParams['confounds']): readonly string[] {
  if (strategy === 'none') return [];
  if (strategy === 'motion6' || strategy === 'friston24') return motion6;
  if (strategy !== 'motion24') return strategy;
  const endings = ['', '_derivative1', '_power2', '_derivative1_power2'];
  return endings.flatMap((ending) => motion6.map((name) => name + ending));
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

function requireColumns(table: Table, names: readonly string[], file: string, strategy: GlmParams['confounds']): void {
  const missing = names.filter((name) => !table.columns.includes(name));
  if (missing.length === 0) return;
  const what = typeof strategy === 'string' ? ` for "${strategy}"` : '';
  throw new UserError({
    message: `no column ${missing.join(', ')}${what}`,
    place: { file },
    expected: `columns that the file has: ${table.columns.join(', ')}`,
    keys: ['confounds'],
  });
}

function finiteColumn(table: Table, name: string, file: string): Float64Array {
  const values = numericColumn(table, name, file);
  if (Number.isNaN(values[0]) && differences.test(name)) values[0] = 0;
  const row = values.findIndex((value) => !Number.isFinite(value));
  if (row < 0) return values;
  throw new UserError({
    message: `${Number.isNaN(values[row]) ? 'n/a' : 'an infinite value'} in row ${row + 1} of ${name}`,
    place: { file, line: row + 2, what: name },
    expected: 'a number (n/a is allowed in the first row of differences only)',
  });
}
