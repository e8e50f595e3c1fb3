import { statSync } from 'node:fs';
import type { Json, JsonObject, ResolvedInput } from '../artifacts/artifact.js';
import { canonicalJson } from '../cache/canonical-json.js';
import type { InputArtifacts } from './input-digests.js';
import type { Instance, Source } from './workflow.js';

/** What a user's input was when a result was made of it. */
export type InputFact = {
  readonly meta: JsonObject;
  /** Role to content digest. */
  readonly files: Readonly<Record<string, string>>;
};

/**
 * The user's inputs of an instance, by port and, in a list, by label: kept beside a result, so that a change can be told
 * file by file. Part of no key.
 */
export type InputFacts = Readonly<Record<string, Readonly<Record<string, InputFact>>>>;

/** What differs in one input, as far as its last facts are known. */
export interface InputDifference {
  readonly files?: readonly { readonly path: string; readonly modified?: string }[];
  readonly facts?: readonly { readonly name: string; readonly before: Json; readonly after: Json }[];
}

export function inputFacts(instance: Instance, inputs: InputArtifacts): InputFacts {
  const facts: Record<string, Record<string, InputFact>> = {};
  for (const [port, input] of userInputs(instance)) {
    const { meta, digests } = inputs.get(input)!;
    const files = Object.fromEntries(Object.entries(digests).map(([role, { digest }]) => [role, digest]));
    facts[port] ??= {};
    facts[port][input.label ?? ''] = { meta, files };
  }
  return facts;
}

/** Paths of the user's files that an instance reads, each once. */
export function userFiles(instance: Instance): string[] {
  return [...new Set([...userInputs(instance)].flatMap(([, { files }]) => Object.values(files)))];
}

/** Which files of the input at a port have another content than `before`, and which facts (a TR) another value. */
export function inputDifference(
  before: InputFacts | undefined,
  instance: Instance,
  port: string,
  label: string | undefined,
  inputs: InputArtifacts,
): InputDifference {
  const [, input] = [...userInputs(instance)].find(
    ([at, one]) => at === port && (label === undefined || one.label === label),
  ) ?? [port, undefined];
  const old = before?.[port]?.[label ?? input?.label ?? ''];
  if (!input || !old) return {};
  const { meta, digests } = inputs.get(input)!;
  const files = Object.keys(digests)
    .filter((role) => old.files[role] !== digests[role]!.digest)
    .map((role) => ({ path: input.files[role]!, ...modified(input.files[role]!) }));
  const names = [...new Set([...Object.keys(old.meta), ...Object.keys(meta)])].sort();
  const facts = names
    .map((name) => ({ name, before: old.meta[name] ?? null, after: meta[name] ?? null }))
    .filter((fact) => canonicalJson(fact.before) !== canonicalJson(fact.after));
  return { ...(files.length > 0 ? { files } : {}), ...(facts.length > 0 ? { facts } : {}) };
}

function modified(file: string): { modified?: string } {
  const facts = statSync(file, { throwIfNoEntry: false });
  return facts ? { modified: facts.mtime.toISOString() } : {};
}

function* userInputs(instance: Instance): Generator<readonly [port: string, input: ResolvedInput]> {
  for (const [port, given] of Object.entries(instance.inputs)) {
    for (const source of (Array.isArray(given) ? given : [given]) as readonly Source[]) {
      if (source.kind === 'input') yield [port, source.input];
    }
  }
}
