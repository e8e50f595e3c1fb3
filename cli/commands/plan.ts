import { loadExperiments, loadWorkflow, plan, planAll } from '../../index.js';
import { exitCode } from '../exit-code.js';
import { type SelectOptions, selectionOf } from '../select-options.js';
import { print } from '../streams.js';
import type { CacheOptions } from '../study-options.js';
import { colours, wantsColour } from '../terminal/colour.js';
import { plannedExperiments } from '../terminal/experiment-lines.js';
import { planLines } from '../terminal/plan-lines.js';

/** Says which steps a run would run, and why; runs nothing. */
export async function planCommand(
  file: string,
  options: CacheOptions & SelectOptions & { json?: boolean; allExperiments?: boolean },
): Promise<number> {
  const { experiment, set = [], cache } = options;
  const how = { select: selectionOf(options), ...(cache === undefined ? {} : { cache }) };
  const all = options.allExperiments ? await planAll(await loadExperiments(file, { set }), how) : undefined;
  const made =
    all ?? (await plan(await loadWorkflow(file, { set, ...(experiment === undefined ? {} : { experiment }) }), how));
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
  if (all) print('', ...plannedExperiments(all.experiments));
  return exitCode.ok;
}
