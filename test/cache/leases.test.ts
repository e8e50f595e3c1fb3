import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Lease, openLeases, removeForgotten } from '../../cache/leases.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'voxreel-leases-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const KEY = 'ab'.repeat(32);
const QUICK = { heartbeatMs: 50, staleMs: 1500 };
const isLease = (claimed: object): claimed is Lease => 'release' in claimed;
const files = () => readdir(path.join(dir, 'leases')).catch(() => [] as string[]);

/** As if its holder had written to it last so many ms ago. */
async function age(ms: number, generation = 0): Promise<void> {
  const then = new Date(Date.now() - ms);
  await utimes(path.join(dir, 'leases', `${KEY}.${generation}`), then, then);
}

describe('a lease', () => {
  it('is had by one; others are told who has it; once released it can be had again and nothing is left', async () => {
    const [a, b] = [openLeases(dir, QUICK), openLeases(dir, QUICK)];
    const mine = await a.claim(KEY, { host: 'a' });
    expect(isLease(mine)).toBe(true);
    expect(await b.claim(KEY, { host: 'b' })).toEqual({ holder: { host: 'a' } });
    expect(await b.holder(KEY)).toEqual({ host: 'a' });
    await (mine as Lease).release();
    expect(await b.holder(KEY)).toBeUndefined();
    const theirs = await b.claim(KEY, { host: 'b' });
    expect(isLease(theirs)).toBe(true);
    await (theirs as Lease).release();
    await Promise.all([a.close(), b.close()]);
    expect(await files()).toEqual([]);
  });

  it('is had by exactly one of many who ask at the same moment, also when a dead one is taken over', async () => {
    const all = Array.from({ length: 20 }, () => openLeases(dir, QUICK));
    const claim = async () => (await Promise.all(all.map((one) => one.claim(KEY, {})))).filter(isLease);
    expect(await claim()).toHaveLength(1);
    // Their holder is suspended: no sign of life any more.
    await Promise.all(all.map((one) => one.close()));
    await age(60_000);
    expect(await claim()).toHaveLength(1);
    await Promise.all(all.map((one) => one.close()));
  });

  it('lives as long as its holder gives signs of life, and no longer', async () => {
    const [a, b] = [openLeases(dir, QUICK), openLeases(dir, QUICK)];
    await a.claim(KEY, { host: 'a' });
    await sleep(QUICK.staleMs + 500);
    expect(await b.holder(KEY)).toEqual({ host: 'a' });
    await a.close();
    await age(QUICK.staleMs + 100);
    expect(await b.holder(KEY)).toBeUndefined();
    await b.close();
  });

  it('that was overtaken is left to the new holder, who removes all that is left of it', async () => {
    const [slow, quick] = [openLeases(dir, { heartbeatMs: 60_000, staleMs: 1500 }), openLeases(dir, QUICK)];
    const first = (await slow.claim(KEY, { host: 'slow' })) as Lease;
    await age(10_000);
    const second = (await quick.claim(KEY, { host: 'quick' })) as Lease;
    await first.release();
    expect(await quick.holder(KEY)).toEqual({ host: 'quick' });
    expect(isLease(await slow.claim(KEY, { host: 'slow' }))).toBe(false);
    await second.release();
    await Promise.all([slow.close(), quick.close()]);
    expect(await files()).toEqual([]);
  });

  it('is judged by the clock of the folder, not by that of the host', async () => {
    const [a, b] = [openLeases(dir, QUICK), openLeases(dir, QUICK)];
    await a.claim(KEY, { host: 'a' });
    const { now } = Date;
    // A host whose clock is a day ahead.
    Date.now = () => now() + 24 * 3600_000;
    try {
      expect(await b.holder(KEY)).toEqual({ host: 'a' });
    } finally {
      Date.now = now;
    }
    await Promise.all([a.close(), b.close()]);
  });

  it('that nobody asked for since is swept after a day', async () => {
    const a = openLeases(dir, QUICK);
    await a.claim(KEY, {});
    await a.close();
    await removeForgotten(dir);
    expect(await files()).toHaveLength(1);
    await age(25 * 3600_000);
    await removeForgotten(dir);
    expect(await files()).toEqual([]);
  });

  it('whose file is damaged still counts', async () => {
    const [a, b] = [openLeases(dir, { ...QUICK, heartbeatMs: 60_000 }), openLeases(dir, QUICK)];
    await a.claim(KEY, { host: 'a' });
    await writeFile(path.join(dir, 'leases', `${KEY}.0`), '{"ho');
    expect(await b.claim(KEY, {})).toEqual({ holder: {} });
    await Promise.all([a.close(), b.close()]);
  });
});
