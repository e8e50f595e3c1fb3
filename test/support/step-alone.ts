import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import type { Artifact, JsonObject, Produced } from '../../artifacts/artifact.js';
import type { StepType } from '../../engine/step-type.js';

/** An artifact for a test; digests do not matter to steps. */
export function artifact(type: string, files: Record<string, string>, meta: JsonObject = {}): Artifact {
  return { type, digest: '', meta, files, origin: Object.values(files)[0] ?? type };
}

/** What a step produced, as the artifact that the next step gets. */
export function asArtifact(type: string, produced: Produced): Artifact {
  return artifact(type, produced.files, produced.meta ?? {});
}

export interface RunOptions {
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

/** Runs a step outside the engine, with the defaults of its parameters, in a new folder below `dir`. */
export async function runStep(
  step: StepType,
  dir: string,
  inputs: Record<string, Artifact | readonly Artifact[]>,
  params: Record<string, unknown> = {},
  options: RunOptions = {},
) {
  const defaults = Object.entries(step.params.properties)
    .filter(([, schema]) => 'default' in schema)
    .map(([name, schema]) => [name, schema.default]);
  const notes: string[] = [];
  const progress: [number, number, string][] = [];
  const produced = await step.run({
    params: { ...Object.fromEntries(defaults), ...params },
    inputs,
    workDir: await mkdtemp(path.join(dir, `${step.name}-`)),
    instance: step.name,
    threads: options.threads ?? 2,
    signal: options.signal ?? new AbortController().signal,
    pool: undefined as never,
    progress: (done, total, unit) => progress.push([done, total, unit]),
    note: (message) => notes.push(message),
  });
  return { produced, notes, progress };
}
