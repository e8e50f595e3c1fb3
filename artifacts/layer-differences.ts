import type { JsonObject } from './artifact.js';

/** Two layers of which the second's probability is taken from the first's. */
export type LayerPair = readonly [first: string, second: string];

/** Name of the row that holds a difference. */
export function differenceName([first, second]: LayerPair): string {
  return `${first}-${second}`;
}

/** The rows of maps that are differences, by name; the names alone do not tell, since a layer may have a hyphen. */
export function differencesIn(meta: JsonObject): ReadonlyMap<string, LayerPair> {
  const pairs = (meta.differences ?? []) as unknown as readonly LayerPair[];
  return new Map(pairs.map((pair) => [differenceName(pair), pair]));
}
