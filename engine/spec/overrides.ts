import type { Problem } from '../../artifacts/user-error.js';
import { coerce, type Override, sameKind, schemaAt, withValue } from './coerce.js';
import type { Keys } from './document.js';
import type { Assignment, Entry } from './entry.js';
import { didYouMean, listNames } from './nearest.js';
import type { Param } from './references.js';
import { usesOf } from './uses.js';

interface Target {
  readonly kind: 'param' | 'input' | 'step';
  readonly name: string;
  /** Path inside the parameter, the entry of the input, or the `with` of the step. */
  readonly keys: Keys;
}

/** The names that can be set. */
export interface Names {
  readonly params: readonly string[];
  readonly inputs: readonly string[];
  readonly steps: readonly string[];
}

/**
 * Reads the overrides and types each value by the schema of what it sets; a parameter of the study by its declaration
 * and those of all the places that use it, or else by the kind of value it has in the file.
 */
export function readOverrides(
  set: readonly string[],
  names: Names,
  entries: readonly Entry[],
  params: ReadonlyMap<string, Param>,
): {
  params: ReadonlyMap<string, Param>;
  assignments: readonly Assignment[];
  /** Those of `set` that the assignments come from. */
  assigned: readonly string[];
  problems: readonly Problem[];
} {
  const replaced = new Map(params);
  const assigned: string[] = [];
  const assignments: Assignment[] = [];
  const problems: Problem[] = [];
  for (const argument of set) {
    const override = parseOverride(argument);
    const target = 'message' in override ? override : findTarget(override, names);
    if ('message' in override || 'message' in target) {
      problems.push(target as Problem);
      continue;
    }
    const { name, keys, kind } = target;
    if (kind === 'param') {
      const before = replaced.get(name)!;
      const uses = usesOf(name, keys, entries);
      const kind = uses.length > 0 || keys.length > 0 ? uses : sameKind(before.value);
      const declared = keys.length === 0 ? before.schema : undefined;
      const result = coerce(override, declared ? [declared, ...uses] : kind);
      if ('message' in result) problems.push(result);
      else {
        const value = withValue(before.value, keys, result.value) as Param['value'];
        const own = before.schema ? { schema: before.schema } : {};
        replaced.set(name, { value, source: override.place.file, placeOf: () => override.place, ...own });
      }
      continue;
    }
    const entry = entries.find((candidate) => candidate.kind === kind && candidate.name === name);
    if (!entry?.schema) continue;
    const found = schemaAt(entry.schema, keys);
    if ('unknown' in found) {
      const message = `\`${name}\` has no \`${found.unknown}\` to set`;
      problems.push({
        message,
        place: override.place,
        expected: listNames(found.known),
        ...didYouMean(found.unknown, found.known),
      });
      continue;
    }
    const result = coerce(override, [found.schema]);
    if ('message' in result) problems.push(result);
    else {
      assignments.push({ kind, name, keys, value: result.value, place: override.place });
      assigned.push(argument);
    }
  }
  return { params: replaced, assignments, assigned, problems };
}

function parseOverride(argument: string): Override | Problem {
  const place = { file: `--set ${argument}` };
  const at = argument.indexOf('=');
  const path = argument.slice(0, Math.max(0, at)).trim().split('.');
  if (at < 0 || path.some((part) => part === '')) {
    return {
      message: 'this does not set anything',
      place,
      expected: '`name=value`, `step.parameter=value` or `inputs.name.key=value`',
    };
  }
  return { path, text: argument.slice(at + 1), place };
}

/** Finds what is set: `fwhm`, `params.fwhm`, `fit.noise`, `steps.fit.noise`, `inputs.bold.task`. */
function findTarget({ path, place }: Override, names: Names): Target | Problem {
  const [first, second, ...rest] = path as [string, string | undefined, ...string[]];
  const wrong = (message: string, known: readonly string[], name: string): Problem => ({
    message,
    place,
    expected: listNames(known),
    ...didYouMean(name, known),
  });
  if (first === 'params' && second !== undefined) {
    if (names.params.includes(second)) return { kind: 'param', name: second, keys: rest };
    return wrong(`there is no parameter \`${second}\` under \`params\``, names.params, second);
  }
  if ((first === 'steps' || first === 'inputs') && second !== undefined) {
    const known = names[first];
    const kind = first === 'steps' ? 'step' : 'input';
    if (!known.includes(second)) return wrong(`there is no ${kind} \`${second}\``, known, second);
    if (rest.length > 0) return { kind, name: second, keys: rest };
    const example = kind === 'step' ? `${second}.parameter=value` : `inputs.${second}.key=value`;
    return { message: `a whole ${kind} cannot be set`, place, expected: `\`${example}\`` };
  }
  if (second === undefined || names.params.includes(first)) {
    const keys = second === undefined ? [] : [second, ...rest];
    if (names.params.includes(first)) return { kind: 'param', name: first, keys };
    return wrong(`there is no parameter \`${first}\` under \`params\``, names.params, first);
  }
  if (names.steps.includes(first)) return { kind: 'step', name: first, keys: [second, ...rest] };
  return wrong(`there is no step \`${first}\``, names.steps, first);
}
