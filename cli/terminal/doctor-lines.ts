import type { Finding } from '../doctor/finding.js';
import type { Colours } from './colour.js';
import { columns, count } from './text.js';

/** A line for each finding, what to do about it below, and the sum of all. */
export function doctorLines(findings: readonly Finding[], paint: Colours): string[] {
  const painted = { ok: paint.green, warning: paint.yellow, problem: paint.red };
  const lines = columns(findings.map(({ state, subject, found }) => [state, subject, found]));
  const indent = ' '.repeat(lines[0]!.indexOf(findings[0]!.found));
  const number = (wanted: Finding['state']) => findings.filter(({ state }) => state === wanted).length;
  const [problems, warnings] = [number('problem'), number('warning')];
  const sum = [
    ...(problems > 0 ? [`${count(problems, 'problem')} would stop a run`] : []),
    ...(warnings > 0 ? [count(warnings, 'warning')] : []),
  ].join(', ');
  return [
    ...findings.flatMap(({ state, hint }, i) => [
      painted[state](state) + lines[i]!.slice(state.length),
      ...(hint === undefined ? [] : [`${indent}${hint}`]),
    ]),
    '',
    sum === '' ? 'Everything that a run needs works here.' : `${sum}.`,
  ];
}
