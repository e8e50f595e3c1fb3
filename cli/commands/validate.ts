import { expandGraph } from '../../engine/graph.js';
import { resolveInputs } from '../../engine/spec/inputs.js';
import { loadWorkflow } from '../../engine/spec/load.js';
import { registry } from '../../steps/registry.js';
import { exitCode } from '../exit-code.js';
import type { StudyOptions } from '../program.js';
import { print } from '../streams.js';
import { count } from '../terminal/text.js';

/** Checks the file and, unless told not to, the inputs it names; throws UserError with every problem. */
export async function validateCommand(file: string, options: StudyOptions & { inputs: boolean }): Promise<number> {
  const { experiment, set } = options;
  const workflow = await loadWorkflow(file, { registry, set, ...(experiment === undefined ? {} : { experiment }) });
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
