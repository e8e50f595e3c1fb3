import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { voxreel } from './support/process.js';
import { writeStudy } from './support/study.js';

let dir: string;
beforeEach(async () => {
  dir = await writeStudy();
  await give('1.2345');
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** What both steps of the study repeat. */
async function give(number: string): Promise<void> {
  const file = path.join(dir, 'first.mjs');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(/writeFile\(file, .*\);/, `writeFile(file, 't ${number}');`));
}

const verify = (...options: string[]) => voxreel(dir, 'verify', 'study.yaml', ...options);

describe('--tolerance', () => {
  it('lets pass what is nearer, everywhere or in the outputs and steps that it names', async () => {
    await voxreel(dir, 'lock', 'study.yaml');
    // A relative difference of 8e-5; a sketch of one number is exact.
    await give('1.2346');
    expect((await verify()).code).toBe(1);
    expect((await verify('--tolerance', '1e-4')).code).toBe(0);
    expect((await verify('--tolerance', '5e-5')).code).toBe(1);
    const output = await verify('--tolerance', 'text=1e-4');
    expect(output.code).toBe(1);
    expect(output.stdout).toMatch(/^text +within tolerance +file off by 8\.1e-5 of 1\.0e-4 allowed/m);
    expect(output.stdout).toContain(
      '0 of 1 output beyond tolerance, and 2 results on the way: quick.text, first.text.',
    );
    const all = ['text=1e-4', 'first=1e-4', 'quick=1e-4'].flatMap((one) => ['--tolerance', one]);
    expect((await verify(...all)).code).toBe(0);
    expect((await verify('--tolerance', '1e-4', '--tolerance', 'first=1e-5')).stdout).toContain('1 result on the way');
  });

  it('is kept in the lock file, also when that is written again, until another is asked for', async () => {
    const first = await voxreel(dir, 'lock', 'study.yaml', '--tolerance', '1e-4');
    expect(first.stdout).toContain('Tolerances of their own: 3 contents');
    expect((await voxreel(dir, 'lock', 'study.yaml')).stdout).toContain('Tolerances of their own: 3 contents');
    await give('1.2346');
    expect((await verify()).code).toBe(0);
    expect((await verify('--tolerance', '1e-6')).code).toBe(1);
    await give('1.2345');
    await voxreel(dir, 'lock', 'study.yaml', '--tolerance', 'first=2e-5');
    const { results } = JSON.parse(await readFile(path.join(dir, 'study.lock.json'), 'utf8'));
    expect(results['first.text'].contents.file.tolerance).toEqual({ relative: 2e-5, flipped: 1e-3 });
    expect(results['second.text'].contents.file.tolerance).toEqual({ relative: 1e-4, flipped: 1e-3 });
  });

  it('refuses what is no tolerance and names that the file does not have', async () => {
    await voxreel(dir, 'lock', 'study.yaml');
    for (const value of ['0', '-1', 'NaN', 'much', 'text=']) {
      const { code, stderr } = await verify('--tolerance', value);
      expect(code, value).toBe(2);
      expect(stderr).toContain('is no tolerance');
    }
    const wrong = await voxreel(dir, 'lock', 'study.yaml', '--tolerance', 'txet=1e-3');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('there is no output and no step `txet`');
    expect(wrong.stderr).toContain('Did you mean `text`?');
  });
});
