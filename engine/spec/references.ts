// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the notation of the workflow file
import type { Json, JsonSchema } from '../../artifacts/artifact.js';
import type { Place, Problem } from '../../artifacts/user-error.js';
import type { Keys } from './document.js';
import { didYouMean, listNames } from './nearest.js';

/** A parameter of the study: its value for this experiment and where that value was written. */
export interface Param {
  readonly value: Json;
  /** For messages: `params.fwhm`, `experiments.glover.hrf`, `--set fwhm=4`. */
  readonly source: string;
  /** The value itself is wrong (reported where it is written): nothing is said about its uses. */
  readonly faulty?: boolean;
  /** What the file declares that it may be. */
  readonly schema?: JsonSchema;
  placeOf(keys: Keys): Place;
}

/** A part of the file with every `${params.x}` replaced, that still knows where each value was written. */
export interface Replaced {
  readonly value: Json;
  readonly problems: readonly Problem[];
  /** True where a reference could not be replaced: nothing more should be said about that value. */
  isUnknown(keys: Keys): boolean;
  /** The place of the value itself: for a replaced one that is under `params`, not where it is used. */
  placeOf(keys: Keys): Place;
  /** Where a replaced value came from, for messages. */
  sourceOf(keys: Keys): string | undefined;
}

const REFERENCE = /\$\{([A-Za-z][\w-]*)\.([^}]*)\}/g;
const WHOLE = /^\$\{params\.([^}]*)\}$/;

/** The parameter a value consists of, if it is exactly `${params.name}`. */
export function wholeReference(value: unknown): string | undefined {
  return typeof value === 'string' ? WHOLE.exec(value)?.[1] : undefined;
}

/**
 * Replaces parameters in plain data. `${params.x}` as a whole string takes the value with its type; inside a longer
 * string it takes the text of a number, text or truth value. Anything else with `$` stays as it is.
 */
export function replaceReferences(
  raw: unknown,
  placeOf: (keys: Keys) => Place,
  params: ReadonlyMap<string, Param>,
): Replaced {
  const problems: Problem[] = [];
  const origins: { keys: Keys; param: Param }[] = [];
  const unknown: Keys[] = [];

  const fail = (keys: Keys, problem: Omit<Problem, 'place'>) => {
    unknown.push(keys);
    problems.push({ ...problem, place: placeOf(keys) });
  };
  const lookUp = (name: string, keys: Keys): Param | undefined => {
    const param = params.get(name);
    if (param?.faulty) unknown.push(keys);
    if (!param) {
      const message = `there is no parameter \`${name}\` under \`params\``;
      fail(keys, { message, expected: listNames(params.keys()), ...didYouMean(name, params.keys()) });
    }
    return param;
  };
  const text = (value: string, keys: Keys): Json => {
    const whole = wholeReference(value);
    if (whole !== undefined) {
      const param = lookUp(whole, keys);
      if (!param) return value;
      origins.push({ keys, param });
      return structuredClone(param.value) as Json;
    }
    return value.replace(REFERENCE, (found, root: string, name: string) => {
      if (root !== 'params') {
        const expected = '`${params.name}`: parameters are the only references here';
        const hint = ['inputs', 'steps', 'item'].includes(root)
          ? `Wires go under \`in\`, as bare \`${root}.${name}\`.`
          : undefined;
        fail(keys, { message: `\`${found}\` is not a parameter`, expected, ...(hint ? { hint } : {}) });
        return found;
      }
      const param = lookUp(name, keys);
      if (!param) return found;
      if (typeof param.value === 'object') {
        const message = `\`${found}\` is ${Array.isArray(param.value) ? 'a list' : param.value === null ? 'null' : 'a map'} and cannot be part of a text`;
        fail(keys, { message, expected: 'a number, a text or true/false, or the reference alone' });
        return found;
      }
      return String(param.value);
    });
  };
  const walk = (value: unknown, keys: Keys): Json => {
    if (typeof value === 'string') return text(value, keys);
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...keys, index]));
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, [...keys, key])]));
    }
    return value as Json;
  };

  const originOf = (keys: Keys) => origins.find((origin) => isPrefix(origin.keys, keys));
  return {
    value: walk(raw, []),
    problems,
    isUnknown: (keys) => unknown.some((failed) => isPrefix(failed, keys)),
    placeOf(keys) {
      const origin = originOf(keys);
      return origin ? origin.param.placeOf(keys.slice(origin.keys.length)) : placeOf(keys);
    },
    sourceOf: (keys) => originOf(keys)?.param.source,
  };
}

export function isPrefix(prefix: Keys, keys: Keys): boolean {
  return prefix.length <= keys.length && prefix.every((key, index) => String(key) === String(keys[index]));
}
