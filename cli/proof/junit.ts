import { changeText } from '../../proof/definition.js';
import type { Verification } from '../../proof/verification.js';
import { conclusion, detailOf, inputsText, nameOf, STATUS } from './verification-lines.js';

/** A verification as JUnit XML: one case for the workflow file, one for the inputs, one for each output. */
export function junitText(verification: Verification): string {
  const { workflow, experiment, changes, values, verdict, unstable } = verification;
  const own = changes.filter(({ kind }) => kind === 'file');
  const bad = (status: string) => status !== 'identical' && status !== 'within';
  const cases: [name: string, failure?: string][] = [
    ['workflow file', own.length === 0 ? undefined : own.map(changeText).join('\n')],
  ];
  if (verdict === 'failed') cases.push(['computation', conclusion(verification)]);
  if (values) {
    cases.push(['inputs', values.inputs.some(({ status }) => bad(status)) ? inputsText(values.inputs) : undefined]);
    for (const one of values.outputs) {
      cases.push([nameOf(one), bad(one.status) ? `${STATUS[one.status]} ${detailOf(one)}` : undefined]);
    }
  }
  if (unstable) cases.push(['twice', unstable.length === 0 ? undefined : unstable.join('\n')]);
  const failures = cases.filter(([, failure]) => failure !== undefined).length;
  const suite = escaped(`${workflow} ${experiment}`);
  const lines = cases.map(([name, failure]) => {
    const head = `    <testcase classname="${suite}" name="${escaped(name)}"`;
    if (failure === undefined) return `${head}/>`;
    return `${head}>\n      <failure message="${escaped(failure.split('\n')[0]!)}">${escaped(failure)}</failure>\n    </testcase>`;
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
