import type { Json, JsonSchema } from '../../artifacts/artifact.js';
import type { Place, Problem } from '../../artifacts/user-error.js';
import { checkValue, type Fault } from './check-value.js';
import { withValue } from './coerce.js';
import type { Keys, SpecDocument } from './document.js';
import type { PlainMap } from './plain.js';
import { isPrefix, type Param, replaceReferences } from './references.js';

/** A part of the file that a declaration governs: an entry of `inputs`, or the `with` of a step. */
export interface Entry {
  readonly kind: 'input' | 'step';
  readonly name: string;
  /** Where it is in the file. */
  readonly base: Keys;
  readonly raw: PlainMap;
  /** Absent where its type is unknown (reported elsewhere). */
  readonly schema?: JsonSchema;
}

/** A `--set` that goes into an entry. */
export interface Assignment {
  readonly kind: 'input' | 'step';
  readonly name: string;
  readonly keys: Keys;
  readonly value: Json;
  readonly place: Place;
}

export interface CheckedEntry {
  /** Overrides and parameters put in, defaults filled in. */
  readonly value: Readonly<Record<string, Json>>;
  readonly problems: readonly Problem[];
  placeOf(keys: Keys): Place;
}

/** Puts overrides and parameters into an entry and checks it against its schema. */
export function checkEntry(
  entry: Entry,
  doc: SpecDocument,
  params: ReadonlyMap<string, Param>,
  assignments: readonly Assignment[],
): CheckedEntry {
  const own = assignments.filter(({ kind, name }) => kind === entry.kind && name === entry.name);
  const raw = own.reduce<unknown>((data, { keys, value }) => withValue(data, keys, value), entry.raw);
  const assigned = (keys: Keys) => own.findLast((assignment) => isPrefix(assignment.keys, keys));
  const inFile = (keys: Keys) => assigned(keys)?.place ?? doc.placeOf([...entry.base, ...keys]);
  const replaced = replaceReferences(raw, inFile, params);
  const faults = entry.schema ? checkValue(entry.schema, replaced.value, subjectOf(entry)) : [];
  const toProblem = ({ keys, atKey, message, expected, hint }: Fault): Problem => {
    // A key is written where it stands, though its value may come from elsewhere.
    const written = atKey ? keys.slice(0, -1) : keys;
    const source = replaced.sourceOf(written);
    const place =
      atKey && !source && !assigned(keys) ? doc.placeOfKey([...entry.base, ...keys]) : replaced.placeOf(keys);
    return {
      message: source ? `${message} (from \`${source}\`)` : message,
      place,
      ...(expected ? { expected } : {}),
      ...(hint ? { hint } : {}),
    };
  };
  return {
    value: replaced.value as Record<string, Json>,
    problems: [...replaced.problems, ...faults.filter((fault) => !replaced.isUnknown(fault.keys)).map(toProblem)],
    placeOf: replaced.placeOf,
  };
}

function subjectOf({ kind, name }: Entry): string {
  return kind === 'input' ? `inputs.${name}` : `${name}.with`;
}
