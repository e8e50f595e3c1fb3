import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import path from 'node:path';
import { folderError } from '../cache/folder-error.js';
import type { LeaseTiming } from '../cache/leases.js';
import type { Store } from '../cache/store.js';
import type { Emit } from './events.js';
import type { Results } from './execution.js';
import type { Plan } from './plan.js';
import { provenanceOf } from './provenance.js';
import { type Member, publish } from './publish.js';
import { safeName } from './result-names.js';
import type { RunDetails } from './run-record.js';
import { artifactMaker } from './sources.js';
import type { Registry } from './step-type.js';
import type { Graph } from './workflow.js';

/** The outputs of a workflow, by name, with what could be made of each. */
export type Members = ReadonlyMap<string, readonly Member[]>;

/** A graph with what is known of the inputs and steps of a run of it. */
export type Delivery = Pick<Plan, 'graph' | 'inputs' | 'keys'>;

/** Folder of the published outputs of a graph. */
export function resultsRoot(graph: Graph, resultsDir?: string): string {
  const { baseDir, name, experiment } = graph.workflow;
  return path.join(path.resolve(resultsDir ?? path.join(baseDir, 'results')), safeName(name), safeName(experiment));
}

/**
 * A results folder that cannot be written is told before hours of work, not after. Nothing is made yet: a run that fails
 * leaves no empty folder.
 * @throws UserError
 */
export async function mustBeWritable(resultsDir: string): Promise<void> {
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

export function membersOf({ graph, inputs }: Delivery, results: Results, store: Store): Members {
  const artifactOf = artifactMaker(graph, inputs, results, store);
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

/** Publishes the outputs of a graph, with how they came to be. Returns what went wrong, by output. */
export async function deliver(
  delivery: Delivery,
  results: Results,
  members: Members,
  options: {
    readonly registry: Registry;
    readonly emit: Emit;
    readonly signal: AbortSignal;
    readonly resultsDir: string;
    readonly leaseTiming: LeaseTiming | undefined;
  },
): Promise<ReadonlyMap<string, unknown>> {
  const { resultsDir, ...others } = options;
  const { name, experiment } = delivery.graph.workflow;
  const describe = results.size > 0 ? { describe: provenanceOf(delivery, { results }) } : {};
  return publish(members, { workflow: name, experiment, root: resultsDir, ...others, ...describe });
}

/** For the log of runs. */
export function digestsOf(members: Members): RunDetails['outputs'] {
  return [...members].flatMap(([output, list]) =>
    list.flatMap(({ artifact, label }) =>
      artifact ? [{ output, ...(label === undefined ? {} : { label }), digest: artifact.digest }] : [],
    ),
  );
}
