import { statSync } from 'node:fs';
import path from 'node:path';
import type { FileDigest } from './digest.js';
import { namesIn } from './names-in.js';
import { recordFile, type StoreRecord } from './record.js';
import { openRunLog } from './run-log.js';
import type { Store } from './store.js';

/** A run without an end may have been killed; for so long it is taken to go on, and to use its results. */
const LONGEST_RUN_MS = 7 * 24 * 3600_000;

/** One result in a store, and how it is used. */
export interface StoredResult {
  readonly key: string;
  /** The file of its record. */
  readonly file: string;
  /** Absent when the record cannot be read; `fault` then says why. */
  readonly record?: StoreRecord;
  readonly fault?: string;
  /** Each once, though several outputs may share one. */
  readonly blobs: readonly FileDigest[];
  /** Of all its blobs; some may be shared with other results. */
  readonly bytes: number;
  /** When a run used it last, ms since 1970. */
  readonly used: number;
  /** `workflow: instance` of each use in the log of runs, newest first. */
  readonly users: readonly string[];
}

/** Everything that a store has a record of. Reads all records. */
export function storedResults(store: Store): StoredResult[] {
  const uses = usesOf(store);
  const records = path.join(store.dir, 'records');
  return namesIn(records).flatMap((folder) =>
    namesIn(path.join(records, folder)).flatMap((name) => {
      const key = path.parse(name).name;
      const read = store.read(key);
      const file = recordFile(records, key);
      const facts = statSync(file, { throwIfNoEntry: false });
      if (!facts || read === undefined) return [];
      const record = typeof read === 'object' ? read : undefined;
      const blobs = record ? blobsOf(record) : [];
      const use = uses.get(key);
      return {
        key,
        file,
        ...(record ? { record } : { fault: read as string }),
        blobs,
        bytes: blobs.reduce((sum, { size }) => sum + size, 0),
        used: Math.max(facts.mtimeMs, use?.last ?? 0),
        users: use ? [...use.users] : [],
      };
    }),
  );
}

export function blobsOf(record: StoreRecord): FileDigest[] {
  const files = Object.values(record.outputs).flatMap((output) => Object.values(output.files));
  return [...new Map(files.map((file) => [file.digest, file])).values()];
}

function usesOf(store: Store): Map<string, { last: number; users: Set<string> }> {
  const log = openRunLog(store);
  const uses = new Map<string, { last: number; users: Set<string> }>();
  // Runs that found everything cached share their list of keys; the newest of them counts.
  const seen = new Set<string>();
  for (const run of log.list()) {
    if (seen.has(run.keys)) continue;
    seen.add(run.keys);
    const began = Date.parse(run.started);
    const mayGoOn = run.ended === undefined && Date.now() - began < LONGEST_RUN_MS;
    const last = mayGoOn ? Date.now() : Date.parse(run.ended ?? run.started);
    for (const [instance, key] of Object.entries(log.keys(run))) {
      const use = uses.get(key) ?? { last, users: new Set() };
      uses.set(key, use);
      use.last = Math.max(use.last, last);
      use.users.add(`${String(run.facts.workflow)}: ${instance}`);
    }
  }
  return uses;
}
