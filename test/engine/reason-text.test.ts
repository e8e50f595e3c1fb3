import { expect, it } from 'vitest';
import { reasonText } from '../../engine/reason-text.js';

it('says in words why a step runs', () => {
  expect(reasonText({ kind: 'param-changed', name: 'model', before: 'spm', after: 'glover' })).toBe(
    'model: "spm" -> "glover"',
  );
  expect(reasonText({ kind: 'input-changed', port: 'fits', origin: 'sub-09', change: 'added' })).toBe(
    'fits added (sub-09)',
  );
  expect(reasonText({ kind: 'tool-changed', tool: 'ffmpeg', before: '5.1', after: '6.0' })).toBe('ffmpeg 5.1 -> 6.0');
  expect(reasonText({ kind: 'upstream', instances: ['a'] })).toBe('if a gives another result');
  expect(reasonText({ kind: 'upstream', instances: ['a', 'b', 'c', 'd', 'e'] })).toBe(
    'if a, b or 3 more give another result',
  );
});
