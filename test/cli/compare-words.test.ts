import { describe, expect, it } from 'vitest';
import { UserError } from '../../artifacts/user-error.js';
import { comparedBy, namesOfFolders } from '../../cli/compare-words.js';

function fault(...words: string[]): string {
  try {
    comparedBy(words);
  } catch (error) {
    if (error instanceof UserError) return error.problems.map(({ message }) => message).join();
    throw error;
  }
  throw new Error('nothing was wrong');
}

describe('the words of voxreel compare', () => {
  it('are folders with a slash, runs as the log names them, experiments otherwise', () => {
    expect(comparedBy(['study.yaml', 'default', 'glover'])).toEqual({
      kind: 'experiments',
      file: 'study.yaml',
      names: ['default', 'glover'],
    });
    expect(comparedBy(['lab/study.yaml', 'default', 'smoothing-fwhm4.5']).kind).toBe('experiments');
    expect(comparedBy(['./default/', 'other/results/demo/default'])).toEqual({
      kind: 'folders',
      dirs: ['default', 'other/results/demo/default'],
    });
    const ids = ['20261123-140200-3f2a', '20261123-140300'];
    expect(comparedBy(ids)).toEqual({ kind: 'runs', ids });
  });

  it('are of one kind, two or more, and each there once', () => {
    expect(fault('results/demo/default', 'glover')).toContain('results/demo/default (folder), glover (experiment)');
    expect(fault('20261123-140200-3f2a', 'glover')).toContain('(run), glover (experiment)');
    expect(fault('study.yaml', 'a/b', 'a/c')).toBe('study.yaml is not needed: a folder knows its study');
    expect(fault('docs', 'docs')).toBe('the same experiment is named twice');
    expect(fault('docs/steps', './docs/steps/')).toBe('the same folder is named twice');
    expect(fault('docs/steps')).toBe('one folder is not enough: docs/steps');
    expect(fault('study.yaml')).toBe('one experiment is not enough: none named');
  });

  it('name folders without what they all begin with', () => {
    expect(namesOfFolders(['results/demo/default', 'results/demo/glover'])).toEqual(['default', 'glover']);
    expect(namesOfFolders(['results/a/default', 'other/results/a/default'])).toEqual([
      'results/a/default',
      'other/results/a/default',
    ]);
    expect(namesOfFolders(['/x/a', '/x/a/b'])).toEqual(['a', 'a/b']);
  });
});
