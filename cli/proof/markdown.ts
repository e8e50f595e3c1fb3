import { changeText } from '../../proof/definition.js';
import type { Verification } from '../../proof/verification.js';
import { differenceRows } from './difference-lines.js';
import { conclusion, detailOf, environmentText, inputsText, nameOf, STATUS, twiceText } from './verification-lines.js';

/** A verification as Markdown, for the summary of a job. */
export function markdownText(verification: Verification): string {
  const { workflow, experiment, changes, drift, values, unstable } = verification;
  const lines = [`### voxreel verify: ${workflow}, ${experiment}`, '', `**${conclusion(verification)}**`, ''];
  if (values) {
    lines.push('| output | | |', '| --- | --- | --- |');
    for (const one of values.outputs) lines.push(row([nameOf(one), STATUS[one.status], detailOf(one)]));
    for (const one of values.outputs.filter((output) => differenceRows(output).length > 0)) {
      lines.push('', `<details><summary>${nameOf(one)}: what differs, locked -&gt; now</summary>`, '');
      for (const [name, sentences] of differenceRows(one))
        lines.push(`- ${[name, ...sentences].filter(Boolean).join('; ')}`);
      lines.push('', '</details>');
    }
    lines.push('', `Inputs: ${inputsText(values.inputs)}.`);
  }
  if (unstable) lines.push('', `Twice: ${twiceText(unstable)}.`, ...unstable.map((id) => `- \`${id}\``));
  if (changes.length > 0)
    lines.push('', 'Changed since the lock file:', ...changes.map((one) => `- \`${changeText(one)}\``));
  if (drift.length > 0) {
    lines.push('', `Environment ${environmentText(verification)}.`, '', '| | locked | now |', '| --- | --- | --- |');
    lines.push(...drift.map(({ name, locked, now }) => row([name, locked, now])));
  }
  return `${lines.join('\n')}\n\n`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
