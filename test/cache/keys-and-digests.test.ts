import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../cache/canonical-json.js';
import { artifactDigest, hashFile, sha256 } from '../../cache/digest.js';
import { openStatCache } from '../../cache/stat-cache.js';
import { openStore, type Store } from '../../cache/store.js';
import { wait } from '../support/tiny-study.js';

describe('canonical JSON', () => {
  it('is JSON, with one spelling whatever the order of keys', () => {
    const shuffled = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(shuffled)
        : value && typeof value === 'object'
          ? Object.fromEntries(
              Object.entries(value)
                .reverse()
                .map(([key, one]) => [key, shuffled(one)]),
            )
          : value;
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value);
        // Through JSON first: -0 is written as 0 there too.
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(shuffled(value))).toBe(text);
      }),
    );
  });

  it('spells the example of RFC 8785 as that document does', () => {
    // biome-ignore lint/correctness/noPrecisionLoss: that is what the example is about
    const value = { numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 1e-27], literals: [null, true, false] };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27]}',
    );
  });

  it('refuses what it cannot carry', () => {
    expect(() => canonicalJson({ x: Number.NaN })).toThrow(/NaN/);
    expect(() => canonicalJson([() => 0])).toThrow(/function/);
  });
});

describe('digests', () => {
  it('are those of sha256sum', async () => {
    const dir = await mkdtemp(path.join(os.tmpdir(), 'voxreel-digest-'));
    const file = path.join(dir, 'million');
    await writeFile(file, 'a'.repeat(1_000_000));
    // FIPS 180-2, appendix B.3: one million times the letter a.
    expect(await hashFile(file)).toEqual({
      digest: 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0',
      size: 1_000_000,
    });
    await writeFile(file, Buffer.alloc(3 * (1 << 20) + 17, 'ab'));
    expect((await hashFile(file)).digest).toBe(sha256('ab'.repeat(1.5 * (1 << 20) + 8).concat('a')));
    await rm(dir, { recursive: true });
  });

  it('of artifacts count type, facts, roles and contents, not the order they are given in', () => {
    const a = { digest: '1'.repeat(64), size: 1 };
    const b = { digest: '2'.repeat(64), size: 2 };
    const base = artifactDigest('maps', { df: 3, n: 4 }, { t: a, rows: b });
    expect(artifactDigest('maps', { n: 4, df: 3 }, { rows: b, t: a })).toBe(base);
    expect(artifactDigest('fit', { df: 3, n: 4 }, { t: a, rows: b })).not.toBe(base);
    expect(artifactDigest('maps', { df: 3, n: 5 }, { t: a, rows: b })).not.toBe(base);
    expect(artifactDigest('maps', { df: 3, n: 4 }, { t: b, rows: a })).not.toBe(base);
  });
});

describe('the stat cache', () => {
  let dir: string;
  let store: Store;
  let file: string;
  beforeEach(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'voxreel-stat-'));
    store = await openStore(path.join(dir, 'store'));
    file = path.join(dir, 'file');
  });
  afterEach(() => rm(dir, { recursive: true }));

  it('does not trust a file that changed within 2 s of hashing, and trusts it after', { timeout: 20_000 }, async () => {
    await writeFile(file, 'one');
    const cache = openStatCache(store);
    await cache.hash(file);
    expect(cache.lookup(file)).toBeUndefined();
    await wait(2200);
    const { digest } = await cache.hash(file);
    expect(cache.lookup(file)?.digest).toBe(digest);
    await cache.save();
    expect(openStatCache(store).lookup(file)?.digest).toBe(digest);
    // Same size and, as touch can do, the same time of modification: the time of the change itself cannot be set.
    const old = new Date(Date.now() - 100_000);
    await utimes(file, old, old);
    const later = openStatCache(store);
    expect(later.lookup(file)).toBeUndefined();
    await wait(2200);
    await later.hash(file);
    await writeFile(file, 'two');
    await utimes(file, old, old);
    expect(later.lookup(file)).toBeUndefined();
  });

  it('keeps what another process wrote meanwhile', async () => {
    await writeFile(file, 'one');
    await writeFile(`${file}2`, 'two');
    const here = openStatCache(store);
    const there = openStatCache(store);
    await here.hash(file);
    await there.hash(`${file}2`);
    await here.save();
    await there.save();
    const { files } = JSON.parse(await readFile(path.join(store.dir, 'stat-cache.json'), 'utf8'));
    expect(files.map(([name]: [string]) => name).sort()).toEqual([file, `${file}2`]);
  });

  it('is hashed again when its own file is damaged', async () => {
    await writeFile(path.join(store.dir, 'stat-cache.json'), '{"fo');
    await writeFile(file, 'one');
    expect(openStatCache(store).lookup(file)).toBeUndefined();
  });
});
