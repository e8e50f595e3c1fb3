import { changeText } from '../../proof/definition.js';
import type { Verification } from '../../proof/verification.js';
import { conclusion, detailOf, differenceLines, inputsText, nameOf, passes, STATUS } from './verification-lines.js';

/** A verification as JUnit XML: one case for the workflow file, one for the inputs, one for each output. */
export function junitText(verification: Verification): string {
  const { workflow, experiment, changes, values, verdict, unstable } = verification;
  const own = changes.filter(({ kind }) => kind === 'file');
  const cases: [name: string, failure?: string, output?: string][] = [
    ['workflow file', own.length === 0 ? undefined : own.map(changeText).join('\n')],
  ];
  if (verdict === 'failed') cases.push(['computation', conclusion(verification)]);
  if (values) {
    cases.push(['inputs', values.inputs.some(({ status }) => !passes(status)) ? inputsText(values.inputs) : undefined]);
    for (const one of values.outputs) {
      const differences = differenceLines(one).join('\n');
      const failure = passes(one.status) ? undefined : `${STATUS[one.status]} ${detailOf(one)}`;
      cases.push([nameOf(one), failure, differences]);
    }
  }
  if (unstable) cases.push(['twice', unstable.length === 0 ? undefined : unstable.join('\n')]);
  const failures = cases.filter(([, failure]) => failure !== undefined).length;
  const suite = escaped(`${workflow} ${experiment}`);
  const lines = cases.map(([name, failure, output]) => {
    const head = `    <testcase classname="${suite}" name="${escaped(name)}"`;
    if (failure === undefined && !output) return `${head}/>`;
    const message = escaped(failure?.split('\n')[0] ?? '');
    return [
      `${head}>`,
      ...(failure === undefined ? [] : [`      <failure message="${message}">${escaped(failure)}</failure>`]),
      ...(output ? [`      <system-out>${escaped(output)}</system-out>`] : []),
      '    </testcase>',
    ].join('\n');
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="voxreel verify" tests="${cases.length}" failures="${failures}">`,
    `  <testsuite name="${suite}" tests="${cases.length}" failures="${failures}">`,
    ...lines,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

/** Text for XML 1.0: markup escaped, and without the control characters that it cannot hold. */
function escaped(text: string): string {
  const markup: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (sign) => markup[sign]!).replace(/\p{Cc}/gu, (sign) => (sign === '\n' ? '\n' : ' '));
}
