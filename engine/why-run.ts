import { collectedTimes } from '../cache/collected.js';
import type { History } from '../cache/history.js';
import type { StoreRecord } from '../cache/record.js';
import { openRunLog, type RunKeys } from '../cache/run-log.js';
import type { Store } from '../cache/store.js';
import type { Reason } from './events.js';
import type { InputArtifacts } from './input-digests.js';
import { type InputFacts, inputDifference } from './input-facts.js';
import type { Ingredients } from './keys.js';
import { changes } from './reasons.js';
import { pastRuns } from './run-record.js';
import { originOf } from './sources.js';
import { plainId } from './union-id.js';
import type { Graph, Instance } from './workflow.js';

/** Runs that are looked through for results of an instance from before its last one. */
const REMEMBERED = 12;

/** A result of an instance from before, and what certainly differs between its ingredients and those of now. */
export interface Nearest {
  readonly record: StoreRecord;
  readonly reasons: Reason[];
}

/** Says why an instance has to run, by comparing with its results from before. */
export interface Explainer {
  /**
   * Empty only if whether it runs depends on what it waits for.
   * @param fault why the record under the key cannot be used, if there is one
   * @param waitsFor instances that have yet to run; what they give is only assumed
   */
  whyRun(
    instance: Instance,
    ingredients: Ingredients,
    key: string,
    fault: string | undefined,
    waitsFor?: readonly string[],
  ): Reason[];
  /** Why there is no last result of an instance: it never ran, or its result was removed. */
  lost(id: string): Reason;
  /**
   * The last result of an instance, or one of the runs before it that differs in less from now: after a look at another
   * experiment, what is explained is the change since the runs of this one.
   * @param now the ingredients of now, given the result to compare with: what is not known yet is taken to be as then
   * @param waitsFor instances that have yet to run; that they give something else than they are assumed to is no difference
   */
  nearest(
    instance: Instance,
    now: (then: StoreRecord) => Ingredients,
    waitsFor: readonly string[],
  ): Nearest | undefined;
  /** What differs between the ingredients of an instance and those of its last result. Empty when nothing does. */
  sinceLast(instance: Instance, ingredients: Ingredients): Reason[];
}

export function explainer(graph: Graph, history: History, store: Store, inputs: InputArtifacts): Explainer {
  const collectedAt = collectedTimes(store);
  // Of an instance that several experiments have: that of its own, else that of any.
  const keyIn = (keyOf: (id: string) => string | undefined, id: string) => keyOf(id) ?? keyOf(plainId(id));
  const lastKeyOf = (id: string) => keyIn(history.lastKey, id);
  const recordOf = (key: string | undefined): StoreRecord | undefined => {
    const record = key === undefined ? undefined : store.read(key);
    return typeof record === 'object' ? record : undefined;
  };
  let past: readonly RunKeys[] | undefined;
  /** Keys of an instance in the runs before, newest first, without its last one. */
  const earlierKeys = (id: string): ReadonlySet<string> => {
    past ??= pastKeys(store, graph.workflow.name);
    const keys = new Set(past.flatMap((keys) => keyIn((one) => keys[one], id) ?? []));
    keys.delete(lastKeyOf(id) ?? '');
    return keys;
  };
  const lost = (id: string): Reason => {
    const lastKey = lastKeyOf(id);
    return lastKey === undefined ? { kind: 'first-time' } : collected(collectedAt(lastKey));
  };
  const differences = (instance: Instance, ingredients: Ingredients, then: StoreRecord): Reason[] => {
    const before = then.ingredients as unknown as Ingredients;
    const reasons = changes(before, ingredients, (port, label) => originOf(graph, instance, port, label));
    return reasons.map((reason) => inDetail(reason, instance, then));
  };
  const nearest: Explainer['nearest'] = (instance, now, waitsFor) => {
    const last = recordOf(lastKeyOf(instance.id));
    if (!last) return undefined;
    const open = new Set(waitsFor.map((id) => `steps.${id}`));
    const compared = (record: StoreRecord): Nearest => ({
      record,
      reasons: differences(instance, now(record), record).filter((reason) => !isAssumed(reason, open)),
    });
    let best = compared(last);
    // Ingredients that are certain and do not differ at all would have been found in the store.
    const enough = open.size > 0 ? 0 : 1;
    if (weight(best) <= enough) return best;
    for (const key of earlierKeys(instance.id)) {
      const record = recordOf(key);
      const other = record && compared(record);
      if (other && weight(other) < weight(best)) best = other;
      if (weight(best) <= enough) break;
    }
    return best;
  };
  return {
    lost,
    nearest,
    sinceLast(instance, ingredients) {
      const last = recordOf(lastKeyOf(instance.id));
      return last ? differences(instance, ingredients, last) : [lost(instance.id)];
    },
    whyRun(instance, ingredients, key, fault, waitsFor = []) {
      if (fault !== undefined) return [{ kind: 'damaged', detail: fault }];
      const when = collectedAt(key);
      if (when !== undefined) return [collected(when)];
      const reasons = nearest(instance, () => ingredients, waitsFor)?.reasons ?? [lost(instance.id)];
      return reasons.length > 0 || waitsFor.length > 0 ? reasons : [{ kind: 'first-time' }];
    },
  };

  /** Of a user's input: which files, and since when. */
  function inDetail(reason: Reason, instance: Instance, then: StoreRecord): Reason {
    if (reason.kind !== 'input-changed' || reason.change !== 'changed') return reason;
    const before = then.sources as unknown as InputFacts | undefined;
    const difference = inputDifference(before, instance, reason.port, reason.label, inputs);
    return { ...reason, ...difference, ...(difference.files || difference.facts ? { since: then.made } : {}) };
  }
}

/** How much differs. What somebody changed explains more than what a step before gives, which is a consequence. */
function weight({ reasons }: Nearest): number {
  const consequences = reasons.filter(
    (reason) => reason.kind === 'input-changed' && reason.origin.startsWith('steps.'),
  );
  return reasons.length + consequences.length;
}

function isAssumed(reason: Reason, open: ReadonlySet<string>): boolean {
  return reason.kind === 'input-changed' && reason.change === 'changed' && open.has(reason.origin);
}

function collected(when: string | undefined): Reason {
  return { kind: 'collected', ...(when === undefined ? {} : { when }) };
}

/** What the last runs of a workflow used and made. Runs that found everything cached share their list. */
function pastKeys(store: Store, workflow: string): RunKeys[] {
  const log = openRunLog(store);
  const lists = new Map(pastRuns(log, workflow, REMEMBERED).map((run) => [run.keys, run]));
  return [...lists.values()].map((run) => log.keys(run));
}
