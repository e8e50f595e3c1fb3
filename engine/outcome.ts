import { lstat, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Produced } from '../artifacts/artifact.js';
import { UserError } from '../artifacts/user-error.js';
import type { NewResult } from '../cache/store.js';
import type { Job } from './executor/executor.js';
import type { Registry } from './step-type.js';

/**
 * Checks what a step returned before it may enter the store: every declared output is there, its files are regular
 * files in the work folder, and each artifact type finds them sound. What is not as declared is a bug of the step type
 * (Error); what the artifact type refuses is told as it says (UserError).
 */
export async function checkedOutputs(
  produced: Readonly<Record<string, Produced>>,
  job: Job,
  registry: Registry,
): Promise<NewResult['outputs']> {
  const outputs: Record<string, NewResult['outputs'][string]> = {};
  const declared = job.step.ports.outputs;
  for (const port of Object.keys(produced)) {
    if (!(port in declared))
      throw new Error(`step type ${job.step.type.name} returned an output "${port}" it does not declare`);
  }
  for (const [port, { type }] of Object.entries(declared)) {
    const made = produced[port];
    if (!made) throw new Error(`step type ${job.step.type.name} did not return its output "${port}"`);
    for (const [role, file] of Object.entries(made.files)) await checkFile(file, role, job);
    await registry.artifacts.get(type)?.check?.(made);
    outputs[port] = { type, meta: made.meta ?? {}, files: made.files };
  }
  return outputs;
}

async function checkFile(file: string, role: string, job: Job): Promise<void> {
  const below = path.relative(job.workDir, file);
  if (below === '' || below.startsWith('..') || path.isAbsolute(below)) {
    throw new Error(`step type ${job.step.type.name} returned ${role} outside of its work folder: ${file}`);
  }
  const facts = await lstat(file).catch(() => undefined);
  if (facts?.isSymbolicLink() && (await stat(file).catch(() => undefined))?.isFile()) return;
  if (!facts?.isFile()) {
    throw new UserError({
      message: `${job.instance} did not make its output ${role}${facts ? ': it is not a regular file' : ''}`,
      hint: 'See what the step wrote before it ended.',
    });
  }
}
