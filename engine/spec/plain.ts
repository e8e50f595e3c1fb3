/** Plain data from YAML, read with tolerance: a part of the wrong kind is reported once, by the schema, and then left out. */

export type PlainMap = Readonly<Record<string, unknown>>;

export function isMap(value: unknown): value is PlainMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The map, or an empty one for anything else (`inputs:` with nothing below it is null). */
export function asMap(value: unknown): PlainMap {
  return isMap(value) ? value : {};
}

export function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
