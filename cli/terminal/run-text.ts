import { isAlive } from '../../cache/work-folders.js';
import type { PastRun } from '../../engine/run-record.js';
import { count } from './text.js';

/** How a run of the log ended, in a few words. */
export function outcome({ ended, facts: { totals, process } }: PastRun): string {
  if (!totals || ended === undefined) {
    const alive = process === undefined ? undefined : isAlive(process);
    return alive === undefined ? 'did not end, or goes on' : alive ? 'goes on' : 'was killed';
  }
  if (totals.interrupted) return `interrupted, ${totals.ran} ran`;
  if (totals.failed > 0) return `${totals.failed} failed, ${totals.ran} ran`;
  return totals.ran === 0 ? 'all cached' : `${count(totals.ran, 'step')} ran`;
}

/** `fwhm=4`, as `--set` takes it. */
export function parameter([name, value]: [string, unknown]): string {
  return `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`;
}
