import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { voxreel } from './support/process.js';
import { writeStudy } from './support/study.js';

let dir: string;
beforeEach(async () => {
  dir = await writeStudy();
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const at = (file: string) => path.join(dir, file);
const edit = async (file: string, from: string, to: string) =>
  writeFile(at(file), (await readFile(at(file), 'utf8')).replace(from, to));

describe('voxreel verify', () => {
  it('finds a study that nobody touched identical, recomputed and from the cache', async () => {
    const lock = await voxreel(dir, 'lock', 'study.yaml');
    expect(lock).toMatchObject({ code: 0 });
    expect(lock.stdout).toContain('Locked: study.lock.json (3 results');
    const verify = await voxreel(dir, 'verify', 'study.yaml');
    expect(verify.code).toBe(0);
    expect(verify.stdout).toContain('3 steps ran, 0 cached');
    expect(verify.stdout).toContain('All 1 output as locked: 1 identical, 0 within tolerance.');
    const cached = await voxreel(dir, 'verify', 'study.yaml', '--cached');
    expect(cached.code).toBe(0);
    expect(cached.stdout).toContain('nothing to run');
    const twice = JSON.parse((await voxreel(dir, 'verify', 'study.yaml', '--twice', '--json')).stdout);
    expect(twice).toMatchObject({ verdict: 'identical', unstable: [] });
  });

  it('tells that the numbers changed though the workflow file did not, and which step did it', async () => {
    await voxreel(dir, 'lock', 'study.yaml');
    // The author of the step forgot to raise its version.
    await edit('first.mjs', 'writeFile(file, params.word)', "writeFile(file, params.word + '!')");
    const verify = await voxreel(dir, 'verify', 'study.yaml', '--junit', 'junit.xml', '--summary', 'summary.md');
    expect(verify.code).toBe(1);
    expect(verify.stdout).toMatch(/^text +DIFFERENT .*first: first\.text$/m);
    expect(verify.stdout).toContain('THE NUMBERS CHANGED, the workflow file and the inputs did not');
    const junit = await readFile(at('junit.xml'), 'utf8');
    expect(junit).toContain('tests="3" failures="1"');
    expect(junit).toMatch(/<testcase classname="tiny default" name="text">\s*<failure message="DIFFERENT /);
    expect(await readFile(at('summary.md'), 'utf8')).toMatch(/^\| text \| DIFFERENT \| .*first: first\.text \|$/m);
  });

  it('tells that the workflow file changed, with and without data', async () => {
    await voxreel(dir, 'lock', 'study.yaml');
    await edit('study.yaml', 'word: hello', 'word: hullo');
    const verify = await voxreel(dir, 'verify', 'study.yaml');
    expect(verify.code).toBe(3);
    expect(verify.stdout).toContain('params.word: "hello" -> "hullo"');
    expect(verify.stdout).toContain('The workflow file is not the locked one; 1 of 1 output beyond tolerance.');
    const fixed = await voxreel(dir, 'verify', 'study.yaml', '--static');
    expect(fixed.code).toBe(3);
    expect(fixed.stdout).toContain('steps.first.with.word: "hello" -> "hullo"');
    await edit('study.yaml', 'word: hullo', 'word: hello');
    await edit('study.yaml', 'steps:', '# only a remark\nsteps:');
    expect((await voxreel(dir, 'verify', 'study.yaml', '--static')).code).toBe(0);
  });

  it('takes rounding of numbers for what it is', async () => {
    await edit('first.mjs', 'writeFile(file, params.word)', "writeFile(file, 't 1.234567890123')");
    await voxreel(dir, 'lock', 'study.yaml');
    await edit('first.mjs', '1.234567890123', '1.234567890124');
    const verify = JSON.parse((await voxreel(dir, 'verify', 'study.yaml', '--json')).stdout);
    expect(verify.verdict).toBe('within');
    const [output] = verify.values.outputs;
    // A relative difference of 1e-12 / 1.23: eight random signs of one number give it exactly, to ten digits of the fingerprint.
    expect(output.contents[0].distance.relative).toBeLessThan(1e-8);
    await edit('first.mjs', '1.234567890124', '1.235');
    expect(JSON.parse((await voxreel(dir, 'verify', 'study.yaml', '--json')).stdout).verdict).toBe('different');
  });

  it('finds with --twice a step that is not deterministic', async () => {
    await voxreel(dir, 'lock', 'study.yaml');
    await edit('first.mjs', 'writeFile(file, params.word)', 'writeFile(file, params.word + process.hrtime.bigint())');
    const verify = await voxreel(dir, 'verify', 'study.yaml', '--twice', '--json');
    const { unstable, verdict } = JSON.parse(verify.stdout);
    expect({ unstable, verdict, code: verify.code }).toEqual({
      unstable: ['quick.text', 'first.text'],
      verdict: 'different',
      code: 1,
    });
  });

  it('has a lock file for each experiment', async () => {
    await voxreel(dir, 'lock', 'study.yaml', '--experiment', 'shout');
    expect(JSON.parse(await readFile(at('study.shout.lock.json'), 'utf8')).definition.params.word).toBe('hey');
    expect((await voxreel(dir, 'verify', 'study.yaml', '--experiment', 'shout', '--cached')).code).toBe(0);
    const wrong = await voxreel(dir, 'verify', 'study.yaml');
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toContain('there is no lock file');
  });

  it('says what is wrong with a lock file', async () => {
    await voxreel(dir, 'lock', 'study.yaml');
    const text = await readFile(at('study.lock.json'), 'utf8');
    await writeFile(at('study.lock.json'), `<<<<<<< ours\n${text}`);
    expect((await voxreel(dir, 'verify', 'study.yaml')).stderr).toContain('both sides of a merge conflict');
    await writeFile(at('study.lock.json'), text.replace('"format": 1', '"format": 99'));
    const { code, stderr } = await voxreel(dir, 'verify', 'study.yaml');
    expect(code).toBe(2);
    expect(stderr).toContain('format 99');
  });
});

describe('voxreel lock', () => {
  it('names its results to the cache, which then keeps them', async () => {
    await voxreel(dir, 'lock', 'study.yaml');
    const [name] = await readdir(at('.voxreel/roots'));
    const root = JSON.parse(await readFile(at(`.voxreel/roots/${name}`), 'utf8'));
    expect(root.file).toBe(at('study.lock.json'));
    expect(root.keys).toHaveLength(3);
  });

  it('writes nothing when a step fails', async () => {
    const { code } = await voxreel(dir, 'lock', 'study.yaml', '--set', 'fail=true');
    expect(code).toBe(1);
    await expect(readFile(at('study.lock.json'))).rejects.toThrow('ENOENT');
  });
});
