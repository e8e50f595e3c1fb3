import { describe, expect, it } from 'vitest';
import { liveBlock, remaining } from '../../../cli/terminal/live-block.js';
import { apply, emptyProgress } from '../../../cli/terminal/progress-state.js';
import type { RunEvent } from '../../../engine/events.js';

function stateAfter(events: readonly RunEvent[]) {
  const state = emptyProgress();
  for (const event of events) apply(state, event);
  return state;
}

const planned: RunEvent = { time: 0, type: 'planned', workflow: 'w', experiment: 'default', instances: 5, cached: 1 };

describe('the live block', () => {
  it('shows each running step with its bar, and the whole on the last line', () => {
    const state = stateAfter([
      planned,
      { time: 0, type: 'hit', instance: 'frames', key: 'k' },
      { time: 1000, type: 'started', instance: 'fit[sub-01]', step: 'fit', reasons: [] },
      { time: 5000, type: 'progress', instance: 'fit[sub-01]', done: 25, total: 100, unit: 'voxels' },
    ]);
    expect(liveBlock(state, 5000, 120)).toEqual([
      '  fit[sub-01]  █████░░░░░░░░░░░░░░░ 25/100 voxels  4.0 s, about 12 s left',
      '1/5 steps · 1 cached · 5.0 s',
    ]);
  });

  it('never makes a line longer than the terminal', () => {
    const state = stateAfter([
      planned,
      { time: 0, type: 'started', instance: 'a'.repeat(200), step: 'a', reasons: [] },
    ]);
    for (const line of liveBlock(state, 10, 40)) expect(line.length).toBeLessThanOrEqual(40);
  });

  it('counts the running steps that it has no room for', () => {
    const events = Array.from(
      { length: 20 },
      (_, i): RunEvent => ({ time: 0, type: 'started', instance: `fit[${i}]`, step: 'fit', reasons: [] }),
    );
    const lines = liveBlock(stateAfter([planned, ...events]), 10, 80);
    expect(lines).toHaveLength(10);
    expect(lines[8]).toBe('  and 12 more');
  });

  it('gives no time left before there is something to judge by', () => {
    expect(remaining(1, 0.5)).toBeUndefined();
    expect(remaining(10, 0.01)).toBeUndefined();
    expect(remaining(10, 1)).toBeUndefined();
    // Half done after 10 s: as long again.
    expect(remaining(10, 0.5)).toBe(10);
  });
});
