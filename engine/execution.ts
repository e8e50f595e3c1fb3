import os from 'node:os';
import type { JsonObject } from '../artifacts/artifact.js';
import { type Lease, type LeaseTiming, openLeases } from '../cache/leases.js';
import type { ResultRecord } from '../cache/record.js';
import type { RemoteOptions } from '../cache/remote.js';
import type { Store } from '../cache/store.js';
import { trackActivity } from './activity.js';
import { attempt } from './attempts.js';
import type { Emit, Reason } from './events.js';
import type { Executor } from './executor/executor.js';
import { inputFacts, userFiles } from './input-facts.js';
import { type Ingredients, ingredientsOf, keyOf } from './keys.js';
import { lookUp } from './lookup.js';
import { failureOf } from './perform.js';
import type { Plan } from './plan.js';
import { createScheduler, type Limits, type Task } from './scheduler.js';
import { artifactMaker, inputArtifacts, inputDigests } from './sources.js';
import type { Registry } from './step-type.js';
import { waitingAmong } from './waiting.js';
import { untilFree } from './waiting-elsewhere.js';
import type { Instance } from './workflow.js';

/** After an abort, steps get this long to let go; who has not is left behind. */
const GRACE_MS = 1000;

export interface ExecutionOptions {
  readonly store: Store;
  readonly registry: Registry;
  readonly executor: Executor;
  readonly limits: Limits;
  readonly keepGoing: boolean;
  readonly verify: boolean;
  readonly signal: AbortSignal;
  readonly emit: Emit;
  readonly leaseTiming?: LeaseTiming;
  /** Asked for results that the store lacks, and given those that are made. */
  readonly remote?: RemoteOptions;
  /** Makes nothing: what neither store nor remote has is skipped. Default false. */
  readonly fetchOnly?: boolean;
}

export type Results = ReadonlyMap<string, ResultRecord>;

export type InstanceState = 'cached' | 'ran' | 'failed' | 'skipped';

export interface Execution {
  /** Records of all instances that are done, in this run or before. */
  readonly results: Results;
  readonly states: ReadonlyMap<string, InstanceState>;
}

/** A ready instance between the look into the store and its start. */
interface Ready {
  readonly instance: Instance;
  readonly key: string;
  readonly ingredients: Ingredients;
  readonly reasons: readonly Reason[];
}

/**
 * Carries out a plan. Keys of instances behind others are made from the digests of what those really gave, so one whose
 * inputs came out the same as before is a hit (early cutoff); instances with the same key share one piece of work.
 */
export async function execute(plan: Plan, options: ExecutionOptions): Promise<Execution> {
  const { store, keepGoing, signal, emit } = options;
  const { graph } = plan;
  const results = new Map<string, ResultRecord>();
  const states = new Map<string, InstanceState>();
  const ready = new Map<string, Ready>();
  /** By key that is being looked up or made: the others that want the same. */
  const followers = new Map<string, Instance[]>();
  const scheduler = createScheduler(options.limits);
  const activity = trackActivity();
  const artifactOf = artifactMaker(graph, plan.inputs, results, store);
  let firstFailure: string | undefined;

  const planned = plan.instances.filter(({ record }) => !record);
  const plannedById = new Map(planned.map((one) => [one.instance.id, one]));
  const open = planned.map(({ instance }) => instance);
  const { dependents, missing, rank } = waitingAmong(open);
  for (const { instance, record } of plan.instances) if (record) settle(instance.id, record, 'cached');
  if (open.length === 0) return { results, states };

  const folder = await store.openRun();
  const leases = openLeases(store.dir, options.leaseTiming);
  const { openRemoteResults } = options.remote ? await import('./remote-results.js') : {};
  const remote = openRemoteResults?.(options.remote!, { ...options, folder });
  const onAbort = () => void setTimeout(activity.giveUp, GRACE_MS).unref();
  try {
    for (const instance of open) if (missing.get(instance.id) === 0) activity.track(advance(instance));
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    await activity.ended();
    await remote?.close();
  } finally {
    signal.removeEventListener('abort', onAbort);
    // What cannot be removed now is swept by the next run.
    await folder.close().catch(() => undefined);
    await leases.close();
  }
  const because = signal.aborted ? 'interrupted' : `the run stopped after ${firstFailure} failed`;
  for (const instance of open) if (!states.has(instance.id)) skip(instance.id, because);
  // Copies: steps that did not let go in time must not change what is reported.
  return { results: new Map(results), states: new Map(states) };

  /** All inputs of the instance exist: looks for its result, queues it if there is none. */
  async function advance(instance: Instance): Promise<void> {
    if (stopping()) return;
    const keys = plan.keys.get(instance.step)!;
    const digests = inputDigests(graph, instance, plan.inputs, (id, port) => results.get(id)?.outputs[port]?.digest)!;
    const key = keyOf(keys, digests);
    const others = followers.get(key);
    if (others) {
      others.push(instance);
      return;
    }
    followers.set(key, []);
    try {
      const forced = plan.force.has(instance.id);
      const found = forced ? undefined : await lookUp(store, key, { verify: options.verify, signal });
      if (typeof found === 'object') {
        await store.touch(key);
        return finish(instance, found, 'cached');
      }
      const fetched = forced ? undefined : await remote?.fetch(key);
      if (fetched) return finish(instance, fetched, 'cached', true);
      if (options.fetchOnly) return skip(instance.id, 'the remote cache does not have it');
      const ingredients = ingredientsOf(keys, digests);
      ready.set(instance.id, { instance, key, ingredients, reasons: reasonsFor(instance, ingredients, key, found) });
      scheduler.add(taskOf(instance));
      pump();
    } catch (error) {
      fail(instance, key, error);
    }
  }

  function taskOf({ id, step }: Instance): Task {
    const needs = step.type.needs?.(step.params) ?? {};
    const cores = Math.min(needs.cores ?? 1, options.limits.cores);
    return { id, cores, memoryMB: step.limits.memoryMB ?? needs.memoryMB ?? 256, rank: rank.get(id)! };
  }

  function pump(): void {
    if (stopping()) return;
    const tasks: Task[] = [];
    for (let task = scheduler.take(); task; task = scheduler.take()) tasks.push(task);
    // Cores that nobody claims are lent to those who start now; they change how fast a result comes, never the result.
    const spare = Math.max(0, Math.floor(scheduler.idleCores / Math.max(1, tasks.length)));
    for (const task of tasks) activity.track(work(task, task.cores + spare));
  }

  async function work(task: Task, threads: number): Promise<void> {
    const { instance, key, ingredients, reasons } = ready.get(task.id)!;
    let lease: Lease | undefined;
    try {
      const claimed = await leases.claim(key, { instance: instance.id, host: os.hostname() });
      if ('holder' in claimed) {
        activity.track(waitElsewhere(task, key, claimed.holder));
        return;
      }
      lease = claimed;
      ready.delete(task.id);
      // Another run may have made it since it was looked for.
      const found = plan.force.has(instance.id) ? undefined : await lookUp(store, key, { signal });
      if (typeof found === 'object') return finish(instance, found, 'cached');
      emit({ type: 'started', instance: instance.id, step: instance.step.name, reasons });
      const inputs = inputArtifacts(instance, artifactOf);
      const job = { instance: instance.id, step: instance.step, inputs, threads };
      const sources = inputFacts(instance, plan.inputs);
      const made = { ingredients, sources, files: userFiles(instance) };
      const record = await attempt(job, key, made, { ...options, folder, guard: plan.guard });
      if (activity.abandoned) return;
      remote?.give(record);
      const outputs = Object.fromEntries(
        Object.entries(record.outputs).map(([port, { type, digest, files }]) => {
          const bytes = Object.values(files).reduce((sum, { size }) => sum + size, 0);
          return [port, { type, digest, bytes }];
        }),
      );
      emit({ type: 'finished', instance: instance.id, key, seconds: record.seconds, outputs });
      finish(instance, record, 'ran');
    } catch (error) {
      fail(instance, key, error);
    } finally {
      await lease?.release();
      scheduler.release(task);
      pump();
    }
  }

  /** Holds no cores meanwhile. Afterwards the instance starts as if it had just become ready. */
  async function waitElsewhere(task: Task, key: string, holder: JsonObject): Promise<void> {
    emit({ type: 'waiting', instance: task.id, host: String(holder.host ?? 'unknown') });
    const isThere = () => {
      const record = plan.force.has(task.id) ? undefined : store.read(key);
      return typeof record === 'object' && store.examine(record).length === 0;
    };
    await untilFree(leases, key, () => stopping() || isThere(), signal);
    if (stopping()) return;
    scheduler.add(task);
    pump();
  }

  /** As planned, where the plan could know the key; else by what the instances before really gave. */
  function reasonsFor(instance: Instance, ingredients: Ingredients, key: string, fault: string | undefined) {
    const before = plannedById.get(instance.id);
    if (before?.key === key || plan.force.has(instance.id)) return before!.reasons;
    return plan.explain.whyRun(instance, ingredients, key, fault);
  }

  function finish(instance: Instance, record: ResultRecord, state: 'cached' | 'ran', fetched = false): void {
    if (activity.abandoned) return;
    settle(instance.id, record, state, fetched);
    for (const follower of take(record.key)) settle(follower.id, record, 'cached');
  }

  function settle(id: string, record: ResultRecord, state: 'cached' | 'ran', fetched = false): void {
    results.set(id, record);
    states.set(id, state);
    if (state === 'cached') {
      emit({ type: 'hit', instance: id, key: record.key, ...(fetched ? { fetched } : {}) });
      for (const message of record.notes) emit({ type: 'note', instance: id, message });
    }
    for (const dependent of dependents.get(id) ?? []) {
      const left = missing.get(dependent.id)! - 1;
      missing.set(dependent.id, left);
      if (left === 0) activity.track(advance(dependent));
    }
  }

  function fail(instance: Instance, key: string, error: unknown): void {
    if (signal.aborted) return;
    states.set(instance.id, 'failed');
    firstFailure ??= instance.id;
    emit({ type: 'failed', instance: instance.id, ...failureOf(error, instance.step) });
    skipDependents(instance.id, `${instance.id} failed`);
    for (const follower of take(key)) skip(follower.id, `${instance.id}, which does the same work, failed`);
  }

  function take(key: string): readonly Instance[] {
    const others = followers.get(key) ?? [];
    followers.delete(key);
    return others;
  }

  function skip(id: string, because: string): void {
    if (states.has(id)) return;
    states.set(id, 'skipped');
    emit({ type: 'skipped', instance: id, because });
    skipDependents(id, because);
  }

  function skipDependents(id: string, because: string): void {
    for (const dependent of dependents.get(id) ?? []) skip(dependent.id, because);
  }

  /** Nothing new starts after an abort, or after a failure unless the user wants the rest. */
  function stopping(): boolean {
    return signal.aborted || (firstFailure !== undefined && !keepGoing);
  }
}
