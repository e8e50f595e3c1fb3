import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Artifact, Produced } from '../../artifacts/artifact.js';
import { artifactTypes } from '../../artifacts/types.js';
import type { StepContext, StepType } from '../../engine/step-type.js';
import type { Pool } from '../../numerics/pool.js';
import { tasks } from '../../numerics/tasks.js';
import { newFolder } from './folders.js';

/** Something that a step gets. The digest plays no part in steps. */
export function madeArtifact(type: string, produced: Produced, origin = type, label?: string): Artifact {
  return { type, digest: '', meta: produced.meta ?? {}, files: produced.files, origin, ...(label && { label }) };
}

/** A pool without threads: its tasks run here. */
export const noThreads: Pool = {
  threads: 1,
  run: async <R>(task: string, payload: unknown) => (await (await tasks[task]!())(payload)) as R,
  close: async () => {},
};

export interface RunStepOptions {
  /** Default: `noThreads`. */
  readonly pool?: Pool;
  readonly threads?: number;
  readonly signal?: AbortSignal;
  /** Default: a new folder. */
  readonly workDir?: string;
}

export interface StepResult {
  readonly outputs: Readonly<Record<string, Artifact>>;
  readonly notes: readonly string[];
}

/** Runs a step as the engine does: defaults filled in, an empty folder, every output checked by its artifact type. */
export async function runStep(
  step: StepType,
  inputs: StepContext['inputs'],
  params: Readonly<Record<string, unknown>> = {},
  options: RunStepOptions = {},
): Promise<StepResult> {
  const notes: string[] = [];
  const defaults = Object.entries(step.params.properties).filter(([, schema]) => schema.default !== undefined);
  const filled = { ...Object.fromEntries(defaults.map(([name, schema]) => [name, schema.default])), ...params };
  const produced = await step.run({
    params: filled,
    inputs,
    workDir: options.workDir ?? (await newFolder(step.name)),
    instance: step.name,
    threads: options.threads ?? 2,
    signal: options.signal ?? new AbortController().signal,
    pool: options.pool ?? noThreads,
    progress: () => {},
    note: (message) => notes.push(message),
  });
  const declared = (step.dynamicPorts?.(filled) ?? step).outputs;
  const outputs: Record<string, Artifact> = {};
  for (const [port, made] of Object.entries(produced)) {
    const { type } = declared[port]!;
    await artifactTypes.find(({ name }) => name === type)!.check?.(made);
    outputs[port] = madeArtifact(type, made, `steps.${step.name}`);
  }
  return { outputs, notes };
}

/** Contents of every file of an artifact, by role, with its meta: equal only for equal bytes. */
export async function bytesOf(artifact: Artifact): Promise<Record<string, string>> {
  const bytes: Record<string, string> = { meta: JSON.stringify(artifact.meta) };
  for (const [role, file] of Object.entries(artifact.files)) {
    const hash = createHash('sha256').update(await readFile(file));
    bytes[role] = hash.digest('hex');
  }
  return bytes;
}
