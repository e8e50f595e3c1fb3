import { access, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { root } from '../support/shared.js';
import { voxreel } from './support/process.js';
import { writeStudy } from './support/study.js';

type Job = { steps?: { run?: string }[]; script?: string[] };

const page = await readFile(path.join(root, 'docs', 'ci.md'), 'utf8');
const files = [...page.matchAll(/^```yaml\n# (\S+)\n([\s\S]*?)^```$/gm)].map(([, name, text]) => {
  const { jobs, ...rest } = parse(text!) as { jobs?: Record<string, Job> } & Record<string, Job>;
  const commands = Object.values(jobs ?? rest).flatMap(
    ({ steps, script }) => script ?? steps?.flatMap(({ run }) => run ?? []) ?? [],
  );
  return { name: name!, commands: commands.filter((command) => command !== 'npm ci') };
});

/** `npx voxreel …` as a runner would split it: no quotes on the page. */
const run = (dir: string, command: string) => {
  const [npx, name, ...args] = command.split(' ');
  expect([npx, name]).toEqual(['npx', 'voxreel']);
  return voxreel(dir, ...args);
};

describe('the jobs of docs/ci.md', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await writeStudy();
    expect((await voxreel(dir, 'fmt', 'study.yaml')).code).toBe(0);
    expect((await voxreel(dir, 'lock', 'study.yaml')).code).toBe(0);
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('are for both services', () => {
    expect(files.map(({ name }) => name)).toEqual(['.github/workflows/study.yml', '.gitlab-ci.yml']);
    for (const { commands } of files) expect(commands).toHaveLength(5);
  });

  it.each(files)('$name: every command passes on a locked study', async ({ commands }) => {
    for (const command of commands) expect(await run(dir, command), command).toMatchObject({ code: 0 });
    await access(path.join(dir, 'verify.xml'));
  });

  it.each(files)('$name: a study that was changed and not locked again fails in both tiers', async ({ commands }) => {
    const file = path.join(dir, 'study.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('word: hello', 'word: hullo'));
    const codes = await Promise.all(
      commands.filter((command) => command.includes(' verify ')).map(async (command) => (await run(dir, command)).code),
    );
    expect(codes).toEqual([3, 3]);
  });
});
