import { canonicalJson } from '../cache/canonical-json.js';
import { sha256 } from '../cache/digest.js';
import type { Computed, Value } from './compute.js';
import { contentsOf } from './contents.js';
import { definitionOf } from './definition.js';
import { type Environment, environment } from './environment.js';
import { fingerprintOf } from './fingerprint.js';
import { LOCK_FORMAT, type Lock, type LockedValue } from './lock-file.js';

/** Fingerprints everything that flows through a study. */
export async function makeLock(computed: Computed, signal?: AbortSignal): Promise<Lock> {
  const locked = async (values: readonly Value[]) => {
    const entries: [string, LockedValue][] = [];
    for (const value of values) entries.push([value.id, await lockedValue(value, signal)]);
    return Object.fromEntries(entries);
  };
  return {
    format: LOCK_FORMAT,
    about: 'Written by `voxreel lock`. `voxreel verify` recomputes the study and compares.',
    definition: definitionOf(computed.graph.workflow),
    environment: environmentOf(computed),
    inputs: await locked(computed.inputs),
    results: await locked(computed.results),
  };
}

export async function lockedValue({ artifact, record }: Value, signal?: AbortSignal): Promise<LockedValue> {
  const contents: Record<string, Awaited<ReturnType<typeof fingerprintOf>>> = {};
  for (const content of await contentsOf(artifact)) contents[content.name] = await fingerprintOf(content, signal);
  const digests = Object.entries(contents).map(([name, { digest, form }]) => [name, digest, form]);
  const digest = sha256(canonicalJson([artifact.type, digests])).slice(0, 16);
  return { type: artifact.type, digest, ...(record ? { key: record.key } : {}), contents };
}

/** Of this process, and the programs that steps used. */
export function environmentOf({ graph, results }: Computed): Environment {
  const tools: Record<string, string> = {};
  for (const { instance, record } of results) {
    const { name } = graph.byId.get(instance!)!.step;
    for (const [tool, version] of Object.entries((record?.ingredients.tools ?? {}) as Record<string, string>))
      tools[`${name}: ${tool}`] = version;
  }
  return { ...environment(), ...tools };
}
