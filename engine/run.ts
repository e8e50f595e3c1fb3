import type { Artifact } from '../artifacts/artifact.js';
import { deliver, digestsOf, type Members, membersOf, mustBeWritable, resultsRoot } from './deliver.js';
import type { Emit, RunEvent, Totals } from './events.js';
import type { Execution, InstanceState } from './execution.js';
import { failureOf } from './perform.js';
import type { RunOptions } from './run-options.js';
import { recordRun } from './run-record.js';
import { inSession } from './session.js';
import type { Graph } from './workflow.js';

export type { RunOptions } from './run-options.js';

export interface RunResult extends Totals {
  /** Its name in the log of runs. */
  readonly id: string;
  readonly states: ReadonlyMap<string, InstanceState>;
  /** What the outputs of the workflow are, in the order of a fan-out; those that could be made. */
  readonly outputs: ReadonlyMap<string, readonly Artifact[]>;
  /** Where the outputs were published. */
  readonly resultsDir: string;
}

/**
 * Makes the outputs of a graph: plans, runs what is not in the store, publishes. Everything that happens is told to
 * `onEvent`. Failures of steps are in the result; a UserError is thrown only for what keeps the run from starting
 * (inputs that are missing, a cache folder that cannot be written).
 */
export async function run(graph: Graph, options: RunOptions): Promise<RunResult> {
  const { store, registry } = options;
  const { workflow } = graph;
  const began = performance.now();
  const resultsDir = resultsRoot(graph, options.resultsDir);
  const record = recordRun(store, workflow, options.selection ?? {});
  let over = false;
  const emit: Emit = (event) => {
    if (over) return;
    const told = { time: Date.now(), ...event } as RunEvent;
    record.event(told);
    options.onEvent?.(told);
  };
  return inSession(options, async ({ signal, plan, execute }) => {
    try {
      const planned = await plan(graph, options.force ?? new Set());
      if (!planned) return end(undefined, new Map(), 0, signal);
      options.onPlan?.(planned);
      emit({
        type: 'planned',
        workflow: workflow.name,
        experiment: workflow.experiment,
        instances: planned.instances.length,
        cached: planned.counts.cached,
      });
      if (planned.counts.cached < planned.instances.length && graph.outputs.size > 0) await mustBeWritable(resultsDir);
      const known = planned.instances.flatMap(({ instance, record: had }) =>
        had ? [[instance.id, had.key] as const] : [],
      );
      if (known.length < planned.instances.length) await record.begin(new Map(known));
      const execution = await execute(planned, emit, options.keepGoing ?? false);
      const { results } = execution;
      const keys = new Map([...results].map(([id, { key }]) => [id, key]));
      // Explanations and speed of the next run; nothing is lost where they cannot be written.
      await planned.history.update(keys).catch(() => undefined);
      const partial = graph.instances.length < graph.byId.size;
      await planned.pack.update([...results.values()], partial).catch(() => undefined);
      const members = membersOf(planned, results, store);
      let unpublished = 0;
      if (!signal.aborted && !options.fetchOnly) {
        const { leaseTiming } = options;
        const failures = await deliver(planned, results, members, { registry, emit, signal, resultsDir, leaseTiming });
        unpublished = failures.size;
        for (const [output, error] of failures)
          emit({ type: 'failed', instance: `outputs.${output}`, ...failureOf(error) });
      }
      const result = end(execution, members, unpublished, signal);
      await record.end(keys, totalsOf(result), digestsOf(members));
      return result;
    } finally {
      over = true;
    }
  });

  function end(
    execution: Execution | undefined,
    members: Members,
    unpublished: number,
    { aborted: interrupted }: AbortSignal,
  ): RunResult {
    const states = execution?.states ?? new Map<string, InstanceState>();
    const counts = { ran: 0, cached: 0, failed: unpublished, skipped: 0 };
    for (const state of states.values()) counts[state]++;
    const ok = counts.failed === 0 && !interrupted;
    const seconds = secondsSince(began);
    emit({ type: 'ended', ok, interrupted, ...counts, seconds });
    return { id: record.id, ok, interrupted, ...counts, seconds, states, outputs: artifactsOf(members), resultsDir };
  }
}

export function secondsSince(began: number): number {
  return Math.round(performance.now() - began) / 1000;
}

/** The outputs that could be made. */
export function artifactsOf(members: Members): RunResult['outputs'] {
  return new Map(
    [...members].map(([output, list]) => [output, list.flatMap(({ artifact }) => (artifact ? [artifact] : []))]),
  );
}

export function totalsOf({ ok, interrupted, ran, cached, failed, skipped, seconds }: Totals): Totals {
  return { ok, interrupted, ran, cached, failed, skipped, seconds };
}
