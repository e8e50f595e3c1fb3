import type { JsonSchema } from '../../artifacts/artifact.js';

/** A JSON Schema as words for a person: `a number of at least 0, in mm`, ``one of `ols` or `ar1` ``. */
export function describeSchema(schema: JsonSchema): string {
  const text = shape(schema);
  const { unit } = schema;
  return typeof unit === 'string' && unit !== '1' ? `${text}, in ${unit}` : text;
}

function shape(schema: JsonSchema): string {
  if ('const' in schema) return literal(schema.const);
  if (Array.isArray(schema.enum)) {
    const values = schema.enum.map(literal);
    return values.length === 1 ? values[0]! : `one of ${values.join(', ')}`;
  }
  const branches = (schema.anyOf ?? schema.oneOf) as readonly JsonSchema[] | undefined;
  if (branches) return branches.map(shape).join(', or ');
  const types = Array.isArray(schema.type) ? (schema.type as string[]) : [schema.type as string | undefined];
  return types.map((type) => ofType(type, schema)).join(', or ');
}

function ofType(type: string | undefined, schema: JsonSchema): string {
  switch (type) {
    case 'number':
      return `a number${range(schema)}`;
    case 'integer':
      return `a whole number${range(schema)}`;
    case 'string':
      return schema.pattern ? `text that matches ${schema.pattern}` : 'text';
    case 'boolean':
      return 'true or false';
    case 'null':
      return 'null';
    case 'array': {
      const items = schema.items as JsonSchema | undefined;
      return `a list${items ? `, each item ${describeSchema(items)}` : ''}${count(schema)}`;
    }
    case 'object':
      return 'a map of keys and values';
    default:
      return 'a value';
  }
}

function range(schema: JsonSchema): string {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  const parts = [
    minimum !== undefined && maximum !== undefined ? `from ${minimum} to ${maximum}` : '',
    minimum !== undefined && maximum === undefined ? `of at least ${minimum}` : '',
    minimum === undefined && maximum !== undefined ? `of at most ${maximum}` : '',
    exclusiveMinimum !== undefined ? `above ${exclusiveMinimum}` : '',
    exclusiveMaximum !== undefined ? `below ${exclusiveMaximum}` : '',
    multipleOf !== undefined ? `that is a multiple of ${multipleOf}` : '',
  ].filter(Boolean);
  return parts.length ? ` ${parts.join(' and ')}` : '';
}

function count({ minItems, maxItems, uniqueItems }: JsonSchema): string {
  const many = (n: unknown) => `${n} item${n === 1 ? '' : 's'}`;
  const size =
    minItems !== undefined && minItems === maxItems
      ? ` (${many(minItems)})`
      : `${minItems === undefined ? '' : ` (at least ${many(minItems)})`}${maxItems === undefined ? '' : ` (at most ${many(maxItems)})`}`;
  return `${size}${uniqueItems ? ', none twice' : ''}`;
}

/** A value as it would be written in YAML, shortened. */
export function literal(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
