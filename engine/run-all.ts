import { type Delivery, deliver, digestsOf, membersOf, mustBeWritable, resultsRoot } from './deliver.js';
import type { Emit, RunEvent, Totals } from './events.js';
import type { Execution, InstanceState } from './execution.js';
import { failureOf } from './perform.js';
import type { Plan } from './plan.js';
import { artifactsOf, type RunResult, secondsSince } from './run.js';
import type { RunOptions } from './run-options.js';
import { type RunRecord, recordRun } from './run-record.js';
import type { Selected } from './selection.js';
import { inSession } from './session.js';
import { type UnionMember, unite } from './union.js';
import type { Workflow } from './workflow.js';

export interface RunAllOptions extends Omit<RunOptions, 'force' | 'keepGoing' | 'fetchOnly'> {
  /** The same as `onEvent`, told for each experiment as if it had run alone: with the names it knows. */
  readonly onExperiment?: (experiment: string, event: RunEvent) => void;
}

/** One of several experiments that ran together. What another made in this run counts as cached. */
export interface ExperimentResult extends RunResult {
  readonly experiment: string;
  /** Instances that ran and are counted at an experiment before this one; part of `cached`. */
  readonly shared: number;
}

export interface RunAllResult extends Totals {
  readonly experiments: readonly ExperimentResult[];
}

/**
 * Makes the outputs of several experiments of a workflow in one run: what they share is made once, what differs in
 * parallel. Each publishes to its own folder and has its own entry in the log. A failure stops only what depends on it.
 * @param selected the graphs, the first one being what the others are variants of
 */
export async function runAll(selected: readonly Selected[], options: RunAllOptions): Promise<RunAllResult> {
  const began = performance.now();
  const union = unite(selected);
  const experiments = union.members.map((member) => ({
    member,
    record: recordRun(options.store, member.graph.workflow, options.selection ?? {}),
    resultsDir: resultsRoot(member.graph, options.resultsDir),
  }));
  let over = false;
  let unpublished = 0;
  const emit: Emit = (event) => {
    if (over) return;
    const told = { time: Date.now(), ...event } as RunEvent;
    options.onEvent?.(told);
    for (const { member, record } of experiments) {
      const own = eventOf(told, member);
      if (own) tell(member, record, own);
    }
  };
  const tell = (member: UnionMember, record: RunRecord, event: RunEvent) => {
    record.event(event);
    options.onExperiment?.(member.graph.workflow.experiment, event);
  };

  return inSession(options, async ({ signal, plan, execute }) => {
    try {
      const planned = await plan(union.graph, union.force);
      if (!planned) return end(new Map(), [], signal);
      options.onPlan?.(planned);
      const { workflow, instances } = union.graph;
      const known = new Map(
        planned.instances.flatMap(({ instance, record }) => (record ? [[instance.id, record]] : [])),
      );
      emit({ type: 'planned', ...namesOf(workflow), instances: instances.length, cached: known.size });
      for (const { member, record } of experiments) {
        const { graph } = member;
        const counts = { instances: graph.instances.length, cached: localResults(member, known).size };
        tell(member, record, { time: Date.now(), type: 'planned', ...namesOf(graph.workflow), ...counts });
      }
      if (known.size < instances.length)
        for (const { member, resultsDir } of experiments)
          if (member.graph.outputs.size > 0) await mustBeWritable(resultsDir);
      if (known.size < instances.length)
        for (const { member, record } of experiments) await record.begin(keysOf(localResults(member, known)));

      const execution = await execute(planned, emit, true);
      // Explanations and speed of the next run; nothing is lost where they cannot be written.
      await planned.history.update(keysOf(execution.results)).catch(() => undefined);
      const partial = union.members.some(({ graph }) => graph.instances.length < graph.byId.size);
      await planned.pack.update([...execution.results.values()], partial).catch(() => undefined);
      const results: ExperimentResult[] = [];
      for (const one of experiments) results.push(await conclude(one, planned, execution, signal));
      return end(execution.states, results, signal);
    } finally {
      over = true;
    }
  });

  /** Publishes what was made for one experiment. */
  async function conclude(
    { member, record, resultsDir }: (typeof experiments)[number],
    planned: Plan,
    execution: Execution,
    signal: AbortSignal,
  ): Promise<ExperimentResult> {
    const { store, registry, leaseTiming } = options;
    const { graph } = member;
    const { experiment } = graph.workflow;
    const delivery = deliveryOf(member, planned);
    const results = localResults(member, execution.results);
    const members = membersOf(delivery, results, store);
    const own: Emit = (event) => {
      const told = { time: Date.now(), ...event } as RunEvent;
      options.onEvent?.(told);
      tell(member, record, told);
    };
    let failed = 0;
    if (!signal.aborted) {
      const failures = await deliver(delivery, results, members, {
        registry,
        emit: own,
        signal,
        resultsDir,
        leaseTiming,
      });
      failed = failures.size;
      unpublished += failures.size;
      for (const [output, error] of failures) {
        own({ type: 'failed', instance: `outputs.${output}@${experiment}`, ...failureOf(error) });
      }
    }
    const { states, shared } = statesOf(member, execution);
    const counts = { ran: 0, cached: 0, failed, skipped: 0 };
    for (const state of states.values()) counts[state]++;
    const interrupted = signal.aborted;
    const totals = { ok: counts.failed === 0 && !interrupted, interrupted, ...counts, seconds: secondsSince(began) };
    tell(member, record, { time: Date.now(), type: 'ended', ...totals });
    options.onEvent?.({ time: Date.now(), type: 'experiment', experiment, ...totals, shared, dir: resultsDir });
    await record.end(keysOf(results), totals, digestsOf(members));
    return { experiment, id: record.id, ...totals, shared, states, outputs: artifactsOf(members), resultsDir };
  }

  function end(
    states: ReadonlyMap<string, InstanceState>,
    results: readonly ExperimentResult[],
    { aborted: interrupted }: AbortSignal,
  ): RunAllResult {
    const counts = { ran: 0, cached: 0, failed: unpublished, skipped: 0 };
    for (const state of states.values()) counts[state]++;
    const totals = { ok: counts.failed === 0 && !interrupted, interrupted, ...counts, seconds: secondsSince(began) };
    options.onEvent?.({ time: Date.now(), type: 'ended', ...totals });
    return { ...totals, experiments: results };
  }
}

function namesOf({ name, experiment }: Workflow): { workflow: string; experiment: string } {
  return { workflow: name, experiment };
}

/** How an event of the union looks to one of its members; undefined for what is not its own. */
function eventOf(event: RunEvent, member: UnionMember): RunEvent | undefined {
  if (!('instance' in event)) return undefined;
  const instance = member.localIds.get(event.instance);
  if (instance === undefined) return undefined;
  if (member.own.has(event.instance) || ['hit', 'note', 'failed', 'skipped'].includes(event.type)) {
    return { ...event, instance } as RunEvent;
  }
  // What another experiment made is there for this one.
  return event.type === 'finished' ? { time: event.time, type: 'hit', instance, key: event.key } : undefined;
}

function statesOf(
  { ids, own }: UnionMember,
  execution: Execution,
): { states: ReadonlyMap<string, InstanceState>; shared: number } {
  const states = new Map<string, InstanceState>();
  let shared = 0;
  for (const [id, united] of ids) {
    const state = execution.states.get(united)!;
    const isShared = state === 'ran' && !own.has(united);
    if (isShared) shared += 1;
    states.set(id, isShared ? 'cached' : state);
  }
  return { states, shared };
}

/** What is known of a member's inputs and steps from the plan of the union. */
function deliveryOf({ graph, ids, inputs }: UnionMember, planned: Plan): Delivery {
  const keys = graph.instances.map(({ id, step }) => {
    const united = planned.graph.byId.get(ids.get(id)!)!;
    return [step, { ...planned.keys.get(united.step)!, node: step }] as const;
  });
  const artifacts = [...inputs].map(([input, united]) => [input, planned.inputs.get(united)!] as const);
  return { graph, keys: new Map(keys), inputs: new Map(artifacts) };
}

/** Results by the names of one member. */
function localResults<T>({ ids }: UnionMember, results: ReadonlyMap<string, T>): Map<string, T> {
  return new Map([...ids].flatMap(([id, united]) => (results.has(united) ? [[id, results.get(united)!]] : [])));
}

function keysOf(results: ReadonlyMap<string, { readonly key: string }>): Map<string, string> {
  return new Map([...results].map(([id, { key }]) => [id, key]));
}
