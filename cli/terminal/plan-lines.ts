import type { Reason } from '../../engine/events.js';
import type { Plan, PlannedInstance } from '../../engine/plan.js';
import { few, reasonTexts } from '../../engine/reason-text.js';
import type { Colours } from './colour.js';
import { columns, count } from './text.js';

/** A plan as a table (step, verdict, why) and one line that counts. */
export function planLines({ instances, counts, graph }: Plan, paint: Colours): string[] {
  const rows = grouped(instances, graph.workflow.baseDir);
  const lines = columns(rows.map(({ name, verdict, why }) => [name, verdict, why]));
  return [
    ...lines.map((line, index) => (rows[index]!.verdict === 'cached' ? paint.dim(line) : line)),
    '',
    total(counts),
  ];
}

function total({ cached, run, upstream }: Plan['counts']): string {
  if (run + upstream === 0) return `Nothing to run: all ${count(cached, 'step')} are cached.`;
  const open = upstream > 0 ? `, ${upstream} if what comes before gives another result` : '';
  return `${count(run, 'step')} would run${open}; ${cached} cached.`;
}

const VERDICTS = { cached: 'cached', run: 'runs', upstream: 'may run' } as const;

interface Group {
  readonly members: PlannedInstance[];
  readonly verdict: string;
  readonly baseDir: string;
}

/** Items of one step with the same verdict for the same kind of reason share a line. */
function grouped(
  instances: readonly PlannedInstance[],
  baseDir: string,
): { readonly name: string; readonly verdict: string; readonly why: string }[] {
  const groups = new Map<string, Group>();
  for (const one of instances) {
    const verdict = VERDICTS[one.state];
    const own = one.instance.label ? `[${one.instance.label}]` : '';
    const kinds = one.reasons.map((reason) => JSON.stringify(kindOf(reason)));
    // What an item waits for is its own; the same wait, named after its item, is the same reason.
    const group = [one.instance.step.name, verdict, ...kinds].join('\n').replaceAll(own || '[]', '[each]');
    const known = groups.get(group) ?? { members: [], verdict, baseDir };
    known.members.push(one);
    groups.set(group, known);
  }
  return [...groups.values()].map((group) => ({ name: nameOf(group), verdict: group.verdict, why: whyOf(group) }));
}

/** A reason without what differs from item to item: their own files and times. */
function kindOf(reason: Reason): unknown {
  switch (reason.kind) {
    case 'input-changed': {
      const { kind, port, change, facts, files } = reason;
      return { kind, port, change, facts, ofFile: files !== undefined, origin: files ? undefined : reason.origin };
    }
    case 'damaged':
    case 'collected':
      return reason.kind;
    default:
      return reason;
  }
}

function nameOf({ members }: Group): string {
  const { instance } = members[0]!;
  return members.length === 1 ? instance.id : `${instance.step.name} (${members.length} items)`;
}

function whyOf({ members, baseDir }: Group): string {
  const [first] = members;
  if (first!.state === 'cached') return '';
  if (members.length === 1) return reasonTexts(first!.reasons, baseDir).join('; ');
  const texts = members.map(({ instance, reasons }) =>
    reasonTexts(reasons, baseDir).map((text) =>
      instance.label ? text.replaceAll(`[${instance.label}]`, '[each]') : text,
    ),
  );
  return texts[0]!.map((_, index) => few([...new Set(texts.map((own) => own[index]!))])).join('; ');
}
