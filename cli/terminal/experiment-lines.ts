import path from 'node:path';
import type { RunEvent } from '../../engine/events.js';
import type { ExperimentCounts } from '../../index.js';
import { columns } from './text.js';

/** What a run did for each of several experiments. */
export function ranExperiments(experiments: readonly Extract<RunEvent, { type: 'experiment' }>[]): string[] {
  const rows = experiments.map(({ experiment, ran, shared, cached, failed, skipped, dir }) => ({
    experiment,
    counts: { ran, shared, cached: cached - shared, failed, 'not run': skipped },
    results: path.relative('', dir) || '.',
  }));
  return table(rows, 'ran');
}

/** What a run would do for each of them. */
export function plannedExperiments(experiments: readonly ExperimentCounts[]): string[] {
  const rows = experiments.map(({ experiment, run, upstream, shared, cached }) => ({
    experiment,
    counts: { runs: run, 'may run': upstream, shared, cached },
  }));
  return table(rows, 'counted');
}

/** One line for each; columns in which all are 0 are left out, but for the first. */
function table(
  rows: readonly {
    readonly experiment: string;
    readonly counts: Readonly<Record<string, number>>;
    readonly results?: string;
  }[],
  done: string,
): string[] {
  const names = Object.keys(rows[0]!.counts).filter(
    (name, i) => i === 0 || rows.some(({ counts }) => counts[name]! > 0),
  );
  const withResults = rows.some(({ results }) => results !== undefined);
  const lines = columns(
    [
      ['experiment', ...names, ...(withResults ? ['results'] : [])],
      ...rows.map(({ experiment, counts, results }) => [
        experiment,
        ...names.map((name) => String(counts[name])),
        ...(results === undefined ? [] : [results]),
      ]),
    ],
    names.map((_, i) => i + 1),
  );
  return names.includes('shared') ? [...lines, `(shared: ${done} for an experiment above)`] : lines;
}
