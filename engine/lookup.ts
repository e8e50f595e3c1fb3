import type { History } from '../cache/history.js';
import type { ResultRecord, StoreRecord } from '../cache/record.js';
import type { RecordPack } from '../cache/record-pack.js';
import type { Store } from '../cache/store.js';
import type { Reason } from './events.js';
import type { Ingredients } from './keys.js';
import { changes } from './reasons.js';
import { originOf } from './sources.js';
import type { Graph, Instance } from './workflow.js';

/** Why an instance has to run, by comparing with its last result. */
export function whyRun(facts: {
  readonly graph: Graph;
  readonly instance: Instance;
  readonly ingredients: Ingredients;
  readonly key: string;
  /** Why the record under the key cannot be used. */
  readonly fault: string | undefined;
  readonly history: History;
  /** The last result of the instance, whatever its key. */
  readonly last: StoreRecord | undefined;
}): Reason[] {
  const { graph, instance, ingredients, key, fault, history, last } = facts;
  if (fault !== undefined) return [{ kind: 'damaged', detail: fault }];
  const lastKey = history.lastKey(instance.id);
  if (lastKey === undefined) return [{ kind: 'first-time' }];
  if (lastKey === key) return [{ kind: 'damaged', detail: 'its result is no longer in the cache' }];
  const before = last?.ingredients as unknown as Ingredients | undefined;
  const reasons = before ? changes(before, ingredients, (port, label) => originOf(graph, instance, port, label)) : [];
  return reasons.length > 0 ? reasons : [{ kind: 'first-time' }];
}

/** The usable record of a key; a text that says why it is not usable; undefined when there is none. */
export async function lookUp(
  store: Store,
  key: string,
  options: {
    readonly pack?: RecordPack;
    readonly verify?: boolean | undefined;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<ResultRecord | string | undefined> {
  const { pack, verify, signal } = options;
  const record = pack?.get(key) ?? store.read(key);
  if (typeof record !== 'object') return record;
  const suspicions = store.examine(record);
  if (suspicions.length === 0 && !verify) return record;
  return (await store.verify(record, verify ? undefined : suspicions, signal)) ?? record;
}

/** The last result of an instance under any key, if the store still knows it. */
export function lastRecord(history: History, store: Store, id: string): StoreRecord | undefined {
  const key = history.lastKey(id);
  const record = key === undefined ? undefined : store.read(key);
  return typeof record === 'object' ? record : undefined;
}
