import { sha256 } from '../../cache/digest.js';
import { openRunLog } from '../../cache/run-log.js';
import { openStore } from '../../cache/store.js';
import { timeText } from '../../engine/reason-text.js';
import { detailsOf, type PastRun, pastRuns, type RunDetails } from '../../engine/run-record.js';
import { existingCache } from '../existing-cache.js';
import { exitCode } from '../exit-code.js';
import { print } from '../streams.js';
import { outcome, parameter } from '../terminal/run-text.js';
import { columns, duration } from '../terminal/text.js';

export interface LogOptions {
  readonly cache?: string;
  readonly json?: boolean;
}

/** Lists the runs of a store, newest first. */
export async function logCommand(options: LogOptions & { limit?: number }): Promise<number> {
  const { json, limit = 20 } = options;
  const log = openRunLog(await openStore(await existingCache(options.cache)));
  const runs = pastRuns(log);
  const shown = runs.slice(0, limit);
  if (json) {
    print(...shown.map((run) => JSON.stringify({ ...run, outputs: detailsOf(log, run.id).outputs })));
    return exitCode.ok;
  }
  if (runs.length === 0) print('No run yet.');
  const varying = varyingParams(shown);
  const rows = shown.map((run) => [
    run.id,
    timeText(run.started),
    `${run.facts.workflow} ${run.facts.experiment}`,
    outcome(run),
    run.facts.totals ? duration(run.facts.totals.seconds) : '',
    resultsName(detailsOf(log, run.id).outputs),
    asked(run, varying.get(run.facts.workflow)!),
  ]);
  if (shown.length > 0) print(...columns([HEAD, ...rows]));
  if (runs.length > shown.length) print(`${runs.length - shown.length} older ones: --limit ${runs.length}`);
  return exitCode.ok;
}

const HEAD = ['run', 'when', 'study', 'outcome', 'took', 'results', 'asked for'];

/** Eight letters for the digests of all outputs: two runs with the same gave the same results. */
function resultsName(outputs: RunDetails['outputs']): string {
  return outputs.length === 0 ? '' : sha256(JSON.stringify(outputs)).slice(0, 8);
}

/** By study: the parameters that do not have the same value in all its runs. The others need not be repeated. */
function varyingParams(runs: readonly PastRun[]): ReadonlyMap<string, ReadonlySet<string>> {
  const values = new Map<string, Map<string, string>>();
  const varying = new Map<string, Set<string>>();
  for (const { facts } of runs) {
    const known = values.get(facts.workflow) ?? new Map<string, string>();
    const found = varying.get(facts.workflow) ?? new Set<string>();
    for (const [name, value] of Object.entries(facts.params)) {
      const text = JSON.stringify(value);
      if ((known.get(name) ?? text) !== text) found.add(name);
      known.set(name, text);
    }
    values.set(facts.workflow, known);
    varying.set(facts.workflow, found);
  }
  return varying;
}

/** Varying parameters, what was set besides, and which part was wanted: as the command line takes it. */
function asked({ facts }: PastRun, varying: ReadonlySet<string>): string {
  const params = Object.entries(facts.params).filter(([name]) => varying.has(name));
  const options = Object.entries(facts.selection).map(
    ([option, names]) => `--${option} ${(names as string[]).join(',')}`,
  );
  return [...params.map(parameter), ...(facts.set ?? []), ...options].join(' ');
}
