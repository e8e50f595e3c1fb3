import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseTable, type Table } from '../artifacts/table.js';
import { html, type Markup } from './html.js';
import type { ResultFile } from './results-folder.js';

/** A table from elsewhere, for example planted against recovered responses of the demo. */
export interface ReportTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  /** Paragraphs below it. */
  readonly notes?: readonly string[];
}

/** Endings of the tables that are shown, in this order, with the column whose largest absolute values come first. */
const SHOWN: readonly (readonly [ending: string, sortBy?: string])[] = [
  ['selection'],
  ['regions'],
  ['clusters', 'peak'],
  ['peaks'],
  ['pairs'],
  ['table'],
];
const ROWS = 25;
/** Larger tables are only linked: reading them would cost more than a page is worth. */
const LARGEST_BYTES = 40e6;

/** The tables that a reader of the results looks at first: at most 25 rows of each, and how many there are. */
export async function tablesSection(
  root: string,
  files: readonly ResultFile[],
  given: readonly ReportTable[],
): Promise<Markup | undefined> {
  const parts = given.map(givenTable);
  for (const [ending, sortBy] of SHOWN) {
    const matching = files.filter((file) => new RegExp(`(^|[/_-])${ending}\\.tsv$`).test(file.path));
    for (const file of matching.filter(({ bytes }) => bytes <= LARGEST_BYTES)) {
      parts.push(fileTable(file, parseTable(await readFile(path.join(root, file.path), 'utf8'), file.path), sortBy));
    }
  }
  return parts.length === 0 ? undefined : html`<section id="tables"><h2>Tables</h2>${parts}</section>`;
}

function givenTable({ title, columns, rows, notes }: ReportTable): Markup {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? cellText(String(cell)) : cell)));
  return html`<h3>${title}</h3>${tableMarkup(columns, cells)}${(notes ?? []).map((note) => html`<p class="soft small">${note}</p>`)}`;
}

function fileTable(file: ResultFile, table: Table, sortBy: string | undefined): Markup {
  const column = sortBy === undefined ? -1 : table.columns.indexOf(sortBy);
  const size = (row: readonly string[]) => Math.abs(Number(row[column])) || 0;
  const sorted = column < 0 ? table.rows : [...table.rows].sort((a, b) => size(b) - size(a));
  const shown = sorted.slice(0, ROWS);
  const order = column < 0 ? 'first' : `largest |${sortBy}|`;
  const part =
    shown.length < table.rows.length
      ? `${order} ${shown.length} of ${table.rows.length} rows`
      : `${shown.length} ${shown.length === 1 ? 'row' : 'rows'}`;
  return html`<h3>${file.path}</h3><p class="soft small">${file.description ?? ''} <a href="${file.path}">${part}</a></p>
${
  table.rows.length
    ? tableMarkup(
        table.columns,
        shown.map((row) => row.map(cellText)),
      )
    : html`<p>No rows.</p>`
}`;
}

function tableMarkup(columns: readonly string[], rows: readonly (readonly (string | number)[])[]): Markup {
  const numeric = columns.map((_, c) =>
    rows.every((row) => /^([−-]?[\d.]+(e[+−-]?\d+)?( ?%)?|n\/a)$/.test(String(row[c]))),
  );
  const cell = (value: string | number, c: number) => html`<td class="${numeric[c] ? 'n' : ''}">${value}</td>`;
  return html`<div class="scroll"><table><thead><tr>${columns.map((name, c) => html`<th class="${numeric[c] ? 'n' : ''}">${name}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>`)}</tbody></table></div>`;
}

/** Numbers with four significant digits; the file has all of them. Whole numbers and text stay. */
function cellText(text: string): string {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value) || Number.isInteger(value)) return text;
  return String(Number(value.toPrecision(4))).replace('-', '−');
}
