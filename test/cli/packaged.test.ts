import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stepIndex, stepPage } from '../../cli/step-page.js';
import { registry } from '../../steps/registry.js';
import { root } from '../support/shared.js';
import { voxreel } from './support/process.js';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'voxreel-init-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe('voxreel init', () => {
  it.each(['sohn-2024', 'own-regressors'])(
    'writes a %s file that validates, and never replaces it',
    async (template) => {
      const file = `${template}/study.yaml`;
      const first = await voxreel(dir, 'init', file, '--template', template);
      expect(first).toMatchObject({ code: 0, stderr: '' });
      const validated = await voxreel(dir, 'validate', file, '--no-inputs');
      expect(validated).toMatchObject({ code: 0, stderr: '' });
      const text = await readFile(path.join(dir, file), 'utf8');
      const again = await voxreel(dir, 'init', file);
      expect(again.code).toBe(2);
      expect(again.stderr).toContain('left as it is');
      expect(await readFile(path.join(dir, file), 'utf8')).toBe(text);
    },
  );

  it('says which files are missing when the study is validated with its inputs', async () => {
    await voxreel(dir, 'init', 'missing.yaml', '--template', 'own-regressors');
    const { code, stderr } = await voxreel(dir, 'validate', 'missing.yaml');
    expect(code).toBe(2);
    expect(stderr).toContain('series.tsv');
    expect(stderr).toContain('derivatives/fmriprep');
  });
});

describe('what is generated from the declarations', () => {
  it.each([...registry.steps.values()].map((step) => [step.name, step] as const))(
    'docs/steps/%s.md is up to date (npm run docs writes it)',
    async (name, step) => {
      expect(await readFile(path.join(root, 'docs', 'steps', `${name}.md`), 'utf8')).toBe(stepPage(step));
    },
  );

  it('has a page for every step type and no other', async () => {
    const pages = (await readdir(path.join(root, 'docs', 'steps'))).sort();
    expect(pages).toEqual(['README', ...registry.steps.keys()].map((name) => `${name}.md`).sort());
    const list = await readFile(path.join(root, 'docs', 'steps', 'README.md'), 'utf8');
    expect(list).toBe(stepIndex([...registry.steps.values()]));
  });

  it('voxreel steps lists all, explains one, and suggests a name', async () => {
    const list = await voxreel(dir, 'steps');
    for (const name of registry.steps.keys()) expect(list.stdout).toMatch(new RegExp(`^${name} +\\S`, 'm'));
    const one = await voxreel(dir, 'steps', 'decode');
    expect(one.stdout).toContain('## Parameters');
    const wrong = await voxreel(dir, 'steps', 'decod');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('Did you mean `decode`?');
  });
});
