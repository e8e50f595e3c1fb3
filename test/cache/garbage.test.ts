import { readdir, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { collectGarbage, type GarbageOptions } from '../../cache/garbage.js';
import { recordFile } from '../../cache/record.js';
import { setRoot } from '../../cache/roots.js';
import { openRunLog } from '../../cache/run-log.js';
import { openStore, type Store } from '../../cache/store.js';
import { verifyStore } from '../../cache/verify-store.js';
import { newFolder } from '../support/folders.js';
import { expectIntact } from '../support/intact-store.js';
import { filesBelow } from '../support/tiny-study.js';

const DAY = 24 * 3600_000;
const keyOf = (name: string) => Buffer.from(name.padEnd(32, '.')).toString('hex');

let store: Store;
beforeEach(async () => {
  store = await openStore(await newFolder('garbage'));
});

/** Puts a result whose record was last used so many days ago. */
async function put(name: string, files: Record<string, string>, daysAgo = 0): Promise<void> {
  const run = await store.openRun();
  const work = await run.workDir();
  const paths: Record<string, string> = {};
  for (const [role, content] of Object.entries(files)) {
    paths[role] = path.join(work, role);
    await writeFile(paths[role], content);
  }
  const outputs = { out: { type: 'text', meta: {}, files: paths } };
  await store.put(run, keyOf(name), { outputs, notes: [], seconds: 1, ingredients: { step: 'any' } });
  await run.close();
  const then = new Date(Date.now() - daysAgo * DAY);
  await utimes(recordFile(path.join(store.dir, 'records'), keyOf(name)), then, then);
}

/** Collects as if it were three days later, so that blobs which were written just now are not new any more. */
const collect = (options: GarbageOptions) => collectGarbage(store, { now: new Date(Date.now() + 3 * DAY), ...options });
const names = ({ removed }: Awaited<ReturnType<typeof collectGarbage>>) =>
  removed.map(({ key }) => Buffer.from(key, 'hex').toString().replace(/\.+$/, ''));
const has = (name: string) => typeof store.read(keyOf(name)) === 'object';
const blobs = () => filesBelow(path.join(store.dir, 'blobs'));

/** A run that used these results, so many days ago. */
async function logRun(used: readonly string[], daysAgo: number, ended = true): Promise<void> {
  const time = new Date(Date.now() - daysAgo * DAY).toISOString();
  const head = { id: `run-${daysAgo}-${used.join('-')}`, started: time, ...(ended ? { ended: time } : {}) };
  const keys = new Map(used.map((name) => [`step-${name}`, keyOf(name)]));
  await openRunLog(store).write({ ...head, facts: { workflow: 'study' } }, keys, {});
}

describe('by age', () => {
  it('removes what no run has used for so long, with the blobs that nobody else has', async () => {
    await put('old', { a: 'old', b: 'shared' }, 40);
    await put('young', { a: 'young', b: 'shared' }, 10);
    const done = await collect({ olderThanMs: 30 * DAY });
    expect(names(done)).toEqual(['old']);
    expect(done).toMatchObject({ kept: 1, freedBytes: 3, keptBytes: 11 });
    expect([has('old'), has('young')]).toEqual([false, true]);
    expect(await blobs()).toHaveLength(2);
    expect(await expectIntact(store)).toBe(1);
  });

  it('counts a use in the log of runs, not only the making', async () => {
    await put('used', { a: 'x' }, 40);
    await put('unused', { a: 'y' }, 40);
    await logRun(['used'], 5);
    expect(names(await collect({ olderThanMs: 30 * DAY }))).toEqual(['unused']);
  });

  it('keeps what a run counts on that began long ago and has not ended', async () => {
    await put('counted', { a: 'x' }, 40);
    await logRun(['counted'], 3, false);
    const done = await collectGarbage(store, { olderThanMs: DAY });
    expect(names(done)).toEqual([]);
  });

  it('removes nothing, but says what it would, in a dry run', async () => {
    await put('old', { a: 'old' }, 40);
    const done = await collect({ olderThanMs: 30 * DAY, dryRun: true });
    expect(names(done)).toEqual(['old']);
    expect(done.freedBytes).toBe(3);
    expect(has('old')).toBe(true);
    expect(await blobs()).toHaveLength(1);
  });

  it('forgets runs that are older', async () => {
    await put('old', { a: 'x' }, 50);
    await logRun(['old'], 45);
    await logRun([], 2);
    await collect({ olderThanMs: 30 * DAY });
    expect(
      openRunLog(store)
        .list()
        .map(({ id }) => id),
    ).toEqual(['run-2-']);
  });
});

describe('by size', () => {
  it('removes what was used longest ago until the rest is small enough', async () => {
    for (const [name, days] of [
      ['first', 5],
      ['third', 9],
      ['second', 7],
    ] as const)
      await put(name, { a: name }, days);
    // 5 + 5 + 6 bytes.
    const done = await collect({ maxBytes: 11 });
    expect(names(done)).toEqual(['third']);
    expect(done.keptBytes).toBe(11);
    expect(names(await collect({ maxBytes: 0 }))).toEqual(['second', 'first']);
    expect(await blobs()).toEqual([]);
  });
});

describe('never', () => {
  it('what a lock file names, as long as the file is there', async () => {
    await put('locked', { a: 'locked' }, 400);
    await put('free', { a: 'free' }, 400);
    const lock = path.join(store.dir, 'study.lock');
    await writeFile(lock, '');
    await setRoot(store, lock, [keyOf('locked')]);
    const done = await collect({ maxBytes: 0, olderThanMs: DAY });
    expect(names(done)).toEqual(['free']);
    expect(done.neededBytes).toBe(6);
    await rm(lock);
    expect(names(await collect({ maxBytes: 0 }))).toEqual(['locked']);
  });

  it('what was used or made within a day', async () => {
    await put('new', { a: 'new' });
    await put('looked at', { a: 'looked at' }, 40);
    await logRun(['looked at'], 0.5);
    const done = await collectGarbage(store, { maxBytes: 0, olderThanMs: 0 });
    expect(names(done)).toEqual([]);
    expect(done.neededBytes).toBe(12);
  });

  it('a blob that another result has come to share since', async () => {
    await put('old', { a: 'shared' }, 40);
    // The record of the new one is not written yet: it has found the blob in the store, and counts on it.
    const run = await store.openRun();
    const file = path.join(await run.workDir(), 'a');
    await writeFile(file, 'shared');
    const outputs = { out: { type: 'text', meta: {}, files: { a: file } } };
    await store.put(run, keyOf('new'), { outputs, notes: [], seconds: 1, ingredients: {} });
    await rm(recordFile(path.join(store.dir, 'records'), keyOf('new')));
    await run.close();
    expect(names(await collectGarbage(store, { olderThanMs: 30 * DAY }))).toEqual(['old']);
    expect(await blobs()).toHaveLength(1);
  });
});

describe('leftovers', () => {
  it('are blobs without a result and what was set aside, once they are a day old', async () => {
    await put('kept', { a: 'kept' });
    await put('lost', { a: 'lost' });
    await rm(recordFile(path.join(store.dir, 'records'), keyOf('lost')));
    await collectGarbage(store, {});
    expect(await blobs()).toHaveLength(2);
    await collect({});
    expect(await blobs()).toHaveLength(1);
    expect(await expectIntact(store)).toBe(1);
  });

  it('that verify set aside are gone after a day', async () => {
    await put('rotten', { a: 'rotten' });
    const [blob] = await blobs();
    await rm(path.join(store.dir, 'blobs', blob!));
    await writeFile(path.join(store.dir, 'blobs', blob!), 'ROTTEN');
    const { damaged } = await verifyStore(store, () => {});
    expect(damaged.map(({ result, fault }) => [result.key, fault.split(': ')[1]])).toEqual([
      [keyOf('rotten'), 'its content has another digest'],
    ]);
    expect(await readdir(path.join(store.dir, 'quarantine'))).toHaveLength(1);
    await collect({});
    expect(await readdir(path.join(store.dir, 'quarantine'))).toEqual([]);
  });
});

describe('verify', () => {
  it('finds records that cannot be read and blobs that are gone', async () => {
    await put('whole', { a: 'whole' });
    await put('gone', { a: 'gone' });
    await put('spoiled', { a: 'spoiled' });
    const { outputs } = store.read(keyOf('gone')) as {
      outputs: Record<string, { files: Record<string, { digest: string }> }>;
    };
    await rm(store.blob(outputs.out!.files.a!.digest));
    await writeFile(recordFile(path.join(store.dir, 'records'), keyOf('spoiled')), '{"form');
    const verified = await verifyStore(store, () => {});
    expect(verified).toMatchObject({ results: 3, blobs: 2, bytes: 12 });
    const faults = new Map(verified.damaged.map(({ result, fault }) => [result.key, fault]));
    expect(faults.get(keyOf('gone'))).toContain('it is gone');
    expect(faults.get(keyOf('spoiled'))).toContain('not JSON');
    expect(faults.size).toBe(2);
  });
});
