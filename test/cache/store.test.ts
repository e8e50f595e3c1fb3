import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { link, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordFile, type StoreRecord } from '../../cache/record.js';
import { openStore, type Store } from '../../cache/store.js';
import { removeAbandoned } from '../../cache/work-folders.js';
import { smallDisk } from '../support/full-disk.js';
import { expectIntact } from '../support/intact-store.js';
import { root } from '../support/shared.js';
import { filesBelow } from '../support/tiny-study.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'voxreel-store-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const KEY = 'ab'.repeat(32);
const writer = path.join(root, 'test/support/store-writer.mjs');

/** Puts a result with one file. */
async function putText(store: Store, key: string, content: string): Promise<StoreRecord> {
  const run = await store.openRun();
  try {
    const file = path.join(await run.workDir(), 'x');
    await writeFile(file, content);
    return await store.put(run, key, newResult({ x: file }));
  } finally {
    await run.close();
  }
}

const newResult = (files: Record<string, string>) => ({
  outputs: { out: { type: 'text', meta: {}, files } },
  notes: [],
  seconds: 1,
  ingredients: {},
});

describe('a store', () => {
  it('keeps a result under its key, read-only, and finds it from another process', async () => {
    const store = await openStore(dir);
    const record = await putText(store, KEY, 'hello');
    const again = (await openStore(dir)).read(KEY) as StoreRecord;
    expect(again).toEqual(record);
    const file = record.outputs.out!.files.x!;
    // sha256sum of "hello".
    expect(file).toEqual({ digest: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824', size: 5 });
    expect(await readFile(store.blob(file.digest), 'utf8')).toBe('hello');
    expect(await expectIntact(store)).toBe(1);
    expect(await readdir(path.join(dir, 'tmp'))).toEqual([]);
  });

  it('takes a record that a cut of power left empty or with zeros in it for damaged', async () => {
    const store = await openStore(dir);
    await putText(store, KEY, 'hello');
    const file = recordFile(path.join(dir, 'records'), KEY);
    const text = await readFile(file);
    for (const left of [text.subarray(0, 0), text.subarray(0, -1), Buffer.alloc(text.length), text.fill(0, 40, 60)]) {
      await writeFile(file, left);
      expect(store.read(KEY)).toBe('its record is damaged (not JSON)');
    }
    await putText(store, KEY, 'hello');
    expect(await expectIntact(store)).toBe(1);
  });

  it('keeps one blob for equal contents', async () => {
    const store = await openStore(dir);
    await putText(store, KEY, 'same');
    await putText(store, 'cd'.repeat(32), 'same');
    expect(await filesBelow(path.join(dir, 'blobs'))).toHaveLength(1);
  });

  it("never shares data with a file that has another name: a hard or symbolic link to the user's file is copied", async () => {
    const store = await openStore(dir);
    const own = path.join(dir, 'own.txt');
    await writeFile(own, 'mine');
    const run = await store.openRun();
    const work = await run.workDir();
    await link(own, path.join(work, 'hard'));
    await symlink(own, path.join(work, 'soft'));
    const record = await store.put(
      run,
      KEY,
      newResult({ hard: path.join(work, 'hard'), soft: path.join(work, 'soft') }),
    );
    await run.close();
    await writeFile(own, 'edited');
    expect((await stat(own)).mode & 0o200).not.toBe(0);
    for (const { digest } of Object.values(record.outputs.out!.files)) {
      expect(await readFile(store.blob(digest), 'utf8')).toBe('mine');
    }
    expect(await expectIntact(store)).toBe(1);
  });

  it('of another format is refused with what to do', async () => {
    await openStore(dir);
    await writeFile(path.join(dir, 'store.json'), '{"format": 99}');
    await expect(openStore(dir)).rejects.toThrow(/format 99[\s\S]*expected: format 1/);
  });

  it('whose place is taken by a file is refused with its name and what to do', async () => {
    const file = path.join(dir, 'taken');
    await writeFile(file, '');
    const error = await openStore(file).catch((thrown) => thrown);
    expect(error.problems[0]).toMatchObject({ place: { file }, expected: 'a folder, or nothing yet' });
    const below = await openStore(path.join(file, 'deeper')).catch((thrown) => thrown);
    expect(below.name).toBe('UserError');
  });
});

describe('a store that cannot be written', () => {
  it('can be read; writing names the folder and what to do', async ({ skip }) => {
    const disk = smallDisk(4);
    if (!disk) return skip('no permission to mount');
    try {
      const at = path.join(disk.dir, 'cache');
      await putText(await openStore(at), KEY, 'kept');
      disk.readOnly();
      const store = await openStore(at);
      expect(store.examine(store.read(KEY) as StoreRecord)).toEqual([]);
      const error = await store.openRun().catch((thrown) => thrown);
      expect(error.name).toBe('UserError');
      expect(error.problems[0]).toMatchObject({ place: { file: at } });
      expect(error.problems[0].hint).toContain('--cache');
      const none = await openStore(path.join(disk.dir, 'new')).catch((thrown) => thrown);
      expect(none.name).toBe('UserError');
    } finally {
      disk.remove();
    }
  });

  it('because the disk is full stays intact and takes smaller results', async ({ skip }) => {
    const disk = smallDisk(2);
    if (!disk) return skip('no permission to mount');
    try {
      const store = await openStore(disk.dir);
      await putText(store, KEY, 'first');
      const big = putText(store, 'cd'.repeat(32), 'x'.repeat(3 << 20));
      await expect(big).rejects.toMatchObject({ code: 'ENOSPC' });
      // The other moment at which a disk runs full: the blob is in, the record no longer fits.
      const run = await store.openRun();
      const file = path.join(await run.workDir(), 'x');
      await writeFile(file, 'y');
      let filled = 0;
      for (const chunk of [1 << 16, 4096, 512, 1]) {
        for (let room = true; room; ) {
          room = await writeFile(path.join(disk.dir, `fill-${filled++}`), Buffer.alloc(chunk)).then(
            () => true,
            () => false,
          );
        }
      }
      const error = await store.put(run, 'ef'.repeat(32), newResult({ x: file })).catch((thrown) => thrown);
      expect(error.problems[0]).toMatchObject({
        message: 'the disk of the cache folder is full',
        place: { file: disk.dir },
      });
      for (let index = 0; index < filled; index++) await rm(path.join(disk.dir, `fill-${index}`), { force: true });
      await run.close();
      expect(await expectIntact(store)).toBe(1);
      await putText(store, 'ef'.repeat(32), 'fits');
      expect(await expectIntact(store)).toBe(2);
    } finally {
      disk.remove();
    }
  });
});

describe('a killed process', () => {
  it('leaves every result whole or absent, at 15 random instants; its leftovers are swept', {
    timeout: 120_000,
  }, async () => {
    expect(existsSync(path.join(root, 'dist/cache/store.js')), 'needs `npm run build`').toBe(true);
    let finished = 0;
    for (let round = 0; round < 15; round++) {
      const child = spawn(process.execPath, [writer, dir, '400'], { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = new Promise<NodeJS.Signals | null>((resolve) => child.on('exit', (_, signal) => resolve(signal)));
      // From the first result on, somewhere in the next 120 ms: a result takes about 5 ms.
      await new Promise((resolve) => child.stdout.once('data', resolve));
      setTimeout(() => child.kill('SIGKILL'), Math.random() * 120);
      expect(await ended).toBe('SIGKILL');
      const store = await openStore(dir);
      finished = Math.max(finished, await expectIntact(store));
      expect(await store.sweep()).toBe(1);
      expect(await readdir(path.join(dir, 'tmp'))).toEqual([]);
    }
    expect(finished).toBeGreaterThan(0);
  });
});

describe('two processes on one store', () => {
  it('that make the same results at once both succeed', { timeout: 60_000 }, async () => {
    const write = () => promisify(execFile)(process.execPath, [writer, dir, '60']);
    await Promise.all([write(), write(), write()]);
    expect(await expectIntact(await openStore(dir))).toBe(60);
    expect(await readdir(path.join(dir, 'tmp'))).toEqual([]);
  });
});

describe('work folders', () => {
  it('of living runs stay; of other machines stay for 6 hours after their last sign of life', async () => {
    const store = await openStore(dir);
    const run = await store.openRun();
    const foreign = path.join(dir, 'tmp', '0123456789ab-1-1-cafecafe');
    await mkdir(foreign);
    expect(await store.sweep()).toBe(0);
    const old = new Date(Date.now() - 7 * 3600_000);
    await utimes(foreign, old, old);
    await utimes(run.dir, old, old);
    expect(await store.sweep()).toBe(1);
    expect(await readdir(path.join(dir, 'tmp'))).toEqual([path.basename(run.dir)]);
    await run.close();
  });

  it('that are not there yet need no sweeping', async () => {
    expect(await removeAbandoned(path.join(dir, 'nowhere'))).toBe(0);
  });
});
