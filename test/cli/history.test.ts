import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { int16Series, niftiBytes } from '../artifacts/nifti-bytes.js';
import { startVoxreel, voxreel } from './support/process.js';
import { writeStudy } from './support/study.js';

let dir: string;
beforeEach(async () => {
  dir = await writeStudy();
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('voxreel why', () => {
  it('tells the chain of causes of a step that would run, and of one that ran', async () => {
    await voxreel(dir, 'run', 'study.yaml');
    const before = await voxreel(dir, 'why', 'second', '--experiment', 'shout');
    expect(before.code).toBe(0);
    expect(before.stdout).toBe('second may run, because\n  first would run, because\n    word: "hello" -> "hey"\n');
    await voxreel(dir, 'run', 'study.yaml', '--experiment', 'shout');
    const after = await voxreel(dir, 'why', 'study.yaml', 'second', '--experiment', 'shout');
    expect(after.stdout).toMatch(
      /^second is cached: made .*\nIt ran in run [-0-9a-f]+, because\n {2}text changed \(steps\.first\)\n/,
    );
    expect(after.stdout).toContain('    word: "hello" -> "hey"');
  });

  it('takes the subject as people write it', async () => {
    for (const subject of ['02', '10']) {
      const func = path.join(dir, `bids/sub-${subject}/func`);
      await mkdir(func, { recursive: true });
      const image = gzipSync(niftiBytes(int16Series([2, 2, 2, 3])));
      await writeFile(path.join(func, `sub-${subject}_task-x_desc-preproc_bold.nii.gz`), image);
    }
    const yaml = `voxreel: 1
name: people
inputs: { bold: { type: bids, path: bids } }
steps: { smoothed: { uses: smooth, foreach: inputs.bold, in: { image: item.bold } } }
`;
    await writeFile(path.join(dir, 'people.yaml'), yaml);
    for (const subject of ['sub-02', '02', '2']) {
      const { stdout } = await voxreel(dir, 'why', 'people.yaml', 'smoothed', subject);
      expect(stdout).toBe('smoothed[sub-02] would run, because\n  first time\n');
    }
    const { code, stderr } = await voxreel(dir, 'why', 'people.yaml', 'smoothed', '1');
    expect(code).toBe(2);
    expect(stderr).toContain('the step `smoothed` has no item `1`');
  });

  it('names the nearest step, and the files where it cannot know which is meant', async () => {
    const wrong = await voxreel(dir, 'why', 'secnd');
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toContain('Did you mean `second`?');
    const nowhere = await voxreel('/', 'why', 'second');
    expect(nowhere.code).toBe(2);
    expect(nowhere.stderr).toContain('there is no workflow file here');
  });
});

describe('voxreel log and show', () => {
  it('list the runs and show one of them, also as JSON', async () => {
    await voxreel(dir, 'run', 'study.yaml');
    await voxreel(dir, 'run', 'study.yaml', '--set', 'word=other', '--until', 'first');
    await voxreel(dir, 'run', 'study.yaml', '--set', 'fail=true', '--set', 'quick.word=fast');
    const log = await voxreel(dir, 'log');
    expect(log.code).toBe(0);
    const [head, ...lines] = log.stdout.trimEnd().split('\n');
    expect(head).toMatch(/^run +when +study +outcome +took +results +asked for$/);
    expect(lines.map((line) => /1 failed|\d steps? ran|all cached/.exec(line)?.[0])).toEqual([
      '1 failed',
      '1 step ran',
      '3 steps ran',
    ]);
    // Of the parameters those that differ between the runs; `wait` is the same in all.
    expect(lines[0]).toMatch(/word=hello fail=true quick\.word=fast$/);
    expect(lines[1]).toMatch(/word=other fail=false --until first$/);
    expect(lines[2]).toMatch(/ [0-9a-f]{8} +word=hello fail=false$/);

    const [id] = lines[1]!.split(' ');
    const show = await voxreel(dir, 'show', id!);
    expect(show.stdout).toMatch(/first +0\.\d s +word: "hello" -> "other"/);
    const last = JSON.parse((await voxreel(dir, 'show', '--json')).stdout);
    expect(last.failed).toEqual([{ instance: 'first', message: 'told to fail' }]);
    expect(last.facts.params).toEqual({ word: 'hello', wait: 0, fail: true });
  });

  it('tell a run that goes on from one that was killed', async () => {
    const { process: child, ended } = startVoxreel(dir, ['run', 'study.yaml', '--set', 'wait=60']);
    const log = async () => (await voxreel(dir, 'log', '--limit', '1')).stdout;
    await vi.waitFor(async () => expect(await log()).toContain('goes on'), { timeout: 60_000, interval: 200 });
    child.kill('SIGKILL');
    await ended;
    expect(await log()).toContain('was killed');
  });

  it('end with 2 where there is no cache, or no such run', async () => {
    expect((await voxreel(dir, 'log')).stderr).toContain('there is no cache here');
    await voxreel(dir, 'run', 'study.yaml');
    const show = await voxreel(dir, 'show', 'nothing');
    expect(show).toMatchObject({ code: 2, stdout: '' });
    expect(show.stderr).toContain('there is no run `nothing`');
  });
});

describe('voxreel run', () => {
  it('with --explain lists first what will run and why', async () => {
    await voxreel(dir, 'run', 'study.yaml');
    const { stdout } = await voxreel(dir, 'run', 'study.yaml', '--force', 'first', '--explain');
    expect(stdout).toMatch(/^quick +cached\nfirst +runs +asked for\nsecond +may run +if first gives another result\n/);
    expect(stdout).toContain('start   first  (asked for)');
    expect(stdout).toContain('1 step ran, 2 cached');
  });

  it('of a part that publishes nothing leaves the report of the results that are there', async () => {
    await voxreel(dir, 'run', 'study.yaml');
    const report = () => readFile(path.join(dir, 'results/tiny/default/report.html'), 'utf8');
    const before = await report();
    await voxreel(dir, 'run', 'study.yaml', '--set', 'word=other', '--until', 'first');
    expect(await report()).toBe(before);
    await voxreel(dir, 'run', 'study.yaml', '--set', 'word=other', '--until', 'second');
    expect(await report()).not.toBe(before);
  });

  it('ends with 2 for a part that does not exist', async () => {
    const { code, stdout, stderr } = await voxreel(dir, 'run', 'study.yaml', '--until', 'frist');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('--until frist: there is no step `frist`');
    expect(stderr).toContain('Did you mean `first`?');
  });
});
