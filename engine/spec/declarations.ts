import type { Json, JsonSchema } from '../../artifacts/artifact.js';
import type { Problem } from '../../artifacts/user-error.js';
import { checkValue, type Fault } from './check-value.js';
import type { Keys, SpecDocument } from './document.js';
import { asMap, isMap } from './plain.js';
import { declarationSchema } from './schema.js';

/** An entry of `params`: a plain value, or one with a declaration of what it may be. */
export interface DeclaredParam {
  readonly value: Json;
  /** Where the value is in the file. */
  readonly base: Keys;
  /** What values it may have; absent for a plain value. */
  readonly schema?: JsonSchema;
  /** The declaration or its default is wrong (reported). */
  readonly faulty?: boolean;
}

/** What people write from habit, and how it is written here. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  ...{
    min: 'minimum',
    max: 'maximum',
    choices: 'enum',
    values: 'enum',
    options: 'enum',
    units: 'unit',
    value: 'default',
  },
  ...{ help: 'description', range: 'minimum` and `maximum' },
};

/** Reads `params`, telling declarations (a map that has `default`, or nothing but words of declarations) from plain values. */
export function readDeclarations(doc: SpecDocument, problems: Problem[]): ReadonlyMap<string, DeclaredParam> {
  const params = new Map<string, DeclaredParam>();
  for (const [name, raw] of Object.entries(asMap(asMap(doc.value).params))) {
    const base = ['params', name];
    if (!isDeclaration(raw)) {
      params.set(name, { value: raw as Json, base });
      continue;
    }
    const faults = checkValue(declarationSchema, structuredClone(raw), `params.${name}`);
    problems.push(...faults.map((fault) => problemOf(fault, base, doc)));
    const { default: value = null, ...rest } = raw as Record<string, Json>;
    const schema: JsonSchema = 'type' in rest || 'enum' in rest ? rest : { ...typeOf(value), ...rest };
    const valueBase = [...base, 'default'];
    // A type that does not exist and a default that is not there say nothing about the default.
    const wrong = faults.length > 0 ? [] : checkValue(schema, structuredClone(value), `params.${name}.default`);
    problems.push(...wrong.map((fault) => problemOf(fault, valueBase, doc)));
    const faulty = faults.length + wrong.length > 0;
    params.set(name, {
      value,
      base: valueBase,
      ...(faults.length > 0 ? {} : { schema }),
      ...(faulty ? { faulty } : {}),
    });
  }
  return params;
}

/** What is wrong with a value of a declared parameter. */
export function checkDeclared(
  schema: JsonSchema,
  value: Json,
  subject: string,
  place: (keys: Keys) => Problem['place'],
): Problem[] {
  return checkValue(schema, structuredClone(value), subject).map(({ keys, message, expected, hint }) => {
    const at = place(keys);
    const { description } = schema;
    const more = hint ?? (typeof description === 'string' ? description : undefined);
    return {
      message,
      ...(at ? { place: at } : {}),
      ...(expected ? { expected } : {}),
      ...(more ? { hint: more } : {}),
    };
  });
}

/** The kind of value that a parameter without a `type` has: that of its default. */
function typeOf(value: Json): JsonSchema {
  if (value === null) return {};
  return { type: Array.isArray(value) ? 'array' : typeof value };
}

function isDeclaration(raw: unknown): boolean {
  if (!isMap(raw)) return false;
  const known = Object.keys(declarationSchema.properties as object);
  const keys = Object.keys(raw);
  return Object.hasOwn(raw, 'default') || (keys.length > 0 && keys.every((key) => known.includes(key)));
}

function problemOf(fault: Fault, base: Keys, doc: SpecDocument): Problem {
  const keys = [...base, ...fault.keys];
  const meant = fault.atKey ? OTHER_NAMES[String(fault.keys.at(-1))] : undefined;
  const hint = meant ? `It is written \`${meant}\` here.` : fault.hint;
  return {
    message: fault.message,
    place: fault.atKey ? doc.placeOfKey(keys) : doc.placeOf(keys),
    ...(fault.expected ? { expected: fault.expected } : {}),
    ...(hint ? { hint } : {}),
  };
}
