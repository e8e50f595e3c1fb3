import { parse } from 'yaml';
import type { Json, JsonSchema } from '../../artifacts/artifact.js';
import type { Place, Problem } from '../../artifacts/user-error.js';
import { accepts } from './check-value.js';
import { describeSchema, literal } from './describe-schema.js';
import type { Keys } from './document.js';
import { didYouMean } from './nearest.js';

/** One `--set a.b=value` of the command line. */
export interface Override {
  /** `a.b`, split at the dots. */
  readonly path: readonly string[];
  readonly text: string;
  readonly place: Place;
}

/**
 * The text as the value that all the schemas accept: as YAML (`4`, `true`, `[0, 4]`), as the text itself (a text
 * parameter keeps `1` a text), or as a list (`conv1_1,conv5_3`).
 */
export function coerce({ text, place, path }: Override, schemas: readonly JsonSchema[]): { value: Json } | Problem {
  const candidates = [...yamlValues(text), text, ...yamlValues(`[${text}]`)];
  const failing = (value: Json) => schemas.find((schema) => !accepts(schema, structuredClone(value)));
  const value = candidates.find((candidate) => !failing(candidate));
  if (value !== undefined) return { value };
  const expected = describeSchema(failing(candidates[0]!)!);
  const choices = schemas.flatMap((schema) => (Array.isArray(schema.enum) ? (schema.enum as unknown[]) : []));
  const strings = choices.filter((choice): choice is string => typeof choice === 'string');
  return {
    message: `\`${path.join('.')}\` cannot be ${literal(candidates[0])}`,
    place,
    expected,
    ...didYouMean(text, strings),
  };
}

function yamlValues(text: string): Json[] {
  try {
    return [parse(text, { maxAliasCount: 0 }) as Json];
  } catch {
    return [];
  }
}

/** A schema for a value that no step constrains: it keeps the kind of value that the file has. */
export function sameKind(value: Json | undefined): readonly JsonSchema[] {
  if (value === null || value === undefined) return [];
  return [{ type: Array.isArray(value) ? 'array' : typeof value }];
}

/** The part of a schema that governs the value at `keys`; the valid names where a key does not exist. */
export function schemaAt(
  schema: JsonSchema,
  keys: Keys,
): { schema: JsonSchema } | { unknown: string; known: readonly string[] } {
  const [key, ...rest] = keys;
  if (key === undefined) return { schema };
  const properties = (schema.properties ?? {}) as Record<string, JsonSchema>;
  if (Object.hasOwn(properties, key)) return schemaAt(properties[key]!, rest);
  if (typeof key === 'number' && isSchema(schema.items)) return schemaAt(schema.items, rest);
  if (isSchema(schema.additionalProperties)) return schemaAt(schema.additionalProperties, rest);
  for (const branch of (schema.anyOf ?? schema.oneOf ?? []) as readonly JsonSchema[]) {
    const found = schemaAt(branch, keys);
    if ('schema' in found) return found;
  }
  return { unknown: String(key), known: Object.keys(properties) };
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null;
}

/** A copy of plain data with one value replaced; maps on the way are made where they are missing. */
export function withValue(data: unknown, keys: Keys, value: Json): unknown {
  const [key, ...rest] = keys;
  if (key === undefined) return value;
  if (Array.isArray(data))
    return data.map((item, index) => (String(index) === String(key) ? withValue(item, rest, value) : item));
  const map = typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {};
  return { ...map, [key]: withValue(map[key], rest, value) };
}
