import { readFile, writeFile } from 'node:fs/promises';
import { UserError } from './user-error.js';

/** Tab-separated values as BIDS writes them: one line of column names, `n/a` for a missing value. */
export interface Table {
  readonly columns: string[];
  /** As text, one list per line, each as long as `columns`. */
  readonly rows: string[][];
}

/**
 * Reads a TSV file (UTF-8, with or without byte order mark, any line ends; `.csv` by `separator: ','`).
 * Throws UserError with the line number when a line has another number of values than the header, or a column name
 * is empty or appears twice.
 */
export async function readTable(file: string, separator = '\t'): Promise<Table> {
  return parseTable(await readText(file), file, separator);
}

/** The same for text that has been read already; `file` is for messages. */
export function parseTable(text: string, file: string, separator = '\t'): Table {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  while (lines.length > 0 && lines.at(-1)!.trim() === '') lines.pop();
  if (lines.length === 0) {
    throw new UserError({
      message: 'the table is empty',
      place: { file },
      expected: 'a line of column names, then one line per row',
    });
  }
  const [columns, ...rows] = lines.map((line) => line.split(separator).map((value) => unquote(value.trim())));
  checkColumns(columns!, file, separator);
  checkSeparator(lines, file, separator);
  rows.forEach((row, index) => {
    requireWidth(row.length, columns!.length, file, index + 2);
  });
  return { columns: columns!, rows };
}

/** `line` counts from 1. */
export function requireWidth(found: number, columns: number, file: string, line: number): void {
  if (found === columns) return;
  throw new UserError({
    message: `${found} values in this line`,
    place: { file, line },
    expected: `${columns}, as many as there are columns`,
  });
}

/**
 * Writes a TSV file. Numbers keep full precision (the shortest text that reads back as the same double), null, NaN
 * and infinities become `n/a`. The same values give the same bytes.
 */
export async function writeTable(
  file: string,
  columns: readonly string[],
  rows: Iterable<readonly (string | number | null)[]>,
): Promise<void> {
  const lines = [tableLine(columns)];
  for (const row of rows) {
    if (row.length !== columns.length)
      throw new RangeError(`${row.length} values for ${columns.length} columns of ${file}`);
    lines.push(tableLine(row));
  }
  await writeFile(file, lines.join(''));
}

/** A row as it stands in a file, with its line end. */
export function tableLine(row: readonly (string | number | null)[]): string {
  return `${row.map(cell).join('\t')}\n`;
}

/** One column as numbers `[row]`; `n/a` and empty become NaN. Throws UserError for a missing column and for other text. */
export function numericColumn(table: Table, name: string, file: string): Float64Array {
  const column = columnIndex(table, name, file);
  return Float64Array.from(table.rows, (row, index) => toNumber(row[column]!, name, file, index));
}

/** One column as text. Throws UserError when it is missing. */
export function textColumn(table: Table, name: string, file: string): string[] {
  const column = columnIndex(table, name, file);
  return table.rows.map((row) => row[column]!);
}

function columnIndex(table: Table, name: string, file: string): number {
  const index = table.columns.indexOf(name);
  if (index >= 0) return index;
  throw new UserError({
    message: `the table has no column "${name}"`,
    place: { file, line: 1 },
    expected: `one of: ${table.columns.slice(0, 40).join(', ')}${table.columns.length > 40 ? ', …' : ''}`,
  });
}

function toNumber(text: string, name: string, file: string, row: number): number {
  if (text === 'n/a' || text === '' || /^nan$/i.test(text)) return Number.NaN;
  const value = Number(text);
  if (!Number.isNaN(value)) return value;
  throw new UserError({
    message: `"${text}" in row ${row + 1} of column "${name}" is not a number`,
    place: { file, line: row + 2, what: name },
    expected: 'a number, or n/a where there is none',
  });
}

function checkColumns(columns: readonly string[], file: string, separator: string): void {
  const seen = new Set<string>();
  columns.forEach((column, index) => {
    const problem =
      column === '' ? `column ${index + 1} has no name` : seen.has(column) ? `two columns are named "${column}"` : null;
    if (problem) {
      throw new UserError({
        message: problem,
        place: { file, line: 1 },
        expected: `a first line with a name for each column, separated by ${separator === '\t' ? 'tabs' : `"${separator}"`}`,
      });
    }
    seen.add(column);
  });
}

/** Where tabs are due and there are none, other separators of the same number in every line were meant to be some. */
function checkSeparator(lines: readonly string[], file: string, separator: string): void {
  if (separator !== '\t' || lines[0]!.includes('\t') || lines.length < 2) return;
  for (const [other, name] of [
    [',', 'commas'],
    [';', 'semicolons'],
  ] as const) {
    const counts = new Set(lines.map((line) => line.split(other).length));
    if (counts.size > 1 || counts.has(1)) continue;
    throw new UserError({
      message: `the columns are separated by ${name}`,
      place: { file, line: 1 },
      expected: 'columns separated by tabs, as BIDS has them',
    });
  }
}

function unquote(value: string): string {
  return value.length >= 2 && value.startsWith('"') && value.endsWith('"')
    ? value.slice(1, -1).replaceAll('""', '"')
    : value;
}

function cell(value: string | number | null): string {
  if (value === null) return 'n/a';
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : 'n/a';
  return value.replace(/[\t\r\n]+/g, ' ');
}

async function readText(file: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EISDIR') throw new UserError({ message: 'a folder where a file is due', place: { file } });
    if (code !== 'ENOENT') throw error;
    throw new UserError({ message: 'file not found', place: { file }, expected: 'a table' }, { cause: error });
  }
  refuseOther(bytes, file);
  return bytes.toString('utf8');
}

/** Throws UserError for bytes, the first of a file or all, that are no text in UTF-8. */
export function refuseOther(bytes: Buffer, file: string): void {
  const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (packed || bytes.subarray(0, 4096).includes(0)) {
    throw new UserError({
      message: packed ? 'gzip data where a table is due' : 'this is not a text file (or one in UTF-16)',
      place: { file },
      expected: 'tab-separated text in UTF-8',
      hint: packed ? 'Unpack it first: gunzip FILE' : 'Save it as UTF-8.',
    });
  }
}
