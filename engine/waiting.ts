import { sourcesOf } from './sources.js';
import type { Instance } from './workflow.js';

/** Who waits for whom among the instances that have no result yet. */
export interface Waiting {
  /** Those that take something from an instance. */
  readonly dependents: ReadonlyMap<string, readonly Instance[]>;
  /** How many others an instance waits for. */
  readonly missing: Map<string, number>;
  /** Longest chain of work first, then the order of the graph: keeps all cores busy to the end, and is reproducible. */
  readonly rank: ReadonlyMap<string, number>;
}

/** @param open instances without a result, each after what it needs. */
export function waitingAmong(open: readonly Instance[]): Waiting {
  const dependents = new Map<string, Instance[]>(open.map(({ id }) => [id, []]));
  const missing = new Map<string, number>();
  for (const instance of open) {
    const sources = sourcesOf(instance).filter((id) => dependents.has(id));
    missing.set(instance.id, sources.length);
    for (const id of sources) dependents.get(id)!.push(instance);
  }
  const height = new Map<string, number>();
  for (let index = open.length - 1; index >= 0; index--) {
    const { id } = open[index]!;
    let highest = 0;
    for (const dependent of dependents.get(id)!) highest = Math.max(highest, height.get(dependent.id)!);
    height.set(id, highest + 1);
  }
  const sorted = [...open].sort((a, b) => height.get(b.id)! - height.get(a.id)!);
  return { dependents, missing, rank: new Map(sorted.map(({ id }, index) => [id, index])) };
}
