import type { Json } from '../artifacts/artifact.js';
import type { MapSet } from './map-set.js';

/** One of the things that are compared: an experiment or a past run by what a cache holds, or a folder of published results. */
export interface Side {
  /** What the tables call it; no two of a comparison are called the same. */
  readonly name: string;
  readonly workflow: string;
  /** Where its results should be. */
  readonly place: string;
  /** Results with maps, by name; undefined for those that should be there and are not. */
  readonly results: ReadonlyMap<string, SideResult | undefined>;
  readonly parameters: ReadonlyMap<string, Parameter>;
}

export interface SideResult {
  /** Of what was stored: results with the same one need not be read. */
  readonly digest: string;
  sets(): Promise<MapSet[]>;
}

export interface Parameter {
  readonly value: Json;
  readonly unit?: string;
}

/** Types of results that are compared. */
export const WITH_MAPS: readonly string[] = ['maps', 'thresholded'];

export function parameter(value: Json, unit: unknown): Parameter {
  return { value, ...(typeof unit === 'string' ? { unit } : {}) };
}
