import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startVoxreel, voxreel } from './support/process.js';
import { writeStudy } from './support/study.js';

let dir: string;
beforeEach(async () => {
  dir = await writeStudy();
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const events = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; [key: string]: unknown });

describe('voxreel run', () => {
  it('runs, publishes and ends with 0; the second time everything is cached', async () => {
    const first = await voxreel(dir, 'run', 'study.yaml');
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toContain('3 steps ran, 0 cached');
    expect(first.stdout).toContain('note    first: wrote hello');
    const results = path.join(dir, 'results', 'tiny', 'default');
    expect(first.stdout).toContain(results);
    expect(await readdir(results)).not.toHaveLength(0);

    const second = await voxreel(dir, 'run', 'study.yaml');
    expect(second.code).toBe(0);
    expect(second.stdout).toContain('Everything was cached: 3 steps');
    expect(second.stdout).toContain('wrote hello');
  });

  it('ends with 1 when a step fails, and says what does not run', async () => {
    const { code, stdout, stderr } = await voxreel(dir, 'run', 'study.yaml', '--set', 'fail=true', '--keep-going');
    expect(code).toBe(1);
    expect(stderr).toContain('first failed');
    expect(stderr).toContain('told to fail');
    expect(stdout).toContain('1 step ran, 0 cached, 1 failed, 1 not run');
  });

  it('says no more than what failed when nothing was ever published', async () => {
    const { code, stdout, stderr } = await voxreel(dir, 'run', 'study.yaml', '--set', 'fail=true');
    expect(code).toBe(1);
    expect(stderr.match(/fault|Error/g)).toEqual(['Error']);
    expect(stdout).not.toContain('Report');
    expect(await readdir(dir)).not.toContain('results');
  });

  it('ends with 2 before anything runs when the results cannot be written', async () => {
    const { code, stdout, stderr } = await voxreel(dir, 'run', 'study.yaml', '--results', 'first.mjs');
    expect(code).toBe(2);
    expect(stdout).not.toContain('done');
    expect(stderr).toMatch(/first\.mjs: the results folder cannot be made: a file is in its place[\s\S]*--results DIR/);
  });

  it('ends with 2 for a wrong file, with the place and the nearest name', async () => {
    const file = path.join(dir, 'study.yaml');
    await writeFile(file, (await readFile(file, 'utf8')).replace('steps.first', 'steps.frist'));
    const { code, stdout, stderr } = await voxreel(dir, 'run', 'study.yaml');
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/study\.yaml:13:17/);
    expect(stderr).toContain('Did you mean `first`?');
  });

  it('ends with 2 for a file that is not there', async () => {
    const { code, stderr } = await voxreel(dir, 'run', 'nowhere.yaml');
    expect(code).toBe(2);
    expect(stderr).toContain('nowhere.yaml');
  });

  it('prints nothing but events as lines of JSON with --json', async () => {
    const { code, stdout } = await voxreel(dir, 'run', 'study.yaml', '--json');
    expect(code).toBe(0);
    const types = events(stdout).map(({ type }) => type);
    expect(types[0]).toBe('planned');
    expect(types.at(-1)).toBe('ended');
    expect(types.filter((type) => type === 'finished')).toHaveLength(3);
    expect(types).toContain('published');
  });

  it('prints valid lines of JSON when a step fails, and the message on standard error', async () => {
    const { code, stdout, stderr } = await voxreel(dir, 'run', 'study.yaml', '--json', '--set', 'fail=true');
    expect(code).toBe(1);
    expect(events(stdout).find(({ type }) => type === 'failed')).toMatchObject({ instance: 'first' });
    expect(stderr).toContain('told to fail');
  });

  it('takes another value with --set, and keeps the cache where --cache says', async () => {
    const cache = path.join(dir, 'elsewhere');
    await voxreel(dir, 'run', 'study.yaml', '--cache', cache);
    const { stdout } = await voxreel(dir, 'run', 'study.yaml', '--cache', cache, '--set', 'word=other');
    expect(stdout).toContain('word: "hello" -> "other"');
    expect(stdout).toContain('2 steps ran, 1 cached');
    expect(await readdir(dir)).not.toContain('.voxreel');
  });

  it('publishes an experiment into its own folder', async () => {
    const { code } = await voxreel(dir, 'run', 'study.yaml', '--experiment', 'shout', '--results', 'out');
    expect(code).toBe(0);
    expect(await readdir(path.join(dir, 'out', 'tiny'))).toEqual(['shout']);
  });

  it('stops within 2 s on Ctrl-C with 130, leaves nothing half-written, and goes on from there', async () => {
    const { process: child, ended } = startVoxreel(dir, ['run', 'study.yaml', '--set', 'wait=30']);
    await until(() => recordsOf(dir), 1);
    const sent = performance.now();
    child.kill('SIGINT');
    const { code, stdout, stderr } = await ended;
    expect((performance.now() - sent) / 1000).toBeLessThan(2);
    expect(code).toBe(130);
    expect(stderr).toContain('Stopping. What is finished is kept, and the same command goes on from there.');
    expect(stdout).toContain('Interrupted: 1 step ran');
    expect(await recordsOf(dir)).toBe(1);
    expect(await readdir(path.join(dir, '.voxreel', 'tmp'))).toEqual([]);

    const resumed = await voxreel(dir, 'run', 'study.yaml');
    expect(resumed.code).toBe(0);
    expect(resumed.stdout).toContain('2 steps ran, 1 cached');
  });

  it('ends at once on a second Ctrl-C', async () => {
    await writeFile(path.join(dir, 'first.mjs'), DEAF);
    const { process: child, ended } = startVoxreel(dir, ['run', 'study.yaml', '--set', 'wait=30']);
    await new Promise<void>((resolve) => child.stdout!.once('data', () => resolve()));
    child.kill('SIGINT');
    await new Promise<void>((resolve) => child.stderr!.once('data', () => resolve()));
    const sent = performance.now();
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
    expect(performance.now() - sent).toBeLessThan(1000);
  });

  it('goes on when the reader of its output has gone', async () => {
    const { process: child, ended } = startVoxreel(dir, ['run', 'study.yaml', '--json']);
    child.stdout!.destroy();
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
    expect(await recordsOf(dir)).toBe(3);
  });
});

describe('voxreel plan', () => {
  it('says what would run and why, and runs nothing', async () => {
    const before = await voxreel(dir, 'plan', 'study.yaml');
    expect(before.code).toBe(0);
    expect(before.stdout).toMatch(/first +runs +first time/);
    await voxreel(dir, 'run', 'study.yaml');
    const changed = await voxreel(dir, 'plan', 'study.yaml', '--set', 'word=other');
    expect(changed.stdout).toMatch(/quick +cached/);
    expect(changed.stdout).toMatch(/first +runs +word: "hello" -> "other"/);
    expect(changed.stdout).toMatch(/second +may run +if first gives another result/);
    const after = await voxreel(dir, 'plan', 'study.yaml');
    expect(after.stdout).toContain('Nothing to run: all 3 steps are cached.');
  });

  it('prints one line of JSON for each step with --json', async () => {
    const { stdout } = await voxreel(dir, 'plan', 'study.yaml', '--json');
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).state)).toEqual(['run', 'run', 'run']);
  });
});

describe('the command line', () => {
  it('ends with 2 for an unknown option, and suggests the nearest', async () => {
    const { code, stderr } = await voxreel(dir, 'run', 'study.yaml', '--keep-goin');
    expect(code).toBe(2);
    expect(stderr).toContain('Did you mean --keep-going?');
  });

  it('ends with 2 for an unknown command and a missing argument', async () => {
    expect((await voxreel(dir, 'rnu')).code).toBe(2);
    expect((await voxreel(dir, 'run')).code).toBe(2);
    expect((await voxreel(dir, 'run', 'study.yaml', '--jobs', 'many')).code).toBe(2);
  });

  it('shows help and version with 0', async () => {
    const help = await voxreel(dir, '--help');
    expect(help.code).toBe(0);
    for (const command of ['run', 'plan', 'validate', 'graph', 'steps', 'init', 'demo', 'schema', 'cache']) {
      expect(help.stdout).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'));
    }
    expect((await voxreel(dir, '--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('voxreel validate, graph and cache', () => {
  it('says that a valid file is valid', async () => {
    const { code, stdout } = await voxreel(dir, 'validate', 'study.yaml');
    expect(code).toBe(0);
    expect(stdout).toContain('study.yaml is valid: 3 steps');
  });

  it('reports every problem of a file in one go', async () => {
    await writeFile(
      path.join(dir, 'bad.yaml'),
      'voxreel: 1\nname: bad\nsteps:\n  a: { uses: nothing }\n  b: { uses: ./first.mjs, with: { wrod: x } }\n',
    );
    const { code, stderr } = await voxreel(dir, 'validate', 'bad.yaml');
    expect(code).toBe(2);
    expect(stderr).toContain('bad.yaml:4');
    expect(stderr).toContain('bad.yaml:5');
    expect(stderr).toContain('2 problems.');
  });

  it('checks the values of every experiment, each fault once', async () => {
    const file = path.join(dir, 'study.yaml');
    const text = (await readFile(file, 'utf8')).replace(
      'word: hey }',
      'word: hey, wait: long }\n  fast: { wait: never }',
    );
    await writeFile(file, text);
    const { code, stderr } = await voxreel(dir, 'validate', 'study.yaml');
    expect(code).toBe(2);
    expect(stderr).toContain('"long" (from `experiments.shout`)');
    expect(stderr).toContain('"never" (from `experiments.fast`)');
    expect(stderr).toContain('2 problems.');
    expect((await voxreel(dir, 'run', 'study.yaml')).code).toBe(0);
  });

  it('notes a parameter that nothing uses', async () => {
    const file = path.join(dir, 'study.yaml');
    await writeFile(file, (await readFile(file, 'utf8')).replace('wait: 0', 'wait: 0, wrod: x'));
    const { code, stdout } = await voxreel(dir, 'validate', 'study.yaml');
    expect(code).toBe(0);
    expect(stdout).toContain('warning  params.wrod: nothing uses it');
    expect(stdout).not.toContain('params.word');
  });

  it.each([
    ['graph', 'study.yaml', '--out', 'nowhere/study.svg'],
    ['schema', '--out', '.'],
    ['steps', '--write', 'study.yaml'],
  ])('ends with 2 when a file cannot be written (%s)', async (...args) => {
    const { code, stderr } = await voxreel(dir, ...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(/: this cannot be written: /);
    expect(stderr).not.toContain('fault');
  });

  it('draws Mermaid and SVG', async () => {
    const mermaid = await voxreel(dir, 'graph', 'study.yaml');
    expect(mermaid.stdout).toContain('flowchart TD');
    const svg = await voxreel(dir, 'graph', 'study.yaml', '--format', 'svg', '--out', 'study.svg');
    expect(svg.code).toBe(0);
    expect(await readFile(path.join(dir, 'study.svg'), 'utf8')).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
  });

  it('says what the cache holds', async () => {
    expect((await voxreel(dir, 'cache', 'status')).code).toBe(2);
    await voxreel(dir, 'run', 'study.yaml');
    const { code, stdout } = await voxreel(dir, 'cache', 'status');
    expect(code).toBe(0);
    expect(stdout).toMatch(/results +3/);
  });
});

/** A step that does not listen to the signal. */
const DEAF = `
export default {
  version: 1,
  inputs: {},
  outputs: { text: { type: 'file', description: 'never' } },
  params: { type: 'object', properties: {
    word: { type: 'string', default: '' }, wait: { type: 'number', default: 0 }, fail: { type: 'boolean', default: false },
  } },
  run: () => new Promise((resolve) => setTimeout(resolve, 60_000)),
};
`;

async function recordsOf(study: string): Promise<number> {
  const records = path.join(study, '.voxreel', 'records');
  const files = await readdir(records, { recursive: true, withFileTypes: true }).catch(() => []);
  return files.filter((file) => file.isFile()).length;
}

async function until(measure: () => Promise<number>, value: number): Promise<void> {
  while ((await measure()) < value) await new Promise((resolve) => setTimeout(resolve, 50));
}

describe('all experiments', () => {
  it('are planned and run together, with a line and a folder for each', async () => {
    const plan = await voxreel(dir, 'plan', 'study.yaml', '--all-experiments');
    expect(plan).toMatchObject({ code: 0, stderr: '' });
    expect(plan.stdout).toMatch(/^shout +2 +1$/m);
    const run = await voxreel(dir, 'run', 'study.yaml', '--all-experiments');
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toContain('Done: 5 steps ran');
    expect(run.stdout).toMatch(/^default +3 +0 +results\/tiny\/default$/m);
    expect(run.stdout).toMatch(/^shout +2 +1 +results\/tiny\/shout$/m);
    expect(await readFile(path.join(dir, 'results/tiny/shout/report.html'), 'utf8')).toContain('experiment shout');
    const one = await voxreel(dir, 'run', 'study.yaml', '--experiment', 'shout');
    expect(one.stdout).toContain('Everything was cached: 3 steps');
    const both = await voxreel(dir, 'run', 'study.yaml', '--experiment', 'shout', '--all-experiments');
    expect(both.code).toBe(2);
  });

  it('run nothing when one of them is wrong, and say where', async () => {
    const file = path.join(dir, 'study.yaml');
    await writeFile(file, (await readFile(file, 'utf8')).replace('word: hey', 'wait: soon'));
    const { code, stderr } = await voxreel(dir, 'run', 'study.yaml', '--all-experiments');
    expect(code).toBe(2);
    expect(stderr).toContain('study.yaml:16:18');
    expect(await readdir(dir)).not.toContain('results');
  });
});
