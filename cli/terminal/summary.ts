import path from 'node:path';
import { few } from '../../engine/reason-text.js';
import type { Colours } from './colour.js';
import { ranExperiments } from './experiment-lines.js';
import type { Note, ProgressState } from './progress-state.js';
import { count, duration } from './text.js';

/** What a run leaves on the screen when it is over: counts, notes, where the results are. */
export function summary(state: ProgressState, paint: Colours): string[] {
  const ended = state.ended;
  if (!ended) return [];
  const lines: string[] = [];
  for (const note of state.notes.values()) lines.push(`${paint.yellow('note')}    ${noteLine(note)}`);
  if (lines.length > 0) lines.push('');
  const remote = state.fetched > 0 ? ` (${state.fetched} fetched from the remote cache)` : '';
  const everything = ended.ran === 0 && ended.failed === 0 && ended.skipped === 0 && !ended.interrupted;
  if (everything) {
    lines.push(
      `${paint.green('Everything was cached')}: ${count(ended.cached, 'step')}, nothing to run${remote} (${duration(ended.seconds)}).`,
    );
  } else {
    const parts = [
      `${count(ended.ran, 'step')} ran`,
      `${ended.cached} cached${remote}`,
      ...(ended.failed > 0 ? [paint.red(`${ended.failed} failed`)] : []),
      ...(ended.skipped > 0 ? [`${ended.skipped} not run`] : []),
    ];
    const head = ended.interrupted ? paint.yellow('Interrupted') : ended.ok ? paint.green('Done') : paint.red('Failed');
    lines.push(`${head}: ${parts.join(', ')} (${duration(ended.seconds)}).`);
  }
  if (state.experiments.length > 0) return [...lines, '', ...ranExperiments(state.experiments)];
  // Each output has a folder of its own; the one above is what the user wants to open.
  const folders = new Set(state.published.map(({ dir }) => path.dirname(dir)));
  for (const dir of folders) lines.push(`Results: ${paint.bold(dir)}`);
  return lines;
}

function noteLine({ message, instances }: Note): string {
  return `${few(instances)}: ${message}`;
}
