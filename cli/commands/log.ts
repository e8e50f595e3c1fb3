import { openRunLog } from '../../cache/run-log.js';
import { openStore } from '../../cache/store.js';
import { timeText } from '../../engine/reason-text.js';
import { type PastRun, pastRuns } from '../../engine/run-record.js';
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
  const runs = pastRuns(openRunLog(await openStore(await existingCache(options.cache))));
  const shown = runs.slice(0, limit);
  if (json) {
    print(...shown.map((run) => JSON.stringify(run)));
    return exitCode.ok;
  }
  if (runs.length === 0) print('No run yet.');
  const base = withDefaults(runs);
  print(
    ...columns(
      shown.map((run) => [
        run.id,
        timeText(run.started),
        `${run.facts.workflow} ${run.facts.experiment}`,
        outcome(run),
        run.facts.totals ? duration(run.facts.totals.seconds) : '',
        asked(run, base),
      ]),
    ),
  );
  if (runs.length > shown.length) print(`${runs.length - shown.length} older ones: --limit ${runs.length}`);
  return exitCode.ok;
}

/** By study: the parameters of its newest run, which the list need not repeat. */
function withDefaults(runs: readonly PastRun[]): ReadonlyMap<string, PastRun> {
  return new Map([...runs].reverse().map((run) => [run.facts.workflow, run]));
}

/** What the run was asked for besides what the newest run of the study has: other parameters, a part of it. */
function asked({ facts }: PastRun, newest: ReadonlyMap<string, PastRun>): string {
  const base = newest.get(facts.workflow)!.facts.params;
  const differing = Object.entries(facts.params).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(base[name]),
  );
  const options = Object.entries(facts.selection).map(
    ([option, names]) => `--${option} ${(names as string[]).join(',')}`,
  );
  return [...differing.map(parameter), ...options].join(' ');
}
