import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startVoxreel } from './support/process.js';
import { writeStudy } from './support/study.js';

let dir: string;
beforeEach(async () => {
  dir = await writeStudy();
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const edit = async (file: string, from: string, to: string) => {
  const text = await readFile(path.join(dir, file), 'utf8');
  expect(text).toContain(from);
  await writeFile(path.join(dir, file), text.replace(from, to));
};

describe('voxreel run --watch', () => {
  it('runs again when the file, an own step or an input changes, outlives a mistake, and ends on Ctrl-C', async () => {
    await writeFile(path.join(dir, 'text.txt'), 'from a file');
    await edit(
      'study.yaml',
      'steps:',
      'inputs: { text: { type: file, path: text.txt } }\nsteps:\n  third: { uses: ./second.mjs, in: { text: inputs.text } }',
    );
    const { process: child, ended } = startVoxreel(dir, ['run', 'study.yaml', '--watch']);
    let stdout = '';
    let stderr = '';
    child.stdout!.on('data', (text) => {
      stdout += text;
    });
    child.stderr!.on('data', (text) => {
      stderr += text;
    });
    const rounds = () => stderr.split('Watching').length - 1;
    const round = async (wanted: number) => {
      while (rounds() < wanted) await new Promise((resolve) => setTimeout(resolve, 50));
      const [text, messages] = [stdout, stderr];
      stdout = '';
      return { stdout: text, stderr: messages };
    };
    expect((await round(1)).stdout).toContain('4 steps ran, 0 cached');

    await edit('study.yaml', 'word: hello', 'word: other');
    const second = await round(2);
    expect(second.stderr).toContain('Changed: study.yaml');
    expect(second.stdout).toContain('2 steps ran, 2 cached');

    await writeFile(path.join(dir, 'text.txt'), 'another text');
    expect((await round(3)).stdout).toContain('1 step ran, 3 cached');

    await edit('study.yaml', 'steps.first', 'steps.frist');
    const broken = await round(4);
    expect(broken.stderr).toContain('Did you mean `first`?');
    expect(broken.stdout).toBe('');
    // The input is not known any more; it has not changed.
    expect(broken.stderr).toMatch(/^Changed: study\.yaml$/m);

    await edit('study.yaml', 'steps.frist', 'steps.first');
    const mended = await round(5);
    expect(mended.stdout).toContain('Everything was cached: 4 steps');
    expect(mended.stderr).toMatch(/^Changed: study\.yaml$/m);

    await writeFile(path.join(dir, 'other.txt'), 'another file');
    await edit('study.yaml', 'path: text.txt', 'path: other.txt');
    expect((await round(6)).stderr).toMatch(/^Changed: study\.yaml, text\.txt, other\.txt$/m);

    await edit('second.mjs', 'toUpperCase', 'toLowerCase');
    const own = await round(7);
    expect(own.stderr).toContain('Changed: second.mjs');
    expect(own.stdout).toContain('2 steps ran, 2 cached');

    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
  });
});
