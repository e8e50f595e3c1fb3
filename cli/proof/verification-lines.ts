import { changeText } from '../../proof/definition.js';
import { short } from '../../proof/judge.js';
import type { OutputVerdict, ValueVerdict, Verification } from '../../proof/verification.js';
import type { Colours } from '../terminal/colour.js';
import { columns, count } from '../terminal/text.js';
import { differenceRows } from './difference-lines.js';

/** Outputs whose differences are listed; a study of many subjects has hundreds. */
const MOST = 20;

/** What a verification found, for people. */
export function verificationLines(verification: Verification, paint: Colours): string[] {
  const { changes, drift, values, unstable } = verification;
  const lines = facts(verification).map(([name, text]) => `${name!.padEnd(15)} ${text}`);
  lines.push(...changes.map((change) => `  ${changeText(change)}`));
  if (drift.length > 0) {
    lines.push(`${'environment'.padEnd(15)} ${environmentText(verification)}`);
    lines.push(...drift.map(({ name, locked, now }) => `  ${name}: ${locked} -> ${now}`));
  } else lines.push(`${'environment'.padEnd(15)} as locked`);
  if (unstable) lines.push(`${'twice'.padEnd(15)} ${twiceText(unstable)}`, ...unstable.map((id) => `  ${id}`));
  if (values) {
    const rows = columns(values.outputs.map((one) => [nameOf(one), STATUS[one.status], detailOf(one)]));
    lines.push('', ...rows.map((row, i) => colourOf(values.outputs[i]!, paint)(row)));
    lines.push(...differences(values.outputs));
  }
  return [...lines, '', conclusion(verification)];
}

/** A block for each output that is not identical. */
function differences(outputs: readonly OutputVerdict[]): string[] {
  const differing = outputs.filter((one) => differenceRows(one).length > 0);
  const more = differing.length - MOST;
  return [
    ...differing.slice(0, MOST).flatMap((one) => ['', `${nameOf(one)}, locked -> now`, ...differenceLines(one)]),
    ...(more > 0 ? ['', `${count(more, 'more output')} in --json.`] : []),
  ];
}

/** The sentences of an output's differences, indented, beside the names of the contents. */
export function differenceLines(output: OutputVerdict): string[] {
  const rows = differenceRows(output);
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.flatMap(([name, sentences]) => {
    // A remark about all of them stands at the margin.
    if (name === '') return sentences.map((sentence) => `  ${sentence}`);
    return sentences.map((sentence, n) => `  ${(n === 0 ? name : '').padEnd(width)}  ${sentence}`);
  });
}

function facts({ lock, experiment, changes, values }: Verification): string[][] {
  const own = changes.filter(({ kind }) => kind === 'file').length;
  const program = changes.length - own;
  const file = own === 0 ? 'as locked' : `CHANGED in ${count(own, 'place')}`;
  return [
    ['lock file', `${lock}, experiment ${experiment}`],
    ['workflow file', program === 0 ? file : `${file}; ${count(program, 'step')} of another version of voxreel`],
    ...(values ? [['inputs', inputsText(values.inputs)]] : []),
  ];
}

export function inputsText(inputs: readonly ValueVerdict[]): string {
  const others = inputs.filter(({ status }) => status !== 'identical');
  if (others.length === 0) return `identical (${inputs.length})`;
  const within = others.filter(({ status }) => status === 'within').length;
  const names = others.filter(({ status }) => status !== 'within').map(({ id, status }) => `${id} ${STATUS[status]}`);
  const shown = names.length > 5 ? [...names.slice(0, 5), `${names.length - 5} more`] : names;
  return [...shown, ...(within > 0 ? [`${within} of ${inputs.length} within tolerance`] : [])].join(', ');
}

export function environmentText({ sameKernels }: Pick<Verification, 'sameKernels'>): string {
  return sameKernels
    ? 'differs, but the same kernels ran: results should be identical'
    : 'differs, and other kernels ran: last digits may differ';
}

export function twiceText(unstable: readonly string[]): string {
  return unstable.length === 0
    ? 'identical when computed again on one core'
    : `${count(unstable.length, 'result')} NOT REPRODUCIBLE on this machine`;
}

export const STATUS = {
  identical: 'identical',
  within: 'within tolerance',
  different: 'DIFFERENT',
  missing: 'MISSING',
  new: 'not in the lock file',
} as const;

export function nameOf({ output, label }: OutputVerdict): string {
  return label === undefined ? output : `${output}[${label}]`;
}

/** How far from the locked one, and what differed first on the way. */
export function detailOf({ status, contents, first }: OutputVerdict): string {
  if (status === 'identical') return '';
  const worst = contents.filter((one) => one.status === status);
  const parts = worst.flatMap(({ name, because, distance, tolerance }) => {
    if (because !== undefined) return [`${name} ${because}`];
    return distance ? [`${name} off by ${short(distance.relative)} of ${short(tolerance.relative)} allowed`] : [];
  });
  const shown = parts.length > 3 ? [...parts.slice(0, 3), `${parts.length - 3} more`] : parts;
  return [shown.join('; '), ...(first === undefined ? [] : [`first: ${first}`])].filter(Boolean).join(' | ');
}

function colourOf({ status }: OutputVerdict, paint: Colours): (text: string) => string {
  if (status === 'identical') return paint.green;
  return status === 'within' ? paint.yellow : paint.red;
}

export function conclusion({ verdict, values, changes, unstable }: Verification): string {
  const outputs = values?.outputs ?? [];
  const of = (...statuses: string[]) => outputs.filter(({ status }) => statuses.includes(status)).length;
  const off = outputs.length - of('identical', 'within');
  switch (verdict) {
    case 'failed':
      return 'A step failed: there is nothing to compare.';
    case 'outdated': {
      const numbers = values ? `; ${off} of ${count(outputs.length, 'output')} beyond tolerance` : '';
      const what = changes.some(({ kind }) => kind === 'file') ? 'The workflow file' : 'An input';
      return `${what} is not the locked one${numbers}. If that is meant: voxreel lock.`;
    }
    case 'different':
      if (off === 0 && unstable?.length) return 'The numbers are as locked, but not reproducible on this machine.';
      return `THE NUMBERS CHANGED, the workflow file and the inputs did not: ${off} of ${count(outputs.length, 'output')} beyond tolerance${onTheWay(values)}.`;
    default:
      if (!values) return 'Workflow file and lock file agree. Nothing was computed.';
      return `All ${count(outputs.length, 'output')} as locked: ${of('identical')} identical, ${of('within')} within tolerance.`;
  }
}

/** Results that are no outputs count too: an output may look alike by chance. */
function onTheWay(values: Verification['values']): string {
  const outputs = new Set(values?.outputs.map(({ id }) => id));
  const others = (values?.results ?? []).filter(({ id, status }) => !outputs.has(id) && !passes(status));
  if (others.length === 0) return '';
  const shown = others.slice(0, 3).map(({ id }) => id);
  return `, and ${count(others.length, 'result')} on the way: ${shown.join(', ')}${others.length > 3 ? ', …' : ''}`;
}

export function passes(status: ValueVerdict['status']): boolean {
  return status === 'identical' || status === 'within';
}
