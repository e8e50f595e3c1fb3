import { formatProblem } from '../../engine/spec/code-frame.js';
import { exitCode } from '../exit-code.js';
import { complain, print } from '../streams.js';
import type { StudyOptions } from '../study-options.js';
import { wantsColour } from '../terminal/colour.js';
import { count } from '../terminal/text.js';
import { type CheckedStudy, checkStudy } from '../validate/check-study.js';
import type { Finding } from '../validate/finding.js';
import { githubLines } from '../validate/github.js';
import { sarif } from '../validate/sarif.js';

export interface ValidateOptions extends StudyOptions {
  readonly inputs: boolean;
  readonly strict?: boolean;
  readonly json?: boolean;
  readonly format?: 'text' | 'json' | 'sarif' | 'github';
}

/** Checks workflow files, one after the other, and reports on all of them. */
export async function validateCommand(files: readonly string[], options: ValidateOptions): Promise<number> {
  const studies: CheckedStudy[] = [];
  for (const file of files) studies.push(await checkStudy(file, options));
  const findings = distinct(studies.flatMap((study) => study.findings));
  const format = options.json ? 'json' : (options.format ?? 'text');
  if (format === 'json') print(...findings.map((finding) => JSON.stringify(finding)));
  else if (format === 'sarif') print(sarif(findings));
  else if (format === 'github') print(...githubLines(findings));
  else inWords(studies, findings);
  const bad = findings.some(({ level }) => level === 'error' || (options.strict && level === 'warning'));
  return bad ? exitCode.usage : exitCode.ok;
}

function inWords(studies: readonly CheckedStudy[], findings: readonly Finding[]): void {
  const errors = findings.filter(({ level }) => level === 'error');
  const color = wantsColour(process.stderr);
  if (errors.length > 0) complain(errors.map((problem) => formatProblem(problem, { color })).join('\n\n'));
  if (errors.length > 1) complain('', `${count(errors.length, 'problem')}.`);
  const lineOf = (line: number | undefined) => (line === undefined ? '' : ` (line ${line})`);
  for (const { file, findings: own, summary } of studies) {
    for (const { level, message, place } of own)
      if (level !== 'error')
        print(`${level}  ${studies.length > 1 ? `${file}: ` : ''}${message}${lineOf(place?.line)}`);
    if (summary !== undefined) print(`${file} is valid: ${summary}`);
    else if (studies.length > 1) print(`${file} is not valid.`);
  }
}

/** What several files share (an included file, a table) is reported once. */
function distinct(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()];
}
