import { setMaxListeners } from 'node:events';
import os from 'node:os';
import type { Emit } from './events.js';
import { type Execution, execute } from './execution.js';
import { lazyPool } from './executor/lazy-pool.js';
import { localExecutor } from './executor/local.js';
import { type Plan, plan } from './plan.js';
import type { RunOptions } from './run-options.js';
import type { Graph } from './workflow.js';

/** What a run works with: threads, cores and memory, and the signal that ends it. */
export interface Session {
  readonly signal: AbortSignal;
  /** undefined after an abort. */
  plan(graph: Graph, force: ReadonlySet<string>): Promise<Plan | undefined>;
  execute(planned: Plan, emit: Emit, keepGoing: boolean): Promise<Execution>;
}

/** Lends what a run works with, and lets go of it in good order however the run ends. */
export async function inSession<T>(options: RunOptions, work: (session: Session) => Promise<T>): Promise<T> {
  const { store, registry, verify = false } = options;
  const signal = ownSignal(options.signal);
  const cores = Math.max(1, Math.floor(options.cores ?? os.availableParallelism()));
  const sweeping = store.sweep().catch(() => 0);
  const pool = options.pool ?? lazyPool(cores);
  const executor = localExecutor(pool);
  const limits = {
    cores,
    memoryMB: options.memoryMB ?? defaultMemoryMB(),
    jobs: Math.max(1, options.jobs ?? Number.POSITIVE_INFINITY),
    freeMB: () => process.availableMemory() / 2 ** 20,
  };
  try {
    return await work({
      signal,
      plan: (graph, force) => unlessAborted(plan(graph, { store, registry, verify, signal, force }), signal),
      execute: (planned, emit, keepGoing) =>
        execute(planned, {
          ...{ store, registry, executor, limits, keepGoing, verify, signal, emit },
          ...(options.leaseTiming ? { leaseTiming: options.leaseTiming } : {}),
          ...(options.remote ? { remote: options.remote } : {}),
          fetchOnly: options.fetchOnly ?? false,
        }),
    });
  } finally {
    if (!signal.aborted) await sweeping;
    await executor.close();
    const closing = options.pool ? undefined : pool.close();
    // After an abort, threads that are still busy end by themselves; nobody waits for what they give.
    if (!signal.aborted) await closing;
  }
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
