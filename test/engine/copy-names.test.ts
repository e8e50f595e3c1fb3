import { describe, expect, it } from 'vitest';
import { copyNames } from '../../engine/spec/copy-names.js';

describe('names of the files of a study in a copy', () => {
  it('are its own for a single file', () => {
    expect(copyNames(['/home/ann/p/study.yaml'], [])).toEqual(['study.yaml']);
  });

  it('keep how files lie to each other', () => {
    const files = ['/home/ann/p/study.yaml', '/home/ann/p/parts/a.yaml', '/home/ann/p/b.yaml'];
    expect(copyNames(files, ['parts/a.yaml', '../b.yaml'])).toEqual([
      'workflow.files/study.yaml',
      'workflow.files/parts/a.yaml',
      'workflow.files/b.yaml',
    ]);
  });

  it('tell no folder that no file names, and keep one that a file comes back through', () => {
    const files = ['/home/ann/p/mine/study.yaml', '/home/ann/base/study.yaml', '/home/ann/p/mine/more.yaml'];
    const base = ['../../base/study.yaml'];
    expect(copyNames(files, [...base, '../p/mine/more.yaml'])).toEqual([
      'workflow.files/p/mine/study.yaml',
      'workflow.files/base/study.yaml',
      'workflow.files/p/mine/more.yaml',
    ]);
    expect(copyNames(files.slice(0, 2), base)).toEqual([
      'workflow.files/_/_/study.yaml',
      'workflow.files/base/study.yaml',
    ]);
    expect(copyNames(['/home/ann/mine/study.yaml', '/srv/_/a.yaml'], ['/srv/_/a.yaml'])).toEqual([
      'workflow.files/__/__/__/study.yaml',
      'workflow.files/srv/_/a.yaml',
    ]);
  });
});
