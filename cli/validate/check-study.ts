import type { Json } from '../../artifacts/artifact.js';
import { type Problem, UserError } from '../../artifacts/user-error.js';
import { expandGraph } from '../../engine/graph.js';
import { readStudy } from '../../engine/spec/compose.js';
import { DEFAULT_EXPERIMENT, listExperiments } from '../../engine/spec/experiments.js';
import { resolveInputs } from '../../engine/spec/inputs.js';
import { loadWorkflow } from '../../engine/spec/load.js';
import { unusedParts } from '../../engine/spec/unused.js';
import type { Workflow } from '../../engine/workflow.js';
import { registry } from '../../steps/registry.js';
import type { StudyOptions } from '../study-options.js';
import { count } from '../terminal/text.js';
import type { Finding, Rule } from './finding.js';

/** What was found in one workflow file, and what it holds where nothing in it is wrong. */
export interface CheckedStudy {
  readonly file: string;
  readonly findings: readonly Finding[];
  /** `3 steps, 20 to run with every item counted, 2 inputs found`. */
  readonly summary?: string;
}

/** Checks the file with the values of every experiment (or of the one that is named) and, unless told not to, the inputs it names. */
export async function checkStudy(
  file: string,
  { experiment, set = [], inputs }: StudyOptions & { readonly inputs: boolean },
): Promise<CheckedStudy> {
  const findings = new Map<string, Finding>();
  const add = (rule: Rule, level: Finding['level'], problem: Problem) => {
    const { file: where, line, column } = problem.place ?? {};
    const key = JSON.stringify([where, line, column, problem.message]);
    if (!findings.has(key)) findings.set(key, { ...problem, rule, level });
  };
  /** What it gives, or nothing where the user's files are at fault. */
  const attempt = async <T>(rule: Rule, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      for (const problem of error.problems) add(rule, 'error', problem);
      return undefined;
    }
  };
  const done = (summary?: string): CheckedStudy => ({
    file,
    findings: [...findings.values()],
    ...(summary === undefined || [...findings.values()].some(({ level }) => level === 'error') ? {} : { summary }),
  });

  const names = experiment === undefined ? await experimentNames(file) : [experiment];
  const workflows: Workflow[] = [];
  for (const name of names) {
    const loaded = await attempt('workflow', () => loadWorkflow(file, { registry, set, experiment: name }));
    if (loaded) workflows.push(loaded);
  }
  const first = workflows[0];
  if (!first || workflows.length < names.length) return done();
  const unused = unusedParts(await readStudy(first.file), first);
  for (const { kind, problem } of unused) add(`unused-${kind}`, 'warning', problem);

  const steps = count(first.steps.length, 'step');
  if (!inputs) return done(`${steps}. The files it names were not looked at.`);
  const looked = new Set<string>();
  let summary: string | undefined;
  for (const workflow of workflows) {
    const asked = JSON.stringify([...workflow.inputs.values()].map(({ name, spec }): Json => [name, spec]));
    if (looked.has(asked)) continue;
    looked.add(asked);
    const graph = await attempt('input', async () => {
      const found = await resolveInputs(workflow, registry, ({ input, message }) =>
        add('input', 'note', { message: `inputs.${input}: ${message}`, place: workflow.inputs.get(input)!.place }),
      );
      return expandGraph(workflow, found);
    });
    if (!graph || workflow !== first) continue;
    const instances = graph.instances.length;
    const fanned = instances === first.steps.length ? '' : `, ${instances} to run with every item counted`;
    summary = `${steps}${fanned}, ${count(first.inputs.size, 'input')} found.`;
  }
  return done(summary);
}

/** Of a file that cannot be read as far as that only the study as it is: loading it says what is wrong. */
async function experimentNames(file: string): Promise<readonly string[]> {
  try {
    return (await listExperiments(file)).map(({ name }) => name);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [DEFAULT_EXPERIMENT];
  }
}
