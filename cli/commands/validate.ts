import { readFile } from 'node:fs/promises';
import { type Problem, UserError } from '../../artifacts/user-error.js';
import { expandGraph } from '../../engine/graph.js';
import { listExperiments } from '../../engine/spec/experiments.js';
import { resolveInputs } from '../../engine/spec/inputs.js';
import { loadWorkflow } from '../../engine/spec/load.js';
import type { Workflow } from '../../engine/workflow.js';
import { registry } from '../../steps/registry.js';
import { exitCode } from '../exit-code.js';
import type { StudyOptions } from '../program.js';
import { print } from '../streams.js';
import { count } from '../terminal/text.js';

/**
 * Checks the file with the values of every experiment (or of the one that is named) and, unless told not to, the inputs
 * it names; throws UserError with every problem.
 */
export async function validateCommand(file: string, options: StudyOptions & { inputs: boolean }): Promise<number> {
  const { experiment, set = [] } = options;
  const workflow = await loadAll(file, experiment, set);
  for (const name of await unusedParams(workflow)) print(`note  params.${name}: nothing uses it`);
  const steps = count(workflow.steps.length, 'step');
  if (!options.inputs) {
    print(`${file} is valid: ${steps}. The files it names were not looked at.`);
    return exitCode.ok;
  }
  const inputs = await resolveInputs(workflow, registry, ({ input, message }) =>
    print(`note  inputs.${input}: ${message}`),
  );
  const graph = expandGraph(workflow, inputs);
  const instances = graph.instances.length;
  const fanned = instances === workflow.steps.length ? '' : `, ${instances} to run with every item counted`;
  print(`${file} is valid: ${steps}${fanned}, ${count(workflow.inputs.size, 'input')} found.`);
  return exitCode.ok;
}

/** The workflow as it stands or of the experiment that is named. @throws UserError with what is wrong in any of them, each fault once. */
async function loadAll(file: string, experiment: string | undefined, set: readonly string[]): Promise<Workflow> {
  if (experiment !== undefined) return loadWorkflow(file, { registry, set, experiment });
  const problems = new Map<string, Problem>();
  const collect = (error: unknown) => {
    if (!(error instanceof UserError)) throw error;
    for (const problem of error.problems) {
      const { file: where, line, column } = problem.place ?? {};
      problems.set(JSON.stringify([where, line, column, problem.message]), problem);
    }
    return undefined;
  };
  const workflow = await loadWorkflow(file, { registry, set }).catch(collect);
  for (const { name } of await listExperiments(file).catch(() => []))
    await loadWorkflow(file, { registry, set, experiment: name }).catch(collect);
  if (!workflow || problems.size > 0) throw new UserError([...problems.values()]);
  return workflow;
}

/** Parameters of the study that no `${params.name}` asks for: most likely a misspelt name. */
async function unusedParams(workflow: Workflow): Promise<string[]> {
  const text = await readFile(workflow.file, 'utf8');
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the notation of the workflow file
  return Object.keys(workflow.params).filter((name) => !text.includes('${params.NAME}'.replace('NAME', name)));
}
