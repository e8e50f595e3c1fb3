import { describe, expect, it } from 'vitest';
import { colours } from '../../../cli/terminal/colour.js';
import { apply, emptyProgress } from '../../../cli/terminal/progress-state.js';
import { summary } from '../../../cli/terminal/summary.js';
import { bytes, columns, duration } from '../../../cli/terminal/text.js';
import type { RunEvent } from '../../../engine/events.js';

const ended = (change: object): RunEvent => ({
  time: 9,
  type: 'ended',
  ok: true,
  interrupted: false,
  ran: 0,
  cached: 0,
  failed: 0,
  skipped: 0,
  seconds: 1,
  ...change,
});

function summaryOf(events: readonly RunEvent[]): string[] {
  const state = emptyProgress();
  for (const event of events) apply(state, event);
  return summary(state, colours(false));
}

describe('the summary of a run', () => {
  it('says so when everything was cached', () => {
    expect(summaryOf([ended({ cached: 12 })])).toEqual(['Everything was cached: 12 steps, nothing to run (1.0 s).']);
  });

  it('counts what ran, what was cached and what failed', () => {
    expect(summaryOf([ended({ ok: false, ran: 1, cached: 2, failed: 1, skipped: 3 })])).toEqual([
      'Failed: 1 step ran, 2 cached, 1 failed, 3 not run (1.0 s).',
    ]);
  });

  it('shows a note of many instances once', () => {
    const notes = ['01', '02', '03', '04'].map(
      (sub): RunEvent => ({ time: 1, type: 'note', instance: `fit[sub-${sub}]`, message: '3 kernels left out' }),
    );
    expect(summaryOf([...notes, ended({ ran: 4 })])[0]).toBe(
      'note    fit[sub-01], fit[sub-02] and 2 more: 3 kernels left out',
    );
  });

  it('names the folder above the outputs once', () => {
    const published = ['a', 'b'].map(
      (output): RunEvent => ({
        time: 1,
        type: 'published',
        output,
        files: 2,
        written: 0,
        dir: `/data/results/w/default/${output}`,
      }),
    );
    const lines = summaryOf([...published, ended({ ran: 1 })]);
    expect(lines.filter((line) => line.includes('/data/results'))).toEqual(['Results: /data/results/w/default']);
  });
});

describe('words', () => {
  it('writes durations and sizes as people read them', () => {
    expect([0.04, 9.96, 59.6, 185, 7800].map(duration)).toEqual([
      '0.0 s',
      '10 s',
      '1 min 00 s',
      '3 min 05 s',
      '2 h 10 min',
    ]);
    expect([0, 812, 3_400_000].map(bytes)).toEqual(['0 B', '812 B', '3.4 MB']);
  });

  it('aligns columns', () => {
    expect(
      columns(
        [
          ['a', '1'],
          ['bbb', '22'],
        ],
        [1],
      ),
    ).toEqual(['a     1', 'bbb  22']);
  });
});
