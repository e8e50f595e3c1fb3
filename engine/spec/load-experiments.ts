import { type Problem, UserError } from '../../artifacts/user-error.js';
import type { Workflow } from '../workflow.js';
import { listExperiments } from './experiments.js';
import { type LoadOptions, loadWorkflow } from './load.js';

/**
 * The workflow of every experiment of a file; `default`, the file as it stands, comes first.
 * @throws UserError with what is wrong in any of them, each fault once.
 */
export async function loadExperiments(file: string, options: Omit<LoadOptions, 'experiment'>): Promise<Workflow[]> {
  const problems = new Map<string, Problem>();
  const collect = (error: unknown) => {
    if (!(error instanceof UserError)) throw error;
    for (const problem of error.problems) {
      const { file: where, line, column } = problem.place ?? {};
      problems.set(JSON.stringify([where, line, column, problem.message]), problem);
    }
    return undefined;
  };
  const first = await loadWorkflow(file, options).catch(collect);
  const workflows = first ? [first] : [];
  // Faults in the list of experiments itself are among those of the file.
  const [, ...others] = await listExperiments(file).catch(() => []);
  for (const { name } of others) {
    const workflow = await loadWorkflow(file, { ...options, experiment: name }).catch(collect);
    if (workflow) workflows.push(workflow);
  }
  if (problems.size > 0) throw new UserError([...problems.values()]);
  return workflows;
}
