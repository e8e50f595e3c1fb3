import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { artifactTypes } from '../../artifacts/types.js';
import { root } from '../support/shared.js';

describe('docs/inputs-and-outputs.md', () => {
  it('speaks of every input type with each of its properties, and of every type that can be an output', async () => {
    const text = await readFile(path.join(root, 'docs/inputs-and-outputs.md'), 'utf8');
    const [inputs, outputs] = text.split('\n## Outputs\n') as [string, string];
    const sections = new Map(
      inputs
        .split('\n### ')
        .slice(1)
        .flatMap((section) =>
          section
            .split('\n')[0]!
            .split(', ')
            .map((name) => [name, section] as const),
        ),
    );
    for (const { name, input, publish } of artifactTypes) {
      if (publish) expect(outputs, name).toMatch(new RegExp(`^\\|.*\`${name}\``, 'm'));
      if (!input) continue;
      expect(sections.has(name), name).toBe(true);
      const shown = name === 'regressors' ? sections.get('series')! + sections.get(name) : sections.get(name)!;
      for (const key of Object.keys(input.properties)) expect(shown, `${name}.${key}`).toContain(key);
    }
  });
});
