import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { stepIndex, stepPage } from '../../cli/step-page.js';
import { registry } from '../../steps/registry.js';
import { root } from '../support/shared.js';
import { voxreel } from './support/process.js';

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
    const list = await voxreel(root, 'steps');
    for (const name of registry.steps.keys()) expect(list.stdout).toMatch(new RegExp(`^${name} +\\S`, 'm'));
    const one = await voxreel(root, 'steps', 'decode');
    expect(one.stdout).toContain('## Parameters');
    const wrong = await voxreel(root, 'steps', 'decod');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('Did you mean `decode`?');
  });
});
