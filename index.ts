import path from 'node:path';
import { UserError } from './artifacts/user-error.js';
import type { RemoteOptions } from './cache/remote.js';
import { openStore } from './cache/store.js';
import { expandGraph } from './engine/graph.js';
import { type Plan, plan as planGraph } from './engine/plan.js';
import type { ExperimentCounts } from './engine/plan-all.js';
import { type RunOptions as RunGraphOptions, type RunResult, run as runGraph } from './engine/run.js';
import type { RunAllResult, RunAllOptions as RunGraphsOptions } from './engine/run-all.js';
import { type Selected, type Selection, select } from './engine/selection.js';
import { type InputNote, resolveInputs } from './engine/spec/inputs.js';
import { loadWorkflow as load } from './engine/spec/load.js';
import type { Registry } from './engine/step-type.js';
import type { ResolvedInputs, Workflow } from './engine/workflow.js';

export type * from './artifacts/artifact.js';
export { describeProblem, type Place, type Problem, UserError } from './artifacts/user-error.js';
export type { RemoteOptions } from './cache/remote.js';
export type { Reason, RunEvent } from './engine/events.js';
export type { Reference } from './engine/methods/reference.js';
export type { MethodsFacts, MethodsText } from './engine/methods/text.js';
export type { Plan, PlannedInstance } from './engine/plan.js';
export type { ExperimentCounts } from './engine/plan-all.js';
export type { RunResult } from './engine/run.js';
export type { ExperimentResult, RunAllResult } from './engine/run-all.js';
export type { Selection } from './engine/selection.js';
export { type Experiment, listExperiments } from './engine/spec/experiments.js';
export type { InputNote } from './engine/spec/inputs.js';
export { many, one, type Registry, type StepContext, type StepType } from './engine/step-type.js';
export type { Graph, Instance, Workflow } from './engine/workflow.js';
export type { Pool } from './numerics/pool.js';

export interface LoadOptions {
  /** Name of an experiment; of a matrix, the name of a member (`smoothing-fwhm4`). Default: the file as it stands. */
  readonly experiment?: string;
  /** `fwhm=4`, `fit.noise=ols`, `inputs.bold.task=rest`: later ones win. */
  readonly set?: readonly string[];
  /** Step and artifact types that the file may use. Default: those of voxreel. */
  readonly registry?: Registry;
}

export interface PlanOptions {
  /** Folder of the store. Default: the environment's VOXREEL_CACHE, else `.voxreel` beside the workflow file. */
  readonly cache?: string;
  /** Compares the digests of all stored results that would be used, instead of their sizes and times. Default false. */
  readonly verify?: boolean;
  readonly signal?: AbortSignal;
  readonly registry?: Registry;
  /** A part of the workflow, or what runs although it is cached: `{ until: ['fit'], only: ['subject=sub-03'] }`. */
  readonly select?: Selection;
}

export interface RunOptions
  extends PlanOptions,
    Pick<
      RunGraphOptions,
      | 'pool'
      | 'jobs'
      | 'cores'
      | 'memoryMB'
      | 'keepGoing'
      | 'onEvent'
      | 'onPlan'
      | 'leaseTiming'
      | 'remote'
      | 'fetchOnly'
    > {
  /** Folder above `<workflow>/<experiment>/<output>/`. Default: `results` beside the workflow file. */
  readonly results?: string;
}

/**
 * Reads and checks a workflow file.
 * @throws UserError with every problem of the file, each with its line and column.
 */
export async function loadWorkflow(file: string, options: LoadOptions = {}): Promise<Workflow> {
  const { registry, experiment, set } = options;
  return load(file, {
    registry: registry ?? (await builtIn()),
    ...(experiment === undefined ? {} : { experiment }),
    ...(set === undefined ? {} : { set }),
  });
}

/**
 * Reads a workflow file once for each of its experiments, the study without one (`default`) first.
 * @throws UserError with every problem of any of them, each once.
 */
export async function loadExperiments(
  file: string,
  options: Omit<LoadOptions, 'experiment'> = {},
): Promise<readonly Workflow[]> {
  const { loadExperiments: loadAll } = await import('./engine/spec/load-experiments.js');
  return loadAll(file, { ...options, registry: options.registry ?? (await builtIn()) });
}

/**
 * Says what a run would do and why. Runs nothing; reads input files that are new or have changed, to know their digests.
 * @throws UserError when inputs are missing or the cache folder cannot be used.
 */
export async function plan(
  workflow: Workflow,
  options: PlanOptions = {},
): Promise<Plan & { readonly notes: readonly InputNote[] }> {
  const { graph, force, registry, store, notes } = await prepare(workflow, options);
  const planned = await planGraph(graph, {
    store,
    registry,
    force,
    ...(options.verify ? { verify: true } : {}),
    signal: options.signal,
  });
  return { ...planned, notes };
}

/**
 * Makes and publishes the outputs of a workflow; what the store has is not made again. Prints nothing: everything that
 * happens is told to `onEvent`, and failures of steps are in the result.
 * @throws UserError when it cannot start: inputs are missing, the cache folder cannot be written.
 */
export async function run(workflow: Workflow, options: RunOptions = {}): Promise<RunResult> {
  const { graph, force, registry, store, notes } = await prepare(workflow, options);
  for (const { input, message } of notes) {
    options.onEvent?.({ type: 'note', time: Date.now(), instance: `inputs.${input}`, message });
  }
  const { cache: _cache, results, select: selection = {}, ...others } = options;
  const folder = results === undefined ? {} : { resultsDir: results };
  return runGraph(graph, { ...others, registry, store, force, selection, ...folder });
}

/**
 * Plans several experiments of a file as `runAll` would run them. Instances that differ from the first experiment's are
 * named `fit@glover[sub-01]`.
 * @throws UserError as `plan`
 */
export async function planAll(
  workflows: readonly Workflow[],
  options: PlanOptions = {},
): Promise<Plan & { readonly notes: readonly InputNote[]; readonly experiments: readonly ExperimentCounts[] }> {
  const { selected, registry, store, notes } = await prepareAll(workflows, options);
  const { planAll: planGraphs } = await import('./engine/plan-all.js');
  const { verify, signal } = options;
  return { ...(await planGraphs(selected, { store, registry, ...(verify ? { verify } : {}), signal })), notes };
}

export interface RunAllOptions
  extends Omit<RunOptions, 'keepGoing' | 'fetchOnly'>,
    Pick<RunGraphsOptions, 'onExperiment'> {}

/**
 * Runs several experiments of a file as one run: what they share is made once, and each publishes to its own folder. A
 * failure stops only what depends on it.
 * @throws UserError as `run`
 */
export async function runAll(workflows: readonly Workflow[], options: RunAllOptions = {}): Promise<RunAllResult> {
  const { selected, registry, store, notes } = await prepareAll(workflows, options);
  for (const { input, message } of notes) {
    options.onEvent?.({ type: 'note', time: Date.now(), instance: `inputs.${input}`, message });
  }
  const { cache: _cache, results, select: selection = {}, ...others } = options;
  const folder = results === undefined ? {} : { resultsDir: results };
  const { runAll: runGraphs } = await import('./engine/run-all.js');
  return runGraphs(selected, { ...others, registry, store, selection, ...folder });
}

/** The folder of the store that `plan` and `run` use for a workflow unless told otherwise. */
export function defaultCache(workflow: Pick<Workflow, 'baseDir'>): string {
  return path.resolve(process.env.VOXREEL_CACHE || path.join(workflow.baseDir, '.voxreel'));
}

/**
 * The remote cache that the environment names: `VOXREEL_REMOTE` (address), `VOXREEL_REMOTE_TOKEN`,
 * `VOXREEL_REMOTE_READ_ONLY` (1) and `VOXREEL_REMOTE_TIMEOUT` (s). `run` uses only what is given to it.
 * @throws UserError for a timeout that is no number
 */
export function remoteFromEnvironment(env: NodeJS.ProcessEnv = process.env): RemoteOptions | undefined {
  const { VOXREEL_REMOTE: url, VOXREEL_REMOTE_TOKEN: token, VOXREEL_REMOTE_READ_ONLY: readOnly } = env;
  if (!url) return undefined;
  const seconds = Number(env.VOXREEL_REMOTE_TIMEOUT || 10);
  if (!(seconds > 0)) {
    throw new UserError({
      message: `VOXREEL_REMOTE_TIMEOUT is \`${env.VOXREEL_REMOTE_TIMEOUT}\``,
      expected: 'seconds, such as 10',
    });
  }
  return {
    url,
    timeoutMs: seconds * 1000,
    ...(token ? { token } : {}),
    readOnly: readOnly === '1' || readOnly === 'true',
  };
}

async function prepareAll(workflows: readonly Workflow[], options: PlanOptions) {
  const registry = options.registry ?? (await builtIn());
  const notes = new Map<string, InputNote>();
  const selected: Selected[] = [];
  // Most experiments have the same inputs; a big data set is looked through once.
  const found = new Map<string, ResolvedInputs>();
  for (const workflow of workflows) {
    const wanted = JSON.stringify([...workflow.inputs].map(([name, { type, spec }]) => [name, type, spec]));
    const inputs =
      found.get(wanted) ?? (await resolveInputs(workflow, registry, (note) => notes.set(JSON.stringify(note), note)));
    found.set(wanted, inputs);
    selected.push(select(expandGraph(workflow, inputs), options.select ?? {}));
  }
  const store = await openStore(options.cache ?? defaultCache(workflows[0]!));
  return { registry, selected, store, notes: [...notes.values()] };
}

async function prepare(workflow: Workflow, options: PlanOptions) {
  const registry = options.registry ?? (await builtIn());
  const notes: InputNote[] = [];
  const inputs = await resolveInputs(workflow, registry, (note) => notes.push(note));
  const { graph, force } = select(expandGraph(workflow, inputs), options.select ?? {});
  return { registry, graph, force, notes, store: await openStore(options.cache ?? defaultCache(workflow)) };
}

async function builtIn(): Promise<Registry> {
  return (await import('./steps/registry.js')).registry;
}
