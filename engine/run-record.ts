import os from 'node:os';
import type { Json, JsonObject } from '../artifacts/artifact.js';
import { type LoggedRun, newRunId, openRunLog, type RunLog } from '../cache/run-log.js';
import type { Store } from '../cache/store.js';
import { processName } from '../cache/work-folders.js';
import type { Reason, RunEvent, Totals } from './events.js';
import type { Selection } from './selection.js';
import { voxreelVersion } from './version.js';
import type { Workflow } from './workflow.js';

/** What a run says about itself in the log. */
export interface RunFacts {
  readonly workflow: string;
  readonly file: string;
  readonly experiment: string;
  readonly params: Readonly<Record<string, Json>>;
  /** What was set in steps and inputs for this run only: `fit.noise=ols`. Absent if nothing was. */
  readonly set?: readonly string[];
  /** What was asked for besides: `--force fit`. */
  readonly selection: Selection;
  readonly host: string;
  /** Tells on that host whether the run goes on (`isAlive`). Absent in entries of older versions. */
  readonly process?: string;
  readonly voxreel: string;
  /** Absent as long as the run has not ended. */
  readonly totals?: Totals;
}

export interface RunDetails {
  readonly ran: readonly { instance: string; key: string; seconds: number; reasons: readonly Reason[] }[];
  readonly failed: readonly { instance: string; message: string }[];
  readonly outputs: readonly { output: string; label?: string; digest: string }[];
}

export interface RunRecord {
  readonly id: string;
  event(event: RunEvent): void;
  /** Writes what is known before anything runs: the results that the run counts on must not be collected meanwhile. */
  begin(keys: ReadonlyMap<string, string>): Promise<void>;
  end(keys: ReadonlyMap<string, string>, totals: Totals, outputs: RunDetails['outputs']): Promise<void>;
}

/** Follows a run and writes its entry in the log of the store. A log that cannot be written stops nothing. */
export function recordRun(store: Store, workflow: Workflow, selection: Selection): RunRecord {
  const log = openRunLog(store);
  const started = new Date();
  const id = newRunId(started);
  const reasons = new Map<string, readonly Reason[]>();
  const ran: RunDetails['ran'][number][] = [];
  const failed: RunDetails['failed'][number][] = [];
  const facts: RunFacts = {
    workflow: workflow.name,
    file: workflow.file,
    experiment: workflow.experiment,
    params: workflow.params,
    ...(workflow.set.length > 0 ? { set: workflow.set } : {}),
    selection,
    host: os.hostname(),
    process: processName(),
    voxreel: voxreelVersion(),
  };
  const write = async (more: { totals?: Totals }, keys: ReadonlyMap<string, string>, details: RunDetails) => {
    const ended = more.totals ? { ended: new Date().toISOString() } : {};
    const head = { id, started: started.toISOString(), ...ended, facts: json({ ...facts, ...more }) };
    await log.write(head, keys, json(details)).catch(() => undefined);
  };
  return {
    id,
    event(event) {
      if (event.type === 'started') reasons.set(event.instance, event.reasons);
      else if (event.type === 'finished') {
        const { instance, key, seconds } = event;
        ran.push({ instance, key, seconds, reasons: reasons.get(instance) ?? [] });
      } else if (event.type === 'failed') {
        failed.push({ instance: event.instance, message: event.problems[0]?.message ?? '' });
      }
    },
    begin: (keys) => write({}, keys, { ran: [], failed: [], outputs: [] }),
    end: (keys, totals, outputs) => write({ totals }, keys, { ran, failed, outputs }),
  };
}

/** A run as the log knows it, with its facts as the engine wrote them. */
export interface PastRun extends Omit<LoggedRun, 'facts'> {
  readonly facts: RunFacts;
}

/** Newest first: those of a workflow among the newest `most` runs of the store (default: of all). */
export function pastRuns(log: RunLog, workflow?: string, most?: number): PastRun[] {
  const runs = log.list(most) as unknown as PastRun[];
  return runs.filter(({ facts }) => workflow === undefined || facts.workflow === workflow);
}

export function detailsOf(log: RunLog, id: string): RunDetails {
  const details = log.details(id) as unknown as Partial<RunDetails> | undefined;
  return { ran: details?.ran ?? [], failed: details?.failed ?? [], outputs: details?.outputs ?? [] };
}

/** Interfaces have no index signature; what is in them is plain data all the same. */
function json(value: object): JsonObject {
  return value as JsonObject;
}
