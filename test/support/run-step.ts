import { createHash } from 'node:crypto';
import { mkdtemp, readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Artifact, Produced } from '../../artifacts/artifact.js';
import type { StepType } from '../../engine/step-type.js';
import type { Pool } from '../../numerics/pool.js';

/** A new folder below the system's temporary one. */
export function emptyFolder(name: string): Promise<string> {
  return mkdtemp(path.join(os.tmpdir(), `voxreel-${name}-`));
}

/** What a step or a writer produced, as the artifact that a step gets. */
export function asArtifact(type: string, produced: Produced, origin: string = type): Artifact {
  return { type, digest: '', meta: produced.meta ?? {}, files: produced.files, origin };
}

/** A digest over roles, contents and meta: equal for equal results, wherever they lie. */
export async function digestOf(produced: Produced): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(produced.meta ?? {}));
  for (const role of Object.keys(produced.files).sort()) {
    hash.update(`\n${role}\n`).update(await readFile(produced.files[role]!));
  }
  return hash.digest('hex');
}

/** Runs a step outside the engine, with the defaults of its parameters. */
export async function runStep(
  step: StepType,
  inputs: Record<string, Artifact | readonly Artifact[]>,
  params: Record<string, unknown> = {},
  pool?: Pool,
) {
  const defaults = Object.entries(step.params.properties)
    .filter(([, schema]) => 'default' in schema)
    .map(([name, schema]) => [name, schema.default]);
  const notes: string[] = [];
  const outputs = await step.run({
    params: { ...Object.fromEntries(defaults), ...params },
    inputs,
    workDir: await emptyFolder(step.name),
    instance: step.name,
    threads: 2,
    signal: new AbortController().signal,
    pool: pool as Pool,
    progress: () => {},
    note: (message) => notes.push(message),
  });
  return { outputs, notes };
}
