import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Store } from './store.js';

const FILE = 'collected.json';

/** Keys that are remembered; the oldest are forgotten first. */
const MOST = 50_000;

/** When a garbage collection removed the result of a key, ISO 8601. Read when it is first asked. */
export function collectedTimes(store: Store): (key: string) => string | undefined {
  let times: Readonly<Record<string, string>> | undefined;
  return (key) => {
    times ??= load(store);
    return times[key];
  };
}

/** When a garbage collection removed a result whose key starts so, ISO 8601. */
export function collectedTime(store: Store, start: string): string | undefined {
  return Object.entries(load(store)).find(([key]) => key.startsWith(start))?.[1];
}

/** Notes that the results of these keys were removed now, so that the next run can say why it makes them again. */
export async function noteCollected(store: Store, keys: readonly string[], now: Date): Promise<void> {
  if (keys.length === 0) return;
  const times = { ...load(store), ...Object.fromEntries(keys.map((key) => [key, now.toISOString()])) };
  const rows = Object.entries(times).sort(([, a], [, b]) => (a < b ? 1 : -1));
  await store.writeFile(FILE, JSON.stringify({ keys: Object.fromEntries(rows.slice(0, MOST)) }));
}

function load(store: Store): Readonly<Record<string, string>> {
  try {
    const { keys } = JSON.parse(readFileSync(path.join(store.dir, FILE), 'utf8'));
    if (typeof keys === 'object' && keys !== null) return keys;
  } catch {
    // Nothing was ever collected, or the file is damaged: an explanation is less exact.
  }
  return {};
}
