import { collectedTimes } from '../cache/collected.js';
import type { History } from '../cache/history.js';
import type { StoreRecord } from '../cache/record.js';
import type { Store } from '../cache/store.js';
import type { Reason } from './events.js';
import type { InputArtifacts } from './input-digests.js';
import { type InputFacts, inputDifference } from './input-facts.js';
import type { Ingredients } from './keys.js';
import { changes } from './reasons.js';
import { originOf } from './sources.js';
import { plainId } from './union-id.js';
import type { Graph, Instance } from './workflow.js';

/** Says why an instance has to run, by comparing with its last result. */
export interface Explainer {
  /** @param fault why the record under the key cannot be used, if there is one */
  whyRun(instance: Instance, ingredients: Ingredients, key: string, fault: string | undefined): Reason[];
  /** Why there is no last result of an instance: it never ran, or its result was removed. */
  lost(id: string): Reason;
  /** What differs between the ingredients of an instance and those of its last result. Empty when nothing does. */
  differences(instance: Instance, ingredients: Ingredients, last: StoreRecord): Reason[];
  /** The last result of an instance under any key, if the store still knows it. */
  lastRecord(id: string): StoreRecord | undefined;
}

export function explainer(graph: Graph, history: History, store: Store, inputs: InputArtifacts): Explainer {
  const collectedAt = collectedTimes(store);
  // Of an instance that several experiments have: that of its own, else that of any.
  const lastKeyOf = (id: string) => history.lastKey(id) ?? history.lastKey(plainId(id));
  const lastRecord = (id: string): StoreRecord | undefined => {
    const key = lastKeyOf(id);
    const record = key === undefined ? undefined : store.read(key);
    return typeof record === 'object' ? record : undefined;
  };
  const lost = (id: string): Reason => {
    const lastKey = lastKeyOf(id);
    if (lastKey === undefined) return { kind: 'first-time' };
    const when = collectedAt(lastKey);
    return { kind: 'collected', ...(when === undefined ? {} : { when }) };
  };
  const differences = (instance: Instance, ingredients: Ingredients, last: StoreRecord): Reason[] => {
    const before = last.ingredients as unknown as Ingredients;
    const reasons = changes(before, ingredients, (port, label) => originOf(graph, instance, port, label));
    return reasons.map((reason) => inDetail(reason, instance, last));
  };
  return {
    lastRecord,
    lost,
    differences,
    whyRun(instance, ingredients, key, fault) {
      if (fault !== undefined) return [{ kind: 'damaged', detail: fault }];
      const last = lastKeyOf(instance.id) === key ? undefined : lastRecord(instance.id);
      if (last === undefined) return [lost(instance.id)];
      const reasons = differences(instance, ingredients, last);
      return reasons.length > 0 ? reasons : [{ kind: 'first-time' }];
    },
  };

  /** Of a user's input: which files, and since when. */
  function inDetail(reason: Reason, instance: Instance, last: StoreRecord): Reason {
    if (reason.kind !== 'input-changed' || reason.change !== 'changed') return reason;
    const before = last.sources as unknown as InputFacts | undefined;
    const difference = inputDifference(before, instance, reason.port, reason.label, inputs);
    return { ...reason, ...difference, ...(difference.files || difference.facts ? { since: last.made } : {}) };
  }
}
