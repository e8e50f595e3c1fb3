import type { ResultRecord } from '../cache/record.js';
import type { RecordPack } from '../cache/record-pack.js';
import type { Store } from '../cache/store.js';

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
