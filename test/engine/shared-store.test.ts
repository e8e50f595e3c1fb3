import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeStudy } from '../../bench/engine-study.js';
import { hashFile } from '../../cache/digest.js';
import { openStore, type Store } from '../../cache/store.js';
import { expectIntact } from '../support/intact-store.js';
import { root } from '../support/shared.js';
import { filesBelow } from '../support/tiny-study.js';

/** As long as a dead run is waited for here; a user's waits ten seconds. */
const STALE_MS = '700';
/** `VOXREEL_KILLS=200 npx vitest run test/engine/shared-store.test.ts` is the thorough form. */
const KILLS = Number(process.env.VOXREEL_KILLS ?? 10);

const script = path.join(root, 'test/support/run-study.mjs');
let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'voxreel-shared-'));
  expect(existsSync(path.join(root, 'dist/bench/engine-study.js')), 'needs `npm run build`').toBe(true);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

interface Outcome {
  readonly ok: boolean;
  readonly ran: number;
  readonly waiting: number;
  readonly damaged: number;
  readonly digests: readonly string[];
}

function start(file: string, wrapper: readonly string[] = []) {
  const [program, ...args] = [...wrapper, process.execPath, script, file, STALE_MS];
  const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more) => {
    text += more;
  });
  const firstResult = new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
  const ended = new Promise<Outcome | undefined>((resolve) =>
    child.on('close', (code) => resolve(code === 0 ? JSON.parse(text.trim().split('\n').at(-1)!) : undefined)),
  );
  return { child, firstResult, ended };
}

const finish = async (file: string) => (await start(file).ended)!;

/** Keys with a lease and no result. One who is killed between the two leaves a lease that nobody will ask for. */
async function unfinishedLeases(store: Store): Promise<string[]> {
  const names = await readdir(path.join(store.dir, 'leases')).catch(() => [] as string[]);
  return names.map((name) => name.split('.')[0]!).filter((key) => store.read(key) === undefined);
}

/**
 * Everything that was published, by content. Reports and manifests too: nothing in them may depend on what happened, but
 * the times in the crate's metadata and their digests in the manifest.
 */
async function published(study: string): Promise<Record<string, string>> {
  const results = path.join(study, 'results');
  const files = await filesBelow(results);
  return Object.fromEntries(
    await Promise.all(
      files.map(async (file) => {
        const content = path.join(results, file);
        if (file.endsWith('ro-crate-metadata.json')) return [file, withoutTimes(await readFile(content, 'utf8'))];
        if (!file.endsWith('.voxreel.json')) return [file, (await hashFile(content)).digest];
        const { description, ...manifest } = JSON.parse(await readFile(content, 'utf8'));
        return [file, JSON.stringify([manifest, description.files.map(([name]: readonly string[]) => name)])];
      }),
    ),
  );
}

const withoutTimes = (text: string) => text.replace(/\d{4}-\d\d-\d\dT[\d:.+]+/g, 'TIME');

describe('two runs on one store', () => {
  it('do each shared step once', { timeout: 120_000 }, async () => {
    const file = await writeStudy(dir, 60);
    const alone = await finish(file);
    await rm(path.join(dir, '.voxreel'), { recursive: true });
    await rm(path.join(dir, 'results'), { recursive: true });
    const outcomes = (await Promise.all([start(file).ended, start(file).ended, start(file).ended])) as Outcome[];
    for (const { ok, digests } of outcomes) expect({ ok, digests }).toEqual({ ok: true, digests: alone.digests });
    expect(outcomes.reduce((sum, { ran }) => sum + ran, 0)).toBe(alone.ran);
    expect(outcomes.reduce((sum, { waiting }) => sum + waiting, 0)).toBeGreaterThan(0);
    expect(await readdir(path.join(dir, '.voxreel/leases'))).toEqual([]);
    expect(await expectIntact(await openStore(path.join(dir, '.voxreel')))).toBe(alone.ran);
  });

  it('take over what a run on another host was doing when it died', { timeout: 120_000 }, async ({ skip }) => {
    // A host name and process ids of its own: what another machine on a shared folder looks like from here.
    const elsewhere = [
      'unshare',
      '--uts',
      '--pid',
      '--fork',
      '--kill-child',
      'sh',
      '-c',
      'hostname elsewhere && exec "$@"',
      '-',
    ];
    try {
      execFileSync(elsewhere[0]!, [...elsewhere.slice(1), 'true'], { stdio: 'pipe' });
    } catch (error) {
      console.warn(`SKIPPED: this needs permission to make namespaces (${(error as Error).message.split('\n')[0]})`);
      return skip('no permission to make namespaces');
    }
    const file = await writeStudy(dir, 120);
    let store: Store;
    let unfinished: string[] = [];
    // Now and then it dies between two steps, and leaves nothing to take over.
    do {
      await rm(path.join(dir, '.voxreel'), { recursive: true, force: true });
      const { child, firstResult, ended } = start(file, elsewhere);
      await firstResult;
      child.kill('SIGKILL');
      await ended;
      store = await openStore(path.join(dir, '.voxreel'));
      unfinished = await unfinishedLeases(store);
    } while (unfinished.length === 0);
    expect(await finish(file)).toMatchObject({ ok: true, damaged: 0 });
    expect(await unfinishedLeases(store)).toEqual([]);
    for (const key of unfinished) expect(typeof store.read(key)).toBe('object');
  });
});

describe('a run that is killed', () => {
  it(`at ${KILLS} random instants is completed by the next, with identical results and no damaged entry`, {
    timeout: 60_000 + KILLS * 15_000,
  }, async () => {
    const original = path.join(dir, 'original');
    await writeStudy(original, 40);
    const began = performance.now();
    const undisturbed = await finish(path.join(original, 'study.yaml'));
    const whole = performance.now() - began;
    const results = await published(original);
    await rm(path.join(original, '.voxreel'), { recursive: true });
    await rm(path.join(original, 'results'), { recursive: true });

    const seen = { killed: 0, partial: 0, ended: 0 };
    for (let round = 0; round < KILLS; round++) {
      const study = path.join(dir, `round-${round}`);
      await cp(original, study, { recursive: true });
      const file = path.join(study, 'study.yaml');
      const { child, ended } = start(file);
      const instant = Math.random() * whole;
      const kill = setTimeout((process: ChildProcess) => process.kill('SIGKILL'), instant, child);
      const first = await ended;
      clearTimeout(kill);
      const store = await openStore(path.join(study, '.voxreel'));
      const kept = await expectIntact(store);
      if (first) seen.ended++;
      else seen.killed++;
      if (kept > 0 && kept < undisturbed.ran) seen.partial++;

      const after = await finish(file);
      const where = `killed after ${instant.toFixed(0)} ms with ${kept} results`;
      expect(after, where).toMatchObject({ ok: true, damaged: 0, ran: undisturbed.ran - kept });
      expect(after.digests, where).toEqual(undisturbed.digests);
      expect(await expectIntact(store), where).toBe(undisturbed.ran);
      expect(await published(study), where).toEqual(results);
      const below = await filesBelow(store.dir);
      expect(
        below.filter((name) => /^(tmp|quarantine)\//.test(name)),
        where,
      ).toEqual([]);
      expect(await unfinishedLeases(store), where).toEqual([]);
      await rm(study, { recursive: true });
    }
    console.log(`killed ${seen.killed} of ${KILLS} runs (${seen.partial} of them half done), ${seen.ended} had ended`);
    expect(seen.killed).toBeGreaterThan(0);
  });
});
