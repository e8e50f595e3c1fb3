import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileName } from './file-name.js';
import type { Store } from './store.js';

/** Instance id to the key of its last result, whichever experiment it was. */
type Keys = Readonly<Record<string, string>>;

/**
 * The last key of every instance of a workflow: what a new plan is compared with to say why something runs
 * (`hrf: spm -> glover`). Not needed for any result. Read only when something is to be explained.
 */
export interface History {
  lastKey(instance: string): string | undefined;
  /** Remembers the keys of a run; instances it does not name keep theirs. Writes nothing when nothing is new. */
  update(keys: ReadonlyMap<string, string>): Promise<void>;
}

export function openHistory(store: Store, workflow: string): History {
  const file = path.join('history', `${fileName(workflow)}.json`);
  let loaded: Keys | undefined;
  const load = () => {
    loaded ??= read(path.join(store.dir, file));
    return loaded;
  };
  return {
    lastKey: (instance) => load()[instance],
    async update(keys) {
      const old = load();
      if ([...keys].every(([instance, key]) => old[instance] === key)) return;
      loaded = { ...old, ...Object.fromEntries(keys) };
      await store.writeFile(file, JSON.stringify({ keys: loaded }));
    },
  };
}

function read(file: string): Keys {
  try {
    const { keys } = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof keys === 'object' && keys !== null) return keys;
  } catch {
    // Absent or damaged: the next run has nothing to compare with.
  }
  return {};
}
