import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { sha256 } from './digest.js';
import { namesIn } from './names-in.js';
import type { Store } from './store.js';

/**
 * Results that a file outside of the store needs (a lock file), and that no garbage collection removes as long as that
 * file exists. Writing again for the same file replaces its keys.
 * @param file absolute path of the file
 */
export async function setRoot(store: Store, file: string, keys: readonly string[]): Promise<void> {
  await store.writeFile(path.join('roots', `${sha256(file).slice(0, 32)}.json`), JSON.stringify({ file, keys }));
}

/** All keys that files which still exist need. */
export function rootedKeys(store: Store): ReadonlySet<string> {
  const dir = path.join(store.dir, 'roots');
  const keys = new Set<string>();
  for (const name of namesIn(dir)) {
    const root = JSON.parse(readFileSync(path.join(dir, name), 'utf8')) as { file: string; keys: readonly string[] };
    if (existsSync(root.file)) for (const key of root.keys) keys.add(key);
  }
  return keys;
}
