import type { PlannedInstance } from '../../engine/plan.js';
import { reasonText } from '../../engine/reason-text.js';
import { loadWorkflow, plan } from '../../index.js';
import { exitCode } from '../exit-code.js';
import type { CacheOptions } from '../program.js';
import { print } from '../streams.js';
import { colours, wantsColour } from '../terminal/colour.js';
import { columns, count } from '../terminal/text.js';

/** Says which steps a run would run, and why; runs nothing. */
export async function planCommand(file: string, options: CacheOptions & { json?: boolean }): Promise<number> {
  const { experiment, set = [], cache } = options;
  const workflow = await loadWorkflow(file, { set, ...(experiment === undefined ? {} : { experiment }) });
  const { instances, counts, notes } = await plan(workflow, cache === undefined ? {} : { cache });
  if (options.json) {
    print(
      ...instances.map(({ instance, state, reasons, key }) =>
        JSON.stringify({ instance: instance.id, step: instance.step.name, state, reasons, key: key ?? null }),
      ),
    );
    return exitCode.ok;
  }
  const paint = colours(wantsColour(process.stdout));
  print(...notes.map(({ input, message }) => `${paint.yellow('note')}  inputs.${input}: ${message}`));
  const lines = columns(grouped(instances).map(({ name, verdict, why }) => [name, verdict, why]));
  print(...lines.map((line) => (/ {2}cached/.test(line) ? paint.dim(line) : line)), '');
  if (counts.run + counts.upstream === 0) print(`Nothing to run: all ${count(counts.cached, 'step')} are cached.`);
  else {
    const open = counts.upstream > 0 ? `, ${counts.upstream} if what comes before gives another result` : '';
    print(`${count(counts.run, 'step')} would run${open}; ${counts.cached} cached.`);
  }
  return exitCode.ok;
}

interface Line {
  readonly name: string;
  readonly verdict: string;
  readonly why: string;
}

/** Items of one step with the same verdict for the same reason share a line. */
function grouped(instances: readonly PlannedInstance[]): Line[] {
  const groups = new Map<string, { first: PlannedInstance; many: number; line: Line }>();
  for (const one of instances) {
    const step = one.instance.step.name;
    const verdict = { cached: 'cached', run: 'runs', upstream: 'may run' }[one.state];
    const why = one.state === 'cached' ? '' : one.reasons.map((reason) => reasonText(reason)).join('; ');
    // What an item waits for is its own; the same wait, named after its item, is the same reason.
    const sameWhy = one.instance.label ? why.replaceAll(`[${one.instance.label}]`, '[each]') : why;
    const group = `${step}\n${verdict}\n${sameWhy}`;
    const known = groups.get(group);
    groups.set(group, {
      first: known?.first ?? one,
      many: (known?.many ?? 0) + 1,
      line: { name: step, verdict, why: known ? sameWhy : why },
    });
  }
  return [...groups.values()].map(({ first, many, line }) =>
    many === 1 ? { ...line, name: first.instance.id } : { ...line, name: `${line.name} (${many} items)` },
  );
}
