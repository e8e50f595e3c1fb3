import { expect, it } from 'vitest';
import { reasonText, reasonTexts } from '../../engine/reason-text.js';

it('says in words why a step runs', () => {
  expect(reasonText({ kind: 'param-changed', name: 'model', before: 'spm', after: 'glover' })).toBe(
    'model: "spm" -> "glover"',
  );
  expect(reasonText({ kind: 'input-changed', port: 'fits', origin: 'sub-09', change: 'added' })).toBe(
    'fits added (sub-09)',
  );
  const tool = (name: string, before: string, after: string) =>
    reasonText({ kind: 'tool-changed', tool: name, before, after });
  expect(tool('ffmpeg', '5.1', '6.0')).toBe('ffmpeg changed: 5.1 -> 6.0');
  expect(tool('R', 'R\nversion 4.3\nGPL', 'R\nversion 4.4\nGPL')).toBe('R changed: version 4.3 -> version 4.4');
  expect(tool('R', 'R', 'R\nversion 4.4')).toBe('R changed: nothing -> version 4.4');
  expect(tool('step file', 'ab'.repeat(32), 'cd'.repeat(32))).toBe('step file changed: abababababab -> cdcdcdcdcdcd');
  expect(reasonText({ kind: 'upstream', instances: ['a'] })).toBe('if a gives another result');
  expect(reasonText({ kind: 'upstream', instances: ['a', 'b', 'c', 'd', 'e'] })).toBe(
    'if a, b or 3 more give another result',
  );
  expect(reasonText({ kind: 'collected', when: '2026-11-23T14:02:00' })).toBe(
    'its result is no longer in the cache (removed by gc, 2026-11-23 14:02)',
  );
  const edited = { path: '/study/bold/a.nii', modified: '2026-11-23T14:02:00' };
  const input = { kind: 'input-changed', port: 'bold', origin: '/study/bold/a.nii', change: 'changed' } as const;
  expect(reasonText({ ...input, files: [edited], since: '2026-11-20T09:00:00' }, '/study')).toBe(
    'bold changed (bold/a.nii, edited 2026-11-23 14:02; last result 2026-11-20 09:00)',
  );
  expect(reasonText({ ...input, facts: [{ name: 'tr', before: 2, after: 1.5 }] })).toBe('bold changed (tr: 2 -> 1.5)');
  expect(reasonText(input, '/study')).toBe('bold changed (bold/a.nii)');
});

it('says what members of a list have in common once', () => {
  const changed = (port: string, item: string) =>
    ({ kind: 'input-changed', port, label: item, origin: `steps.fit[${item}]`, change: 'changed' }) as const;
  const fits = ['sub-01', 'sub-02', 'sub-03', 'sub-04'].map((item) => changed('fits', item));
  const version = { kind: 'step-version', before: 1, after: 2 } as const;
  expect(reasonTexts([version, ...fits, changed('others', 'sub-01')])).toEqual([
    'the step itself changed (version 1 -> 2)',
    'fits changed (steps.fit[sub-01], steps.fit[sub-02] and 2 more)',
    'others changed (steps.fit[sub-01])',
  ]);
});
