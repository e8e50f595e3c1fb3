import path from 'node:path';
import type { Json, JsonObject } from '../artifacts/artifact.js';
import { canonicalJson } from '../cache/canonical-json.js';
import type { Wire, Workflow } from '../engine/workflow.js';

/** A workflow as data, with everything filled in: what a lock file compares to tell whether the file has changed in meaning. */
export interface Definition {
  readonly name: string;
  readonly experiment: string;
  readonly params: JsonObject;
  readonly inputs: Readonly<Record<string, JsonObject>>;
  readonly steps: Readonly<Record<string, StepDefinition>>;
  readonly outputs: Readonly<Record<string, string>>;
}

export interface StepDefinition {
  readonly uses: string;
  readonly version: number;
  readonly foreach?: string;
  readonly in: JsonObject;
  /** Every parameter with its value, defaults too. */
  readonly with: JsonObject;
}

export function definitionOf(workflow: Workflow): Definition {
  return {
    name: workflow.name,
    experiment: workflow.experiment,
    params: workflow.params,
    inputs: Object.fromEntries([...workflow.inputs].map(([name, { type, spec }]) => [name, { type, ...spec }])),
    steps: Object.fromEntries(
      workflow.steps.map(({ name, type, foreach, wires, params }) => [
        name,
        {
          uses: path.isAbsolute(type.name) ? path.relative(workflow.baseDir, type.name) : type.name,
          version: type.version,
          ...(foreach ? { foreach: `${foreach.kind === 'input' ? 'inputs' : 'steps'}.${foreach.name}` } : {}),
          in: Object.fromEntries(Object.entries(wires).map(([port, wire]) => [port, wireText(wire)])),
          with: params,
        },
      ]),
    ),
    outputs: Object.fromEntries([...workflow.outputs].map(([name, { wire }]) => [name, wireText(wire) as string])),
  };
}

/** One thing that is not as it was. */
export interface Change {
  /** `steps.fit.with.noise`. */
  readonly what: string;
  readonly before?: Json;
  readonly after?: Json;
  /** `program`: a newer voxreel computes the step differently; the file says the same. */
  readonly kind: 'file' | 'program';
}

/** Where two definitions differ, leaf by leaf. */
export function changesBetween(before: Definition, after: Definition): Change[] {
  const changes: Change[] = [];
  const walk = (a: Json | undefined, b: Json | undefined, at: string): void => {
    if (isMap(a) && isMap(b)) {
      for (const key of new Set([...Object.keys(a), ...Object.keys(b)]))
        walk(a[key], b[key], at === '' ? key : `${at}.${key}`);
      return;
    }
    if (a !== undefined && b !== undefined && canonicalJson(a) === canonicalJson(b)) return;
    const kind = /^steps\.[^.]+\.version$/.test(at) ? 'program' : 'file';
    changes.push({
      what: at,
      kind,
      ...(a === undefined ? {} : { before: a }),
      ...(b === undefined ? {} : { after: b }),
    });
  };
  walk(before as unknown as Json, after as unknown as Json, '');
  return changes;
}

/** `steps.fit.with.noise: "ols" -> "ar1"`. */
export function changeText({ what, before, after }: Change): string {
  if (before === undefined) return `${what} is new`;
  if (after === undefined) return `${what} is gone`;
  return `${what}: ${JSON.stringify(before)} -> ${JSON.stringify(after)}`;
}

function wireText(wire: Wire | readonly Wire[]): Json {
  if (Array.isArray(wire)) return (wire as readonly Wire[]).map(wireText);
  const one = wire as Wire;
  if (one.kind === 'item') return `item.${one.port}`;
  if (one.kind === 'input') return one.port === undefined ? `inputs.${one.name}` : `inputs.${one.name}.${one.port}`;
  return `steps.${one.step}.${one.port}`;
}

function isMap(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
