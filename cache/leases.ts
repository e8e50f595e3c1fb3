import { randomBytes } from 'node:crypto';
import { open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { JsonObject } from '../artifacts/artifact.js';
import { makeFolder } from './make-folder.js';

/** How often the holder of a lease gives a sign of life, and after how long without one it counts as dead. */
export interface LeaseTiming {
  readonly heartbeatMs: number;
  readonly staleMs: number;
}

const TIMING: LeaseTiming = { heartbeatMs: 2000, staleMs: 10_000 };

/** A lease that nobody ever asked for again is removed after this long. */
const FORGOTTEN_MS = 24 * 3600_000;

/** The right to make the result of a key, as long as its holder lives. */
export interface Lease {
  release(): Promise<void>;
}

/** Somebody else makes it: what they said about themselves. */
export interface Held {
  readonly holder: JsonObject;
}

/**
 * Leases on keys, so that runs that share a store do each piece of work once. A lease is a file `<key>.<generation>` that
 * can be created once only, even on network folders that have no locks; the holder writes to it every two seconds. When it
 * has been silent for ten, by the clock of the file system that all share, the next generation may be created, again by
 * one only. No process ids: they mean nothing on another host, and are given to others.
 *
 * A lease saves work, it protects nothing: a holder that was only slow (suspended, cut off from the network) makes a result
 * that somebody else makes too, and storing it twice does no harm.
 */
export interface Leases {
  /** @param about what others are told of the holder */
  claim(key: string, about: JsonObject): Promise<Lease | Held>;
  /** Who makes the result of a key now; undefined when nobody does, or nobody who lives. */
  holder(key: string): Promise<JsonObject | undefined>;
  /** Gives no more signs of life. Leases that were not released go stale. */
  close(): Promise<void>;
}

export function openLeases(storeDir: string, timing: LeaseTiming = TIMING): Leases {
  const dir = path.join(storeDir, 'leases');
  const fileOf = (key: string, generation: number) => path.join(dir, `${key}.${generation}`);
  const probe = path.join(dir, `clock-${randomBytes(6).toString('hex')}`);
  const held = new Map<string, string>();
  let beating: NodeJS.Timeout | undefined;

  const beat = () => {
    for (const [file, text] of held) void rewrite(file, text).catch(() => undefined);
  };

  return {
    async claim(key, about) {
      const text = JSON.stringify(about);
      // The usual case first: nobody has asked for this key.
      let generation = 0;
      for (let attempt = 0; attempt < 5; attempt++) {
        if (await create(fileOf(key, generation), text)) return hold(key, generation, text);
        const newest = await newestOf(key);
        const silent = newest && (await silenceOf(newest.file));
        // Released meanwhile: from the beginning, or two could hold generations with a gap between them.
        if (newest === undefined || silent === undefined) generation = 0;
        else if (silent > timing.staleMs) generation = newest.generation + 1;
        else return { holder: await read(newest.file) };
      }
      return { holder: {} };
    },
    async holder(key) {
      const newest = await newestOf(key);
      const silent = newest && (await silenceOf(newest.file));
      return silent !== undefined && silent <= timing.staleMs ? read(newest!.file) : undefined;
    },
    async close() {
      clearInterval(beating);
      held.clear();
      await rm(probe, { force: true }).catch(() => undefined);
    },
  };

  function hold(key: string, generation: number, text: string): Lease {
    const file = fileOf(key, generation);
    held.set(file, text);
    if (!beating) {
      beating = setInterval(beat, timing.heartbeatMs);
      beating.unref();
    }
    return {
      async release() {
        held.delete(file);
        const newest = await newestOf(key).catch(() => undefined);
        // Overtaken: whoever did so removes all generations before its own.
        if (newest && newest.generation > generation) return;
        // Its own first: a crash in between leaves a stale file, never a gap below a living lease.
        for (let one = generation; one >= 0; one--) await rm(fileOf(key, one), { force: true }).catch(() => undefined);
      },
    };
  }

  async function create(file: string, text: string): Promise<boolean> {
    try {
      await writeFile(file, text, { flag: 'wx' });
      return true;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') return false;
      if (code !== 'ENOENT') throw error;
      await makeFolder(dir);
      return create(file, text);
    }
  }

  async function newestOf(key: string): Promise<{ file: string; generation: number } | undefined> {
    const names = await readdir(dir).catch(() => [] as string[]);
    const generations = names
      .filter((name) => name.startsWith(`${key}.`))
      .map((name) => Number(name.slice(key.length + 1)));
    if (generations.length === 0) return undefined;
    const generation = Math.max(...generations);
    return { file: fileOf(key, generation), generation };
  }

  /**
   * How long the holder has given no sign of life, ms; undefined when the lease is gone. Compares two times of the same
   * file system: clocks of hosts differ by more than leases last.
   */
  async function silenceOf(file: string): Promise<number | undefined> {
    // Not empty: a file server need not renew the time of a file whose length does not change.
    await writeFile(probe, '.');
    const [now, then] = [await writtenAt(probe), await writtenAt(file)];
    return then === undefined || now === undefined ? undefined : now - then;
  }
}

/**
 * When a file was written to, ms; undefined when it is gone. Opens the file, since what a network folder remembers of it
 * otherwise may be seconds old.
 */
async function writtenAt(file: string): Promise<number | undefined> {
  try {
    const handle = await open(file, 'r');
    try {
      return (await handle.stat()).mtimeMs;
    } finally {
      await handle.close();
    }
  } catch (error) {
    // ESTALE: removed by another host, which a network folder tells so.
    if (['ENOENT', 'ESTALE'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** Removes leases of runs that died long ago and whose results nobody wanted since. */
export async function removeForgotten(storeDir: string): Promise<void> {
  const dir = path.join(storeDir, 'leases');
  for (const name of await readdir(dir).catch(() => [] as string[])) {
    const facts = await stat(path.join(dir, name)).catch(() => undefined);
    if (facts && Date.now() - facts.mtimeMs > FORGOTTEN_MS) await rm(path.join(dir, name), { force: true });
  }
}

/** Writing, not setting a time: the file system then puts its own time on the file. Never makes one that is gone. */
async function rewrite(file: string, text: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.write(text, 0);
  } finally {
    await handle.close();
  }
}

async function read(file: string): Promise<JsonObject> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    // Just made, or just gone.
    return {};
  }
}
