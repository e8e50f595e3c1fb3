import { createRequire } from 'node:module';
import type { Ajv2020, ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import type { JsonSchema } from '../../artifacts/artifact.js';
import { describeSchema, literal } from './describe-schema.js';
import type { Keys } from './document.js';
import { fits } from './fits.js';
import { didYouMean, listNames, nearest } from './nearest.js';
import { FOLDER_PATTERN, NAME_PATTERN } from './schema.js';

/** What a schema finds wrong in a value, with the path to it. */
export interface Fault {
  readonly keys: Keys;
  /** The fault is in a key, not in a value: mark the key. */
  readonly atKey?: boolean;
  readonly message: string;
  readonly expected?: string;
  readonly hint?: string;
}

let ajv: Ajv2020 | undefined;
const compiled = new WeakMap<JsonSchema, ValidateFunction>();

/**
 * The validator of a schema, made when first needed. ajv is loaded here, since a sound file does not need it (see `fits`).
 * Schemas are our own declarations, checked by a test, so they are not checked again.
 * @throws Error if the schema itself is broken.
 */
export function validatorOf(schema: JsonSchema): ValidateFunction {
  const known = compiled.get(schema);
  if (known) return known;
  ajv ??= loadAjv();
  const made = ajv.compile(schema);
  compiled.set(schema, made);
  return made;
}

function loadAjv(): Ajv2020 {
  const module = createRequire(import.meta.url)('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
  return new module.Ajv2020({
    allErrors: true,
    verbose: true,
    strict: false,
    useDefaults: true,
    meta: false,
    validateSchema: false,
    code: { optimize: false },
  });
}

/** Whether a value fits a schema; fills in defaults. */
export function accepts(schema: JsonSchema, value: unknown): boolean {
  return fits(schema, value) || validatorOf(schema)(value);
}

/**
 * Checks a value and fills in the schema's defaults (in place).
 * @param subject what messages call the value (`steps.fit.with`); paths are appended to it.
 */
export function checkValue(schema: JsonSchema, value: unknown, subject = ''): readonly Fault[] {
  if (fits(schema, value)) return [];
  const validate = validatorOf(schema);
  if (validate(value)) return [];
  const faults = relevant(validate.errors ?? []).map((error) => explain(error, subject, value));
  const seen = new Set<string>();
  return faults.filter((fault) => {
    const id = JSON.stringify([fault.keys, fault.atKey ? fault.message : '']);
    return !seen.has(id) && seen.add(id);
  });
}

/** Of the errors in the branches of `anyOf`/`oneOf`, keeps those of the one branch that was meant, else only the choice itself. */
function relevant(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const dropped = new Set<ErrorObject>();
  for (const choice of errors) {
    if (choice.keyword === 'if' || choice.keyword === 'allOf') dropped.add(choice);
    if (choice.keyword !== 'anyOf' && choice.keyword !== 'oneOf') continue;
    const inside = errors.filter((error) => error.schemaPath.startsWith(`${choice.schemaPath}/`));
    const byBranch = new Map<string, ErrorObject[]>();
    for (const error of inside) {
      const branch = error.schemaPath.slice(choice.schemaPath.length + 1).split('/')[0]!;
      byBranch.set(branch, [...(byBranch.get(branch) ?? []), error]);
    }
    // A branch was meant if the value is of its kind, and only details are wrong.
    const otherKind = ({ instancePath, keyword }: ErrorObject) =>
      instancePath === choice.instancePath && ['type', 'enum', 'const'].includes(keyword);
    const meant = [...byBranch.values()].filter((group) => !group.some(otherKind));
    const keep = meant.length === 1 ? meant[0]! : [];
    for (const error of inside) if (!keep.includes(error)) dropped.add(error);
    if (keep.length > 0) dropped.add(choice);
  }
  return errors.filter((error) => !dropped.has(error));
}

function explain(error: ErrorObject, subject: string, root: unknown): Fault {
  const keys = pointerKeys(error.instancePath);
  const schema = error.parentSchema as JsonSchema;
  const name = `\`${pathText(subject, keys)}\``;
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(error.params.additionalProperty);
      const known = Object.keys((schema.properties as object | undefined) ?? {});
      const where = keys.length || subject ? ` in ${name}` : '';
      return {
        keys: [...keys, key],
        atKey: true,
        message: `unknown key \`${key}\`${where}`,
        expected: known.length ? listNames(known) : 'no keys here',
        ...didYouMean(key, known),
      };
    }
    case 'required': {
      const key = String(error.params.missingProperty);
      const property = (schema.properties as Record<string, JsonSchema> | undefined)?.[key];
      return {
        keys,
        message: `\`${key}\` is missing${keys.length || subject ? ` in ${name}` : ''}`,
        ...(property ? { expected: `\`${key}\`: ${describeSchema(property)}` } : {}),
        ...(typeof property?.description === 'string' ? { hint: property.description } : {}),
      };
    }
    case 'pattern':
      // A fault of a name is reported by ajv at the map, once for the pattern and once for propertyNames.
      if (error.propertyName !== undefined) return badName(error.propertyName, keys, String(error.params.pattern));
      break;
    case 'propertyNames':
      return badName(String(error.params.propertyName), keys, String((error.schema as JsonSchema).pattern));
    case 'minProperties':
      return { keys, message: `${name} is empty`, expected: 'at least one entry' };
  }
  const value = keys.reduce<unknown>((at, key) => (at as Record<string | number, unknown>)?.[key], root);
  return {
    keys,
    message: value === null ? `${name} has no value` : `${name} is ${literal(value)}`,
    expected: (error.keyword === 'pattern' && namesIn(String(schema.pattern))) || describeSchema(schema),
    ...hintFor(value, schema),
  };
}

function badName(name: string, keys: Keys, pattern: string): Fault {
  return {
    keys: [...keys, name],
    atKey: true,
    message: `\`${name}\` is not a valid name`,
    expected: namesIn(pattern) ?? `text that matches ${pattern}`,
  };
}

/** The patterns of names in words. */
function namesIn(pattern: string): string | undefined {
  if (pattern === FOLDER_PATTERN) return 'letters, digits, `.`, `_` and `-`, starting with a letter or digit';
  if (pattern === NAME_PATTERN) return 'letters, digits, `_` and `-`, starting with a letter';
  return undefined;
}

function hintFor(value: unknown, schema: JsonSchema): { hint?: string } {
  if (typeof value === 'string' && /\$\{[^}]*$/.test(value)) return { hint: 'The reference lacks its closing `}`.' };
  const bare = typeof value === 'string' && /^\$\{([A-Za-z][\w-]*)\}$/.exec(value);
  if (bare) return { hint: `A parameter of the study is written \`\${params.${bare[1]}}\`.` };
  const types = [schema.type].flat() as unknown[];
  const numeric = types.includes('number') || types.includes('integer');
  if (typeof value === 'string' && numeric && value.trim() !== '' && Number.isFinite(Number(value))) {
    return { hint: `Write it without quotes: ${Number(value)}` };
  }
  if (types.includes('string') && (typeof value === 'number' || typeof value === 'boolean')) {
    return { hint: `Put it in quotes: "${value}"` };
  }
  const choices = choicesOf(schema);
  const best = typeof value === 'string' ? nearest(value, choices) : undefined;
  return best === undefined ? {} : { hint: `Did you mean \`${best}\`?` };
}

function choicesOf(schema: JsonSchema): readonly string[] {
  const branches = [...((schema.anyOf ?? schema.oneOf ?? []) as readonly JsonSchema[])];
  const own = Array.isArray(schema.enum) ? schema.enum : 'const' in schema ? [schema.const] : [];
  return [...own.filter((choice): choice is string => typeof choice === 'string'), ...branches.flatMap(choicesOf)];
}

/** `/steps/fit/with/layers/0` as keys. */
function pointerKeys(pointer: string): Keys {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

function pathText(subject: string, keys: Keys): string {
  const path = keys.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('');
  return subject ? `${subject}${path}` : path.replace(/^\./, '');
}
