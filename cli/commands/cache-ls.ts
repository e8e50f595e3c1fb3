import { storedResults } from '../../cache/contents.js';
import { openStore } from '../../cache/store.js';
import { timeText } from '../../engine/reason-text.js';
import { existingCache } from '../existing-cache.js';
import { exitCode } from '../exit-code.js';
import { print } from '../streams.js';
import { bytes, columns, count, duration } from '../terminal/text.js';

export interface LsOptions {
  readonly cache?: string;
  readonly sort: 'used' | 'size' | 'time';
  readonly limit?: number;
  readonly json?: boolean;
}

/** Lists the results of a cache. */
export async function cacheLsCommand({ cache, sort, limit = 50, json }: LsOptions): Promise<number> {
  const store = await openStore(await existingCache(cache));
  const value = { used: 'used', size: 'bytes' } as const;
  const rank = (one: ReturnType<typeof storedResults>[number]) =>
    sort === 'time' ? (one.record?.seconds ?? 0) : one[value[sort]];
  const results = storedResults(store).sort((a, b) => rank(b) - rank(a));
  if (json) {
    for (const { key, record, fault, bytes: size, used, users } of results) {
      const { made, seconds, ingredients } = record ?? {};
      print(
        JSON.stringify({
          key,
          step: ingredients?.step,
          bytes: size,
          made,
          used: new Date(used),
          seconds,
          users,
          fault,
        }),
      );
    }
    return exitCode.ok;
  }
  const rows = results
    .slice(0, limit)
    .map(({ key, record, fault, bytes: size, used, users }) => [
      key.slice(0, 12),
      String(record?.ingredients.step ?? '?'),
      bytes(size),
      record ? duration(record.seconds) : '',
      timeText(new Date(used).toISOString()),
      fault ?? `${users[0] ?? 'no run that is known'}${users.length > 1 ? ` and ${users.length - 1} more` : ''}`,
    ]);
  print(...columns([['key', 'step type', 'size', 'took', 'last used', 'by'], ...rows], [2, 3]));
  if (results.length > limit) print(`${count(results.length - limit, 'more result')}: --limit ${results.length}`);
  return exitCode.ok;
}
