import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { type FileDigest, hashFile } from './digest.js';
import type { Store } from './store.js';

const FILE = 'stat-cache.json';
const FORMAT = 1;

/**
 * A file that changed less than this before it was hashed could change again without its times telling (time stamps
 * have a granularity of up to two seconds on some file systems), so its entry is not trusted.
 */
const RACY_MS = 2000;

/** Entries of files that no run has hashed for so long are dropped when the file is written. */
const KEEP_MS = 180 * 24 * 3600_000;

/**
 * Times in ms with fractions: a double keeps a quarter of a microsecond of them, and file systems count in milliseconds.
 * An inode above 2^53 is rounded, which only makes it a slightly weaker sign.
 */
export type Facts = readonly [size: number, modified: number, changed: number, inode: number];
type Entry = readonly [...Facts, digest: string, hashed: number];

/** Digests of the user's files by what the file system says about them, so that big inputs are read once, not per run. */
export interface StatCache {
  /** The digest when the file is as it was when it was hashed. Throws the file system's error. */
  lookup(file: string): FileDigest | undefined;
  /** Reads the file and remembers its digest. Throws the file system's error, also when it is a folder. */
  hash(file: string, signal?: AbortSignal): Promise<FileDigest>;
  /**
   * What the file system says of a file whose content still has the digest that `lookup` or `hash` told first; undefined
   * when it was edited since, or is gone. Reads it only where its times do not tell.
   */
  confirm(file: string, signal?: AbortSignal): Promise<Facts | undefined>;
  /** Writes what is new, together with what other processes have added meanwhile. */
  save(): Promise<void>;
}

export function openStatCache(store: Store): StatCache {
  const known = load(store);
  const fresh = new Map<string, Entry>();
  /** What this process was told first, whatever became of the file since. */
  const told = new Map<string, string>();
  const confirming = new Map<string, Promise<Facts | undefined>>();
  const tell = (file: string, digest: FileDigest): FileDigest => {
    if (!told.has(file)) told.set(file, digest.digest);
    return digest;
  };

  return {
    lookup(file) {
      const facts = factsOf(file);
      const entry = known.get(file);
      if (!entry || !isCurrent(entry, facts) || isRacy(entry)) return undefined;
      return tell(file, { digest: entry[4], size: entry[0] });
    },
    hash: async (file, signal) => tell(file, await read(file, signal)),
    confirm(file, signal) {
      // Steps that start or end together ask about the same files.
      const known = confirming.get(file);
      if (known) return known;
      const asking = confirmOne(file, signal).finally(() => confirming.delete(file));
      confirming.set(file, asking);
      return asking;
    },
    async save() {
      if (fresh.size === 0) return;
      const merged = load(store);
      for (const [file, entry] of fresh) merged.set(file, entry);
      const oldest = Date.now() - KEEP_MS;
      const rows = [...merged].filter(([, entry]) => entry[5] > oldest).map(([file, entry]) => [file, ...entry]);
      await store.writeFile(FILE, JSON.stringify({ format: FORMAT, files: rows }));
      fresh.clear();
    },
  };

  async function read(file: string, signal: AbortSignal | undefined): Promise<FileDigest> {
    for (let attempt = 0; attempt < 3; attempt++) {
      const before = factsOf(file);
      const hashed = Date.now();
      const found = await hashFile(file, { signal });
      const entry: Entry = [...before, found.digest, hashed];
      if (!isCurrent(entry, factsOf(file)) || found.size !== before[0]) continue;
      known.set(file, entry);
      fresh.set(file, entry);
      return found;
    }
    throw Object.assign(new Error(`${file} is being written to`), { code: 'ETXTBSY', path: file });
  }

  async function confirmOne(file: string, signal: AbortSignal | undefined): Promise<Facts | undefined> {
    try {
      const entry = known.get(file);
      const facts = factsOf(file);
      const digest = entry && isCurrent(entry, facts) && !isRacy(entry) ? entry[4] : (await read(file, signal)).digest;
      if (digest !== told.get(file)) return undefined;
      const [size, modified, changed, inode] = known.get(file)!;
      return [size, modified, changed, inode];
    } catch {
      signal?.throwIfAborted();
      return undefined;
    }
  }
}

/** Where a content was last seen in a file of the user, by its digest. */
export function knownPaths(store: Store): ReadonlyMap<string, string> {
  return new Map([...load(store)].map(([file, entry]) => [entry[4], file]));
}

function load(store: Store): Map<string, Entry> {
  try {
    const content = JSON.parse(readFileSync(path.join(store.dir, FILE), 'utf8'));
    if (content.format !== FORMAT) return new Map();
    return new Map((content.files as [string, ...Entry][]).map(([file, ...entry]) => [file, entry]));
  } catch {
    // Absent, or not ours: everything is hashed again.
    return new Map();
  }
}

function factsOf(file: string): Facts {
  const facts = statSync(file);
  if (facts.isDirectory()) throw Object.assign(new Error(`${file} is a folder`), { code: 'EISDIR', path: file });
  return [facts.size, facts.mtimeMs, facts.ctimeMs, facts.ino];
}

function isCurrent(entry: Entry, facts: Facts): boolean {
  return entry[0] === facts[0] && entry[1] === facts[1] && entry[2] === facts[2] && entry[3] === facts[3];
}

function isRacy(entry: Entry): boolean {
  return Math.max(entry[1], entry[2]) > entry[5] - RACY_MS;
}
