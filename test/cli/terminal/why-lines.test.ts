import { expect, it } from 'vitest';
import { whyLines } from '../../../cli/terminal/why-lines.js';
import type { Reason } from '../../../engine/events.js';
import type { Why } from '../../../engine/why.js';

const ran = (instance: string, reasons: readonly Reason[], causes: readonly Why[] = []): Why => ({
  instance,
  state: 'ran',
  reasons,
  causes,
});
const changed = (port: string, from: string): Reason => ({
  kind: 'input-changed',
  port,
  origin: `steps.${from}`,
  change: 'changed',
});
const fwhm: Reason = { kind: 'param-changed', name: 'fwhm', before: 8, after: 6 };
const ITEMS = ['[sub-01]', '[sub-02]', '[sub-03]', '[sub-04]', '[sub-05]'];

it('gives items with the same causes one line, and one that has another a line of its own', () => {
  const regressors = ran('regressors', [{ kind: 'param-changed', name: 'model', before: 'spm', after: 'glover' }]);
  const fits = ITEMS.map((item, index) => {
    const smoothed = ran(`smoothed${item}`, index === 2 ? [{ kind: 'first-time' }] : [fwhm]);
    // In a tree everything is told once: where it stands again it has neither reasons nor causes.
    const again = index === 0 ? regressors : ran('regressors', []);
    const reasons = [changed('bold', `smoothed${item}`), changed('regressors', 'regressors')];
    return ran(`fit${item}`, reasons, [smoothed, again]);
  });
  const group = ran(
    'group',
    ITEMS.map((item) => changed('fits', `fit${item}`)),
    fits,
  );
  expect(whyLines(group, '/')).toEqual([
    '  fits changed (steps.fit[sub-01], steps.fit[sub-02] and 3 more)',
    '  fit (4 items) ran, because',
    '    bold changed (steps.smoothed[each])',
    '    regressors changed (steps.regressors)',
    '    smoothed[each] ran, because',
    '      fwhm: 8 -> 6',
    '    regressors ran, because',
    '      model: "spm" -> "glover"',
    '  fit[sub-03] ran, because',
    '    bold changed (steps.smoothed[sub-03])',
    '    regressors changed (steps.regressors)',
    '    smoothed[sub-03] ran, because',
    '      first time',
    '    regressors ran',
  ]);
});

it('counts more than three kinds of causes', () => {
  const causes = ['a', 'b', 'c', 'd', 'e'].map((name) => ran(name, [{ kind: 'first-time' }]));
  expect(whyLines(ran('last', [], causes), '/').slice(-2)).toEqual(['    first time', '  and 2 more']);
});
