import { loadWorkflow, plan } from '../../index.js';
import { exitCode } from '../exit-code.js';
import type { CacheOptions } from '../program.js';
import { type SelectOptions, selectionOf } from '../select-options.js';
import { print } from '../streams.js';
import { colours, wantsColour } from '../terminal/colour.js';
import { planLines } from '../terminal/plan-lines.js';

/** Says which steps a run would run, and why; runs nothing. */
export async function planCommand(
  file: string,
  options: CacheOptions & SelectOptions & { json?: boolean },
): Promise<number> {
  const { experiment, set = [], cache } = options;
  const workflow = await loadWorkflow(file, { set, ...(experiment === undefined ? {} : { experiment }) });
  const made = await plan(workflow, { select: selectionOf(options), ...(cache === undefined ? {} : { cache }) });
  if (options.json) {
    print(
      ...made.instances.map(({ instance, state, reasons, key }) =>
        JSON.stringify({ instance: instance.id, step: instance.step.name, state, reasons, key: key ?? null }),
      ),
    );
    return exitCode.ok;
  }
  const paint = colours(wantsColour(process.stdout));
  print(...made.notes.map(({ input, message }) => `${paint.yellow('note')}  inputs.${input}: ${message}`));
  print(...planLines(made, paint));
  return exitCode.ok;
}
