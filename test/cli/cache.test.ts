import { chmod, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newFolder } from '../support/folders.js';
import { describeNginx, startNginx } from '../support/nginx.js';
import { filesBelow } from '../support/tiny-study.js';
import { voxreel } from './support/process.js';
import { writeStudy } from './support/study.js';

let dir: string;
beforeEach(async () => {
  dir = await writeStudy();
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const below = (...parts: string[]) => path.join(dir, '.voxreel', ...parts);

/** As if everything had been used last so many days ago: records by their time, runs by what they say. */
async function age(days: number): Promise<void> {
  const then = new Date(Date.now() - days * 24 * 3600_000);
  for (const file of await filesBelow(below('records'))) await utimes(below('records', file), then, then);
  await rm(below('runs'), { recursive: true });
}

describe('voxreel cache', () => {
  it('lists results and says what one was made from', async () => {
    await voxreel(dir, 'run', 'study.yaml');
    const list = await voxreel(dir, 'cache', 'ls');
    expect(list.code).toBe(0);
    const line = list.stdout.split('\n').find((text) => text.includes('tiny: second'))!;
    expect(line).toMatch(/^[0-9a-f]{12} {2}\.\/second\.mjs +5 B/);
    const why = await voxreel(dir, 'cache', 'why', line.slice(0, 12));
    expect(why.stdout).toMatch(/made by +\.\/second\.mjs, version 1/);
    expect(why.stdout).toMatch(/input text +first \([0-9a-f]{12}\)/);
    const unknown = await voxreel(dir, 'cache', 'why', 'ffff');
    expect(unknown).toMatchObject({ code: 2, stdout: '' });
    expect(unknown.stderr).toContain('there is no result `ffff`');
  });

  it('says which of your files a result was made from', async () => {
    await writeFile(path.join(dir, 'text.txt'), 'from a file');
    const study = await readFile(path.join(dir, 'study.yaml'), 'utf8');
    const own =
      'inputs: { text: { type: file, path: text.txt } }\nsteps:\n  third: { uses: ./second.mjs, in: { text: inputs.text } }';
    await writeFile(path.join(dir, 'study.yaml'), study.replace('steps:', own));
    await voxreel(dir, 'run', 'study.yaml');
    const list = await voxreel(dir, 'cache', 'ls');
    const line = list.stdout.split('\n').find((text) => text.includes('tiny: third'))!;
    const why = await voxreel(dir, 'cache', 'why', line.slice(0, 12));
    expect(why.stdout).toMatch(/input text +a file of yours, [0-9a-f]{12} \(text\.txt\)\n/);
  });

  it('gc removes what is old and nothing else; the next plan says so, and a run makes it again', async () => {
    await voxreel(dir, 'run', 'study.yaml');
    expect((await voxreel(dir, 'cache', 'gc', '--older-than', '30d')).stdout).toContain('0 results removed');
    await age(40);
    const [key = ''] = /^[0-9a-f]{12}/m.exec((await voxreel(dir, 'cache', 'ls')).stdout)!;
    expect((await voxreel(dir, 'cache', 'gc', '--older-than', '30d', '--dry-run')).stdout).toContain(
      '3 results would be removed',
    );
    expect((await voxreel(dir, 'cache', 'gc', '--older-than', '30d')).stdout).toContain('3 results removed');
    const why = await voxreel(dir, 'cache', 'why', key);
    expect(why.stderr).toMatch(/there is no result `[0-9a-f]{12}`; gc removed it, \d{4}-/);
    const plan = await voxreel(dir, 'plan', 'study.yaml');
    expect(plan.stdout).toMatch(/first +runs +its result is no longer in the cache \(removed by gc, \d{4}-/);
    expect((await voxreel(dir, 'run', 'study.yaml')).stdout).toContain('3 steps ran, 0 cached');
  });

  it('gc wants units', async () => {
    const { code, stderr } = await voxreel(dir, 'cache', 'gc', '--max-size', '50');
    expect(code).toBe(2);
    expect(stderr).toContain('such as 50GB');
  });

  it('verify finds a damaged file, sets it aside and ends with 1; the next run makes it again', async () => {
    await voxreel(dir, 'run', 'study.yaml');
    expect(await voxreel(dir, 'cache', 'verify')).toMatchObject({ code: 0 });
    const [blob] = await filesBelow(below('blobs'));
    await chmod(below('blobs', blob!), 0o644);
    await writeFile(below('blobs', blob!), 'xxxxx');
    // Bits that rot leave the time as it was, so only reading finds them.
    await utimes(below('blobs', blob!), new Date(0), new Date(0));
    const { code, stdout } = await voxreel(dir, 'cache', 'verify');
    expect(code).toBe(1);
    expect(stdout).toContain('1 of 3 results damaged and set aside');
    expect(await readdir(below('quarantine'))).toHaveLength(1);
    expect((await voxreel(dir, 'run', 'study.yaml')).stdout).toMatch(/1 step ran, 2 cached/);
    expect(await voxreel(dir, 'cache', 'verify')).toMatchObject({ code: 0 });
  });

  it('push and pull want to know of a remote', async () => {
    await voxreel(dir, 'run', 'study.yaml');
    for (const args of [['push'], ['pull', 'study.yaml']]) {
      const { code, stderr } = await voxreel(dir, 'cache', ...args);
      expect(code).toBe(2);
      expect(stderr).toContain('no remote cache is named');
    }
  });
});

describeNginx('voxreel cache with a web server', () => {
  it('push gives everything once; pull fetches it without running; run uses it on its own', async () => {
    const nginx = await startNginx(await newFolder('nginx'));
    try {
      await voxreel(dir, 'run', 'study.yaml');
      const push = () => voxreel(dir, 'cache', 'push', '--remote', nginx.url);
      expect((await push()).stdout).toContain('3 results given, 0 were there.');
      expect((await push()).stdout).toContain('0 results given, 3 were there.');

      await rm(below(), { recursive: true });
      const pull = await voxreel(dir, 'cache', 'pull', 'study.yaml', '--remote', nginx.url);
      expect(pull.code).toBe(0);
      expect(pull.stdout).toContain('3 results fetched, 0 were here, 0 are not there.');
      expect((await voxreel(dir, 'run', 'study.yaml')).stdout).toContain('Everything was cached: 3 steps');
      const other = await voxreel(dir, 'cache', 'pull', 'study.yaml', '--set', 'word=new', '--remote', nginx.url);
      expect(other.stdout).toContain('0 results fetched, 1 were here, 2 are not there.');

      await rm(below(), { recursive: true });
      const run = await voxreel(dir, 'run', 'study.yaml', '--remote', nginx.url, '--remote-read-only');
      expect(run.stdout).toContain('Everything was cached: 3 steps, nothing to run');
      expect(run.stdout).toContain('3 fetched');
    } finally {
      await nginx.stop();
    }
  });

  it('that is down is told at the end of a run that goes well', async () => {
    const { code, stdout } = await voxreel(dir, 'run', 'study.yaml', '--remote', 'http://127.0.0.1:9');
    expect(code).toBe(0);
    expect(stdout).toContain(
      'note    remote cache: 127.0.0.1:9 refused the connection; it is not asked again in this run',
    );
    const push = await voxreel(dir, 'cache', 'push', '--remote', 'http://127.0.0.1:9');
    expect(push.code).toBe(1);
    expect(push.stderr).toContain('refused the connection');
  });
});
