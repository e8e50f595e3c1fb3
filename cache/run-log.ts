import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { JsonObject } from '../artifacts/artifact.js';
import { sha256 } from './digest.js';
import { namesIn } from './names-in.js';
import type { Store } from './store.js';

const FORMAT = 1;
const FOLDER = 'runs';
/** An entry that a cut of power spoils is left out of the list; forcing it to the disk would cost every no-op a wait. */
const UNFORCED = { forced: false } as const;
const KEYS = path.join(FOLDER, 'keys');

/** A run as the store remembers it. What it says about itself (`facts`, `details`) is the engine's; the store does not look inside. */
export interface LoggedRun {
  /** `20261123-140200-3f2a`: the second in UTC, and what tells it from others of that second. */
  readonly id: string;
  /** ISO 8601. */
  readonly started: string;
  /** Absent while it goes on, and for ever when it was killed. */
  readonly ended?: string;
  /** Names the list of results that it used or made. */
  readonly keys: string;
  readonly facts: JsonObject;
}

/** Instance id to key of its result in one run. */
export type RunKeys = Readonly<Record<string, string>>;

/**
 * The history of runs in a store, `runs/<id>.json`: one line of what `voxreel log` lists, one line of details. The results
 * of a run are listed beside, by the digest of the list: runs that find everything cached share theirs.
 */
export interface RunLog {
  /** Newest first, the newest `most` (default: all). Damaged entries are left out. */
  list(most?: number): LoggedRun[];
  details(id: string): JsonObject | undefined;
  keys(run: Pick<LoggedRun, 'keys'>): RunKeys;
  /** Removes the entries of runs that began before, and lists of keys that nobody names any more. */
  forget(before: Date): Promise<void>;
  /** Writes or replaces the entry of a run. */
  write(run: Omit<LoggedRun, 'keys'>, keys: ReadonlyMap<string, string>, details: JsonObject): Promise<void>;
}

export function newRunId(started: Date): string {
  const time = started.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `${time}-${randomBytes(2).toString('hex')}`;
}

export function openRunLog(store: Store): RunLog {
  const at = (...parts: string[]) => path.join(store.dir, ...parts);
  return {
    list(most = Number.POSITIVE_INFINITY) {
      const runs: LoggedRun[] = [];
      // Names begin with the time.
      for (const name of namesIn(at(FOLDER)).sort().reverse()) {
        const run = name.endsWith('.json') ? linesOf(at(FOLDER, name))?.[0] : undefined;
        if (run && runs.push(run) >= most) break;
      }
      return runs.sort((a, b) => (a.started < b.started ? 1 : -1));
    },
    details: (id) => linesOf(at(FOLDER, `${id}.json`))?.[1],
    keys(run) {
      try {
        return JSON.parse(readFileSync(at(KEYS, `${run.keys}.json`), 'utf8'));
      } catch {
        return {};
      }
    },
    async forget(before) {
      const runs = this.list();
      const named = new Set<string>();
      for (const { id, started, keys } of runs) {
        if (new Date(started) >= before) named.add(`${keys}.json`);
        else await rm(at(FOLDER, `${id}.json`), { force: true });
      }
      for (const name of namesIn(at(KEYS))) {
        // A run that has just begun writes its list before its entry.
        const written = statSync(at(KEYS, name), { throwIfNoEntry: false })?.mtime;
        if (written && written < before && !named.has(name)) await rm(at(KEYS, name), { force: true });
      }
    },
    async write(run, keys, details) {
      const list = JSON.stringify(Object.fromEntries(keys));
      const name = sha256(list).slice(0, 32);
      const file = path.join(KEYS, `${name}.json`);
      if (!existsSync(at(file))) await store.writeFile(file, list, UNFORCED);
      const head = { format: FORMAT, ...run, keys: name };
      const text = `${JSON.stringify(head)}\n${JSON.stringify(details)}\n`;
      await store.writeFile(path.join(FOLDER, `${run.id}.json`), text, UNFORCED);
    },
  };
}

function linesOf(file: string): [head: LoggedRun & JsonObject, details: JsonObject] | undefined {
  try {
    const [head, details] = readFileSync(file, 'utf8')
      .split('\n', 2)
      .map((line) => JSON.parse(line || '{}'));
    return head.format === FORMAT ? [head, details] : undefined;
  } catch {
    return undefined;
  }
}
