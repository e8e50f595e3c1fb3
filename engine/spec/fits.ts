import { isDeepStrictEqual } from 'node:util';
import type { JsonSchema } from '../../artifacts/artifact.js';

type Check = (limit: any, value: any, schema: JsonSchema, fill: boolean) => boolean;

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const onNumber =
  (holds: (value: number, limit: number) => boolean): Check =>
  (limit, value) =>
    typeof value !== 'number' || holds(value, limit);
const onList =
  (holds: (value: readonly unknown[], limit: any, fill: boolean) => boolean): Check =>
  (limit, value, _, fill) =>
    !Array.isArray(value) || holds(value, limit, fill);
const onMap =
  (holds: (value: Record<string, unknown>, limit: any, schema: JsonSchema, fill: boolean) => boolean): Check =>
  (limit, value, schema, fill) =>
    !isMap(value) || holds(value, limit, schema, fill);
const always: Check = () => true;

const checks: Readonly<Record<string, Check>> = {
  description: always,
  examples: always,
  title: always,
  default: always,
  unit: always,
  type: (types, value) => [types].flat().some((type) => isOfType(type, value)),
  const: (only, value) => isDeepStrictEqual(value, only),
  enum: (choices: readonly unknown[], value) => choices.some((choice) => isDeepStrictEqual(value, choice)),
  minimum: onNumber((value, limit) => value >= limit),
  maximum: onNumber((value, limit) => value <= limit),
  exclusiveMinimum: onNumber((value, limit) => value > limit),
  exclusiveMaximum: onNumber((value, limit) => value < limit),
  // Characters, not halves of them.
  minLength: (limit, value) => typeof value !== 'string' || [...value].length >= limit,
  maxLength: (limit, value) => typeof value !== 'string' || [...value].length <= limit,
  pattern: (pattern, value) => typeof value !== 'string' || new RegExp(pattern, 'u').test(value),
  items: onList((value, items, fill) => value.every((item) => fits(items, item, fill))),
  minItems: onList((value, limit) => value.length >= limit),
  maxItems: onList((value, limit) => value.length <= limit),
  uniqueItems: onList((value, unique) =>
    unique ? value.every((item, i) => value.findIndex((other) => isDeepStrictEqual(other, item)) === i) : true,
  ),
  required: onMap((value, names: readonly string[]) =>
    names.every((name) => Object.hasOwn(value, name) && value[name] !== undefined),
  ),
  minProperties: onMap((value, limit) => Object.keys(value).length >= limit),
  maxProperties: onMap((value, limit) => Object.keys(value).length <= limit),
  propertyNames: onMap((value, names) => Object.keys(value).every((name) => fits(names, name, false))),
  properties: onMap((value, properties: Record<string, JsonSchema>, _, fill) =>
    Object.entries(properties).every(
      ([name, schema]) => !Object.hasOwn(value, name) || fits(schema, value[name], fill),
    ),
  ),
  additionalProperties: onMap((value, rest, schema, fill) =>
    Object.entries(value).every(([name, item]) => {
      if (Object.hasOwn((schema.properties ?? {}) as object, name)) return true;
      return typeof rest === 'boolean' ? rest : fits(rest, item, fill);
    }),
  ),
  anyOf: (branches: readonly JsonSchema[], value) => branches.some((branch) => fits(branch, value, false)),
  oneOf: (branches: readonly JsonSchema[], value) =>
    branches.filter((branch) => fits(branch, value, false)).length === 1,
};

/**
 * Whether a value fits a schema, filling in the defaults of `properties` on the way. True is the same as ajv's answer;
 * false means that ajv has to be asked, which also finds the words: the value does not fit, or the schema has a keyword that
 * declarations do not use. Loading ajv and compiling schemas takes longer than all else a run does that finds
 * everything cached; this takes microseconds.
 */
export function fits(schema: JsonSchema, value: unknown, fill = true): boolean {
  if (fill && isMap(value)) fillDefaults(schema, value);
  return Object.entries(schema).every(([keyword, limit]) => checks[keyword]?.(limit, value, schema, fill) ?? false);
}

function fillDefaults({ properties }: JsonSchema, value: Record<string, unknown>): void {
  for (const [name, property] of Object.entries((properties ?? {}) as Record<string, JsonSchema>)) {
    if ('default' in property && value[name] === undefined) value[name] = structuredClone(property.default);
  }
}

function isOfType(type: string, value: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isMap(value);
    case 'integer':
      return Number.isInteger(value);
    case 'number':
      return Number.isFinite(value);
    case 'string':
    case 'boolean':
      return typeof value === type;
    default:
      return false;
  }
}
