import { type Colours, colours } from './colour.js';
import type { ProgressState, Running } from './progress-state.js';
import { clip, duration } from './text.js';

const BAR = 20;
/** More running steps than this are counted, not listed. */
const MOST = 8;

/**
 * The lines at the foot of the terminal while a run goes on: one per running step, then the whole.
 * @param now milliseconds, the events' clock
 * @param width columns of the terminal
 */
export function liveBlock(state: ProgressState, now: number, width: number, paint: Colours = colours(false)): string[] {
  const running = [...state.running.values()];
  const lines = running.slice(0, MOST).map((step) => clip(`  ${runningLine(step, now)}`, width));
  if (running.length > MOST) lines.push(clip(`  and ${running.length - MOST} more`, width));
  const done = state.ran + state.cached + state.failed.length + state.skipped;
  const parts = [
    `${done}/${state.instances} steps`,
    `${state.cached} cached`,
    ...(state.failed.length > 0 ? [`${state.failed.length} failed`] : []),
    duration((now - (state.started ?? now)) / 1000),
  ];
  return [...lines, paint.bold(clip(parts.join(' · '), width))];
}

function runningLine(step: Running, now: number): string {
  const elapsed = (now - step.since) / 1000;
  if (!step.progress || !(step.progress.total > 0)) return `${step.instance}  ${duration(elapsed)}`;
  const { done, total, unit } = step.progress;
  const share = Math.max(0, Math.min(1, done / total));
  const filled = Math.round(share * BAR);
  const bar = `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)}`;
  const left = remaining(elapsed, share);
  return `${step.instance}  ${bar} ${done}/${total} ${unit}  ${duration(elapsed)}${left === undefined ? '' : `, about ${duration(left)} left`}`;
}

/**
 * Seconds left of a step at its speed so far. Not given before there is something to judge by (2 s and 5 %), and
 * never for the whole run: steps differ too much for that number to be true.
 */
export function remaining(elapsed: number, share: number): number | undefined {
  if (elapsed < 2 || share < 0.05 || share >= 1) return undefined;
  return (elapsed * (1 - share)) / share;
}
