import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Artifact, ResolvedInput } from '../artifacts/artifact.js';
import { makeFolder } from '../cache/make-folder.js';
import type { StoreRecord } from '../cache/record.js';
import { openStore, type Store } from '../cache/store.js';
import { ownedName, removeAbandoned } from '../cache/work-folders.js';
import type { RunEvent } from '../engine/events.js';
import { expandGraph } from '../engine/graph.js';
import { plan } from '../engine/plan.js';
import { run } from '../engine/run.js';
import { artifactMaker } from '../engine/sources.js';
import { resolveInputs } from '../engine/spec/inputs.js';
import type { Registry } from '../engine/step-type.js';
import type { Graph, ResolvedInputs, Workflow } from '../engine/workflow.js';

export interface ComputeOptions {
  /** Folder of the store. */
  readonly cache: string;
  readonly registry: Registry;
  readonly cores?: number;
  readonly memoryMB?: number;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
  /** What flows in instead of the user's files. Default: those. */
  readonly inputs?: ResolvedInputs;
}

/** One output of an instance, or one of the user's inputs. */
export interface Value {
  /** `fit[sub-01].fit`, `inputs.bold[sub-01].mask`. */
  readonly id: string;
  readonly artifact: Artifact;
  /** Of an output of an instance. */
  readonly instance?: string;
  readonly record?: StoreRecord;
}

/** Everything that flows through a study, computed. */
export interface Computed {
  readonly graph: Graph;
  readonly store: Store;
  readonly names: ReadonlyMap<ResolvedInput, string>;
  /** In the order of the workflow. */
  readonly inputs: readonly Value[];
  /** In an order in which every result comes after what it was made from. */
  readonly results: readonly Value[];
}

/**
 * Brings every result of a study into the store of `cache`; publishes nothing.
 * @returns undefined when a step failed or the run was interrupted: the events have said so
 */
export async function compute(workflow: Workflow, options: ComputeOptions): Promise<Computed | undefined> {
  const { registry, signal } = options;
  const inputs = options.inputs ?? (await resolveInputs(workflow, registry));
  const graph = expandGraph(workflow, inputs);
  const store = await openStore(options.cache);
  const result = await run(
    { ...graph, outputs: new Map() },
    {
      store,
      registry,
      resultsDir: path.join(store.dir, 'unpublished'),
      ...(options.cores === undefined ? {} : { cores: options.cores }),
      ...(options.memoryMB === undefined ? {} : { memoryMB: options.memoryMB }),
      ...(signal ? { signal } : {}),
      ...(options.onEvent ? { onEvent: options.onEvent } : {}),
    },
  );
  if (!result.ok) return undefined;
  const planned = await plan(graph, { store, registry, signal });
  const keys = new Map(planned.instances.flatMap(({ instance, record }) => (record ? [[instance.id, record]] : [])));
  const artifactOf = artifactMaker(graph, planned.inputs, keys, store);
  const results = graph.instances.flatMap((instance): Value[] =>
    Object.keys(instance.step.ports.outputs)
      .filter((port) => keys.get(instance.id)?.outputs[port])
      .map((port) => ({
        id: `${instance.id}.${port}`,
        instance: instance.id,
        artifact: artifactOf({ kind: 'instance', id: instance.id, port }),
        record: store.read(keys.get(instance.id)!.key) as StoreRecord,
      })),
  );
  const names = inputNames(inputs);
  const values = [...names].filter(([input]) => planned.inputs.has(input));
  return {
    graph,
    store,
    names,
    results,
    inputs: values.map(([input, id]) => ({ id, artifact: artifactOf({ kind: 'input', input }) })),
  };
}

/** What messages and lock files call each input: `inputs.movie`, `inputs.bold[sub-01].mask`. */
export function inputNames(inputs: ResolvedInputs): Map<ResolvedInput, string> {
  const names = new Map<ResolvedInput, string>();
  for (const [name, input] of inputs) {
    if ('files' in input) names.set(input, `inputs.${name}`);
    else
      for (const { label, ports } of input)
        for (const [port, one] of Object.entries(ports)) names.set(one, `inputs.${name}[${label}].${port}`);
  }
  return names;
}

/** Lends an empty store beside a cache, on the same disk, and removes it afterwards; those of killed processes too. */
export async function withEmptyCache<T>(cache: string, work: (cache: string) => Promise<T>): Promise<T> {
  const parent = path.join(path.resolve(cache), 'verify');
  await removeAbandoned(parent);
  const dir = path.join(parent, ownedName());
  await makeFolder(dir);
  try {
    return await work(dir);
  } finally {
    await rm(dir, { recursive: true, force: true, maxRetries: 3 });
  }
}
