import type { Json } from '../artifacts/artifact.js';
import { canonicalJson } from '../cache/canonical-json.js';
import { sha256 } from '../cache/digest.js';
import type { StepNode } from './workflow.js';

/** Raised when the meaning of a key changes though none of its parts does. */
const KEY_FORMAT = 1;

/** An input as it enters a key: a digest, or for a `list` port the members with their labels, in order. */
export type InputDigest = string | readonly (readonly [label: string, digest: string])[];

/** Everything that identifies a result. What is not here (threads, paths, times, names of steps) must not change it. */
export interface Ingredients {
  /** Name of the step type: two types given the same do different things. */
  readonly step: string;
  /** Raised by the type's author when the same input would give another result. */
  readonly version: number;
  /** Every parameter with its value, defaults too: a default that changes in a new version changes the result. */
  readonly params: Readonly<Record<string, Json>>;
  /**
   * Content digests by port. Labels of list members count since tables and maps are named by them; order counts since
   * sums of floating point numbers depend on it. The label of a single input does not count.
   */
  readonly inputs: Readonly<Record<string, InputDigest>>;
  /** Versions of outside programs that change the result, as the step type reports them. */
  readonly tools: Readonly<Record<string, string>>;
}

export type Tools = Readonly<Record<string, string>>;

/** What the instances of a step have in common. */
export interface StepKeys {
  readonly node: StepNode;
  readonly tools: Tools;
  /** Canonical JSON of all but the inputs, made once per step instead of once per instance. */
  readonly tail: string;
}

export function stepKeys(node: StepNode, tools: Tools): StepKeys {
  const rest = canonicalJson({
    keyFormat: KEY_FORMAT,
    params: node.params,
    step: node.type.name,
    tools,
    version: node.type.version,
  });
  return { node, tools, tail: rest.slice(1) };
}

export function ingredientsOf(keys: StepKeys, inputs: Readonly<Record<string, InputDigest>>): Ingredients {
  const { node, tools } = keys;
  return { step: node.type.name, version: node.type.version, params: node.params, inputs, tools };
}

/**
 * The key of a result: sha256 over the canonical JSON of `{inputs, keyFormat, params, step, tools, version}`. `inputs`
 * sorts first, so the text is its own JSON followed by the part that all instances of the step share.
 */
export function keyOf(keys: StepKeys, inputs: Readonly<Record<string, InputDigest>>): string {
  return sha256(`{"inputs":${inputsText(inputs)},${keys.tail}`);
}

/** As `canonicalJson`, in a third of the time for what most instances have: single inputs, whose digests need no quoting. */
function inputsText(inputs: Readonly<Record<string, InputDigest>>): string {
  let text = '';
  for (const port of Object.keys(inputs).sort()) {
    const digest = inputs[port]!;
    const value = typeof digest === 'string' ? `"${digest}"` : canonicalJson(digest);
    text += `${text === '' ? '' : ','}${JSON.stringify(port)}:${value}`;
  }
  return `{${text}}`;
}
