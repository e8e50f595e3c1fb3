import type { StoreRecord } from '../cache/record.js';
import type { RunLog } from '../cache/run-log.js';
import type { Store } from '../cache/store.js';
import type { Reason } from './events.js';
import type { Ingredients } from './keys.js';
import type { Plan } from './plan.js';
import { changes } from './reasons.js';
import { detailsOf, type PastRun, pastRuns } from './run-record.js';
import { originOf } from './sources.js';
import type { Graph } from './workflow.js';

/** Why an instance runs, or has another result than before, down to the first causes. */
export interface Why {
  readonly instance: string;
  readonly state: 'cached' | 'run' | 'upstream' | 'ran';
  readonly reasons: readonly Reason[];
  /** Of the instances that the reasons name. One that stands elsewhere in the tree already has no causes of its own there. */
  readonly causes: readonly Why[];
}

type Known = Pick<Why, 'state' | 'reasons'>;

/** What a run would do about an instance now, and why. Of a cached one: why its result is another than last time, if it is. */
export function whyNow(plan: Plan, store: Store, id: string): Why {
  const planned = new Map(plan.instances.map((one) => [one.instance.id, one]));
  return tree(plan.graph, id, (instance): Known | undefined => {
    const one = planned.get(instance);
    if (!one) return undefined;
    const { state, reasons, key } = one;
    const last = plan.history.lastKey(instance);
    if (state !== 'cached' || last === undefined || last === key) return { state, reasons };
    const record = store.read(key!);
    if (typeof record !== 'object') return { state, reasons };
    return { state, reasons: plan.explain.sinceLast(one.instance, ingredientsOf(record)) };
  });
}

/** The run in which the present result of an instance came into use, and why it did. */
export interface WhyThen {
  readonly run: PastRun;
  readonly why: Why;
}

/** @param key the present key of the instance */
export function whyThen(graph: Graph, log: RunLog, store: Store, id: string, key: string): WhyThen | undefined {
  const runs = pastRuns(log, graph.workflow.name).map((run) => ({ run, keys: log.keys(run) }));
  const having = runs.filter(({ keys }) => keys[id] !== undefined);
  const other = having.findIndex(({ keys }) => keys[id] !== key);
  const since = other < 0 ? having.length - 1 : other - 1;
  const first = having[since];
  if (!first) return undefined;
  const ran = new Map(detailsOf(log, first.run.id).ran.map((one) => [one.instance, one.reasons]));
  const before = runs.slice(runs.indexOf(first) + 1);
  const why = tree(graph, id, (instance): Known | undefined => {
    const reasons = ran.get(instance);
    if (reasons) return { state: 'ran', reasons };
    const now = first.keys[instance];
    const then = before.find(({ keys }) => keys[instance] !== undefined)?.keys[instance];
    if (now === undefined) return undefined;
    return { state: 'cached', reasons: then === undefined || then === now ? [] : differences(instance, then, now) };
  });
  return { run: first.run, why };

  function differences(instance: string, then: string, now: string): Reason[] {
    const [old, present] = [store.read(then), store.read(now)];
    const node = graph.byId.get(instance);
    if (typeof old !== 'object' || typeof present !== 'object' || !node) return [];
    return changes(ingredientsOf(old), ingredientsOf(present), (port, label) => originOf(graph, node, port, label));
  }
}

function tree(graph: Graph, root: string, know: (id: string) => Known | undefined): Why {
  const seen = new Set<string>();
  const visit = (id: string): Why => {
    const { state, reasons } = know(id) ?? { state: 'cached', reasons: [] };
    const again = seen.has(id);
    seen.add(id);
    const named = again ? [] : reasons.flatMap((reason) => instancesIn(reason)).filter((one) => graph.byId.has(one));
    return { instance: id, state, reasons: again ? [] : reasons, causes: [...new Set(named)].map(visit) };
  };
  return visit(root);
}

/** The instances whose results a reason is about. */
function instancesIn(reason: Reason): readonly string[] {
  if (reason.kind === 'upstream') return reason.instances;
  if (reason.kind === 'input-changed' && reason.origin.startsWith('steps.')) return [reason.origin.slice(6)];
  return [];
}

function ingredientsOf(record: StoreRecord): Ingredients {
  return record.ingredients as unknown as Ingredients;
}
