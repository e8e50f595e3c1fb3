import { setMaxListeners } from 'node:events';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Artifact } from '../artifacts/artifact.js';
import { folderError } from '../cache/folder-error.js';
import type { LeaseTiming } from '../cache/leases.js';
import type { RemoteOptions } from '../cache/remote.js';
import type { Store } from '../cache/store.js';
import type { Pool } from '../numerics/pool.js';
import type { Emit, RunEvent, Totals } from './events.js';
import { type Execution, execute, type InstanceState } from './execution.js';
import { lazyPool } from './executor/lazy-pool.js';
import { localExecutor } from './executor/local.js';
import { failureOf } from './perform.js';
import { type Plan, plan } from './plan.js';
import { provenanceOf } from './provenance.js';
import { type Member, publish } from './publish.js';
import { safeName } from './result-names.js';
import { type RunDetails, recordRun } from './run-record.js';
import type { Selection } from './selection.js';
import { artifactMaker } from './sources.js';
import type { Registry } from './step-type.js';
import type { Graph } from './workflow.js';

export interface RunOptions {
  readonly store: Store;
  readonly registry: Registry;
  /** Worker threads; without it the run makes its own when a step needs them, with `cores` threads. */
  readonly pool?: Pool;
  /** Step instances at once. Default: as many as cores and memory allow. */
  readonly jobs?: number;
  /** Cores to use. Default: those this process may use. */
  readonly cores?: number;
  /** Memory for steps in MB, by what they declare. Default: 80 % of what the machine or container has. */
  readonly memoryMB?: number;
  /** Goes on with everything that does not depend on a failure. Default: finishes what is running and stops. */
  readonly keepGoing?: boolean;
  /** Reads every stored result that would be used and compares digests. Default false: sizes and times are compared. */
  readonly verify?: boolean;
  /** Ends the run within 2 s. What is finished is kept, what is not leaves no trace. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
  /** Folder above `<workflow>/<experiment>/<output>/`. Default `results` beside the workflow file. */
  readonly resultsDir?: string;
  /** Ids of instances that run though their result is in the store. */
  readonly force?: ReadonlySet<string>;
  /** What was asked for, for the log of runs. */
  readonly selection?: Selection;
  /** A shared cache that is asked for results which the store lacks, and given those that are made. */
  readonly remote?: RemoteOptions;
  /** Only fetches from the remote; makes and publishes nothing. Default false. */
  readonly fetchOnly?: boolean;
  /** How soon a run that shares the store and gives no sign of life counts as dead. Default: after 10 s. */
  readonly leaseTiming?: LeaseTiming;
  /** Told what will run and why, before it does. */
  readonly onPlan?: (plan: Plan) => void;
}

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
  const began = performance.now();
  const signal = ownSignal(options.signal);
  const resultsDir = resultsRoot(graph, options.resultsDir);
  const cores = Math.max(1, Math.floor(options.cores ?? os.availableParallelism()));
  let over = false;
  const emit: Emit = (event) => {
    if (over) return;
    const told = { time: Date.now(), ...event } as RunEvent;
    record.event(told);
    options.onEvent?.(told);
  };
  const record = recordRun(store, graph.workflow, options.selection ?? {});
  const sweeping = store.sweep().catch(() => 0);
  const pool = options.pool ?? lazyPool(cores);
  const executor = localExecutor(pool);
  try {
    const planned = await unlessAborted(
      plan(graph, { store, registry, verify: options.verify ?? false, signal, force: options.force ?? new Set() }),
      signal,
    );
    if (!planned) return end(undefined, new Map(), 0);
    options.onPlan?.(planned);
    const { workflow } = graph;
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
    const limits = {
      cores,
      memoryMB: options.memoryMB ?? defaultMemoryMB(),
      jobs: Math.max(1, options.jobs ?? Number.POSITIVE_INFINITY),
      freeMB: () => process.availableMemory() / 2 ** 20,
    };
    const keepGoing = options.keepGoing ?? false;
    const execution = await execute(planned, {
      store,
      registry,
      executor,
      limits,
      keepGoing,
      verify: options.verify ?? false,
      signal,
      emit,
      ...(options.leaseTiming ? { leaseTiming: options.leaseTiming } : {}),
      ...(options.remote ? { remote: options.remote } : {}),
      fetchOnly: options.fetchOnly ?? false,
    });
    const keys = new Map([...execution.results].map(([id, record]) => [id, record.key]));
    // Explanations and speed of the next run; nothing is lost where they cannot be written.
    await planned.history.update(keys).catch(() => undefined);
    const partial = graph.instances.length < graph.byId.size;
    await planned.pack.update([...execution.results.values()], partial).catch(() => undefined);
    const members = membersOf(planned, execution, store);
    let unpublished = 0;
    if (!signal.aborted && !options.fetchOnly) {
      const context = { workflow: workflow.name, experiment: workflow.experiment, root: resultsDir };
      const describe = execution.results.size > 0 ? { describe: provenanceOf(planned, execution) } : {};
      const failures = await publish(members, { ...context, registry, emit, signal, ...describe });
      unpublished = failures.size;
      for (const [output, error] of failures)
        emit({ type: 'failed', instance: `outputs.${output}`, ...failureOf(error) });
    }
    const result = end(execution, members, unpublished);
    await record.end(keys, totalsOf(result), digestsOf(members));
    return result;
  } finally {
    over = true;
    if (!signal.aborted) await sweeping;
    await executor.close();
    const closing = options.pool ? undefined : pool.close();
    // After an abort, threads that are still busy end by themselves; nobody waits for what they give.
    if (!signal.aborted) await closing;
  }

  function end(
    execution: Execution | undefined,
    members: ReadonlyMap<string, readonly Member[]>,
    unpublished: number,
  ): RunResult {
    const states = execution?.states ?? new Map<string, InstanceState>();
    const counts = { ran: 0, cached: 0, failed: unpublished, skipped: 0 };
    for (const state of states.values()) counts[state]++;
    const interrupted = signal.aborted;
    const ok = counts.failed === 0 && !interrupted;
    const seconds = Math.round(performance.now() - began) / 1000;
    emit({ type: 'ended', ok, interrupted, ...counts, seconds });
    const outputs = new Map(
      [...members].map(([output, list]) => [output, list.flatMap(({ artifact }) => (artifact ? [artifact] : []))]),
    );
    return { id: record.id, ok, interrupted, ...counts, seconds, states, outputs, resultsDir };
  }
}

/** Folder of the published outputs of a graph. */
function resultsRoot(graph: Graph, resultsDir?: string): string {
  const { baseDir, name, experiment } = graph.workflow;
  return path.join(path.resolve(resultsDir ?? path.join(baseDir, 'results')), safeName(name), safeName(experiment));
}

/**
 * A results folder that cannot be written is told before hours of work, not after. Nothing is made yet: a run that fails
 * leaves no empty folder.
 * @throws UserError
 */
async function mustBeWritable(resultsDir: string): Promise<void> {
  let folder = resultsDir;
  try {
    for (;;) {
      const found = await stat(folder).catch((error: NodeJS.ErrnoException) => {
        if (!['ENOENT', 'ENOTDIR'].includes(error.code ?? '') || path.dirname(folder) === folder) throw error;
      });
      if (found && !found.isDirectory()) throw Object.assign(new Error('not a folder'), { code: 'ENOTDIR' });
      if (found) return await access(folder, constants.W_OK | constants.X_OK);
      folder = path.dirname(folder);
    }
  } catch (error) {
    throw folderError(error, folder, 'the results folder');
  }
}

function membersOf(planned: Plan, { results }: Execution, store: Store): Map<string, Member[]> {
  const { graph } = planned;
  const artifactOf = artifactMaker(graph, planned.inputs, results, store);
  return new Map(
    [...graph.outputs].map(([output, sources]) => [
      output,
      sources.map(({ source, label, entities }): Member => {
        const names = { ...(label === undefined ? {} : { label }), ...(entities === undefined ? {} : { entities }) };
        if (source.kind === 'input') return { ...names, artifact: artifactOf(source) };
        const record = results.get(source.id);
        if (!record) return names;
        const { step } = graph.byId.get(source.id)!;
        return { ...names, artifact: artifactOf(source), made: { instance: source.id, step, key: record.key } };
      }),
    ]),
  );
}

function totalsOf({ ok, interrupted, ran, cached, failed, skipped, seconds }: Totals): Totals {
  return { ok, interrupted, ran, cached, failed, skipped, seconds };
}

function digestsOf(members: ReadonlyMap<string, readonly Member[]>): RunDetails['outputs'] {
  return [...members].flatMap(([output, list]) =>
    list.flatMap(({ artifact, label }) =>
      artifact ? [{ output, ...(label === undefined ? {} : { label }), digest: artifact.digest }] : [],
    ),
  );
}

/** A signal of this run alone: every step and every task on the pool may listen to it without a warning of a leak. */
function ownSignal(signal: AbortSignal | undefined): AbortSignal {
  const own = AbortSignal.any(signal ? [signal] : []);
  setMaxListeners(0, own);
  return own;
}

/** Memory for steps in MB, unless told otherwise: 80 % of what the machine or container has. */
export function defaultMemoryMB(): number {
  const limit = process.constrainedMemory();
  const bytes = limit > 0 ? Math.min(limit, os.totalmem()) : os.totalmem();
  return (bytes * 0.8) / 2 ** 20;
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  try {
    const result = await work;
    return signal.aborted ? undefined : result;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}
