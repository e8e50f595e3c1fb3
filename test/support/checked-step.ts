import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import type { Artifact, Produced } from '../../artifacts/artifact.js';
import { artifactTypes } from '../../artifacts/types.js';
import type { StepContext, StepType } from '../../engine/step-type.js';
import type { Pool } from '../../numerics/pool.js';

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

/** A new folder, removed after the tests of the file. */
export async function newFolder(name: string): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), `voxreel-${name}-`));
  folders.push(folder);
  return folder;
}

/** Something that a step gets. The digest plays no part in steps. */
export function madeArtifact(type: string, produced: Produced, origin = type, label?: string): Artifact {
  return { type, digest: '', meta: produced.meta ?? {}, files: produced.files, origin, ...(label && { label }) };
}

/** Runs a step as the engine does: defaults filled in, an empty folder, every output checked by its artifact type. */
export async function runChecked(
  step: StepType,
  inputs: StepContext['inputs'],
  params: Readonly<Record<string, unknown>>,
  pool: Pool,
): Promise<{ readonly outputs: Readonly<Record<string, Artifact>>; readonly notes: readonly string[] }> {
  const notes: string[] = [];
  const defaults = Object.entries(step.params.properties).filter(([, schema]) => schema.default !== undefined);
  const produced = await step.run({
    params: { ...Object.fromEntries(defaults.map(([name, schema]) => [name, schema.default])), ...params },
    inputs,
    workDir: await newFolder(step.name),
    instance: step.name,
    threads: 2,
    signal: new AbortController().signal,
    pool,
    progress: () => {},
    note: (message) => notes.push(message),
  });
  const outputs: Record<string, Artifact> = {};
  for (const [port, made] of Object.entries(produced)) {
    const { type } = step.outputs[port]!;
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
