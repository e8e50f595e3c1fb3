import { readFileSync } from 'node:fs';
import path from 'node:path';
import { formatPlace, type Place, type Problem } from '../../artifacts/user-error.js';

/** Start codes of terminal colours (ECMA-48). */
const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
type Paint = (style: keyof typeof CODES, text: string) => string;

/** Lines shown before and after the marked one. */
const CONTEXT = 2;

/** Most characters shown of a line: a table of confounds has hundreds of columns. */
const LINE = 140;

/**
 * A problem as text for a terminal: place and message, the lines of the file with the fault underlined, what was
 * expected, what to do. The frame is left out where the file cannot be read as text (an image, a `--set`).
 */
export function formatProblem(problem: Problem, options: { color?: boolean } = {}): string {
  const paint: Paint = (style, text) => (options.color ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text);
  const { message, place, expected, hint } = problem;
  const where = place ? `${paint('cyan', formatPlace({ ...place, file: shortPath(place.file) }))}: ` : '';
  const [first, ...rest] = message.split('\n');
  const parts = [`${where}${paint('bold', first!)}`, ...rest.map((line) => `  ${line}`)];
  if (place?.line !== undefined) parts.push(...frame(place, paint));
  if (expected) parts.push(`  ${paint('green', 'expected')}: ${expected}`);
  if (hint) parts.push(`  ${paint('yellow', 'hint')}: ${hint}`);
  return parts.join('\n');
}

function frame(place: Place, paint: Paint): string[] {
  const lines = linesOf(place.file);
  const at = place.line! - 1;
  if (!lines || lines[at] === undefined) return [];
  const first = Math.max(0, at - CONTEXT);
  const last = Math.min(lines.length - 1, at + CONTEXT);
  const width = String(last + 1).length;
  const shown: string[] = [];
  const before = place.column === undefined ? 0 : visible(lines[at]!.slice(0, place.column - 1)).length;
  const start = before > LINE - 40 ? before - 40 : 0;
  for (let line = first; line <= last; line++) {
    const text = cut(visible(lines[line]!), start);
    const marked = line === at;
    const gutter = `${marked ? '>' : ' '} ${String(line + 1).padStart(width)} | `;
    shown.push(`  ${marked ? paint('red', gutter) : paint('dim', gutter)}${text}`.trimEnd());
    if (!marked || place.column === undefined) continue;
    const mark = '^'.repeat(Math.min(place.length ?? 1, Math.max(1, LINE - (before - start))));
    shown.push(`  ${paint('dim', `  ${' '.repeat(width)} | `)}${' '.repeat(before - start)}${paint('red', mark)}`);
  }
  return shown;
}

/** The part of a line from `start` on that is shown. */
function cut(text: string, start: number): string {
  const end = text.length - start > LINE ? '…' : '';
  const part = text.slice(start, start + LINE - end.length);
  return `${start > 0 && part ? `…${part.slice(1)}` : part}${end}`;
}

/** A tab as one visible sign, so that the mark below stands under what it means. */
function visible(line: string): string {
  return line.replaceAll('\t', '→').replace(/\r$/, '');
}

function linesOf(file: string): string[] | undefined {
  try {
    const text = readFileSync(file, 'utf8');
    return text.includes('\0') ? undefined : text.replace(/^\uFEFF/, '').split('\n');
  } catch {
    return undefined;
  }
}

/** Relative to the current folder where that is shorter. */
function shortPath(file: string): string {
  if (!path.isAbsolute(file)) return file;
  const relative = path.relative(process.cwd(), file);
  return relative !== '' && relative.length < file.length ? relative : file;
}
