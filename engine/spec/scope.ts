import type { Ports, Registry } from '../step-type.js';
import type { SpecDocument } from './document.js';

/** A step whose wires are to be checked. Ports are absent where the step type or its parameters are wrong (reported elsewhere). */
export interface WiredStep {
  readonly name: string;
  readonly ports?: Ports;
  /** Names of its parameters, to recognise one that was written under `in`. */
  readonly paramNames: readonly string[];
  readonly foreach?: Foreach;
  /** Its `foreach` is wrong (reported elsewhere): nothing is said about what depends on it. */
  readonly unclearForeach?: boolean;
}

export type Foreach = { readonly kind: 'input' | 'step'; readonly name: string };

/** What a wire may refer to. An input or step with a fault of its own has no type: wires to it are not judged. */
export interface Scope {
  readonly doc: SpecDocument;
  readonly registry: Registry;
  readonly inputs: ReadonlyMap<string, { readonly type?: string }>;
  readonly steps: ReadonlyMap<string, WiredStep>;
}

/** The collection input at the root of a step's fan-out, through `foreach: steps.x`. */
export function fanOut(step: WiredStep | undefined, steps: ReadonlyMap<string, WiredStep>): string | undefined {
  const seen = new Set<WiredStep>();
  for (let at = step; at?.foreach && !seen.has(at); at = steps.get(at.foreach.name)) {
    if (at.foreach.kind === 'input') return at.foreach.name;
    seen.add(at);
  }
  return undefined;
}

export function itemsOf(registry: Registry, type: string): Readonly<Record<string, string>> | undefined {
  return registry.artifacts.get(type)?.input?.items;
}
