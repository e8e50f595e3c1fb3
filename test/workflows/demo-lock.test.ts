import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { voxreel } from '../cli/support/process.js';
import { root } from '../support/shared.js';

const lock = path.join(root, 'workflows', 'demo.lock.json');

/** Whether its numbers still hold is for `.ci/run`, which recomputes them. */
describe('the lock file of the demo', () => {
  test('is that of workflows/demo.yaml', async () => {
    const { code, stdout } = await voxreel(root, 'verify', 'workflows/demo.yaml', '--static');
    expect(stdout).toContain('Workflow file and lock file agree.');
    expect(code).toBe(0);
  });

  test('names no folder of the machine that made it, and fits a review', async () => {
    const text = await readFile(lock, 'utf8');
    expect(text).not.toMatch(/"(file:|[A-Za-z]:\\|\/|~)/);
    expect(text).not.toContain(root);
    const { inputs, results } = JSON.parse(text);
    const values = [...Object.values(inputs), ...Object.values(results)] as { contents: object }[];
    const contents = values.reduce((sum, one) => sum + Object.keys(one.contents).length, 0);
    // One line for each content, up to six for the braces, type, digest and key of each value, and the definition.
    expect(text.split('\n').length).toBeLessThan(contents + 7 * values.length + 150);
  });
});
