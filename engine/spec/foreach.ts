import type { Problem } from '../../artifacts/user-error.js';
import type { Ports, Registry } from '../step-type.js';
import type { SpecDocument } from './document.js';
import type { Entry } from './entry.js';
import { didYouMean, listNames } from './nearest.js';
import { asMap, asText } from './plain.js';
import type { Draft } from './read-entries.js';
import { type Foreach, fanOut, itemsOf, type Scope, type WiredStep } from './scope.js';

/** Everything a wire may refer to, with the fan-out of every step read and checked. */
export function readScope(
  doc: SpecDocument,
  registry: Registry,
  inputEntries: readonly Entry[],
  drafts: readonly Draft[],
  ports: ReadonlyMap<string, Ports | undefined>,
  problems: Problem[],
): Scope {
  const inputs = new Map(inputEntries.map(({ name, raw, schema }) => [name, schema ? { type: String(raw.type) } : {}]));
  const written = asMap(asMap(doc.value).steps);
  const steps = new Map<string, WiredStep>();
  for (const { name, type } of drafts) {
    const text = asText(asMap(written[name]).foreach);
    const place = doc.placeOf(['steps', name, 'foreach']);
    const found = text === undefined ? undefined : readForeach(text, registry, inputs, Object.keys(written));
    const foreach = found && 'kind' in found ? found : undefined;
    if (found && 'message' in found) problems.push({ ...found, place });
    const own = ports.get(name);
    steps.set(name, {
      name,
      paramNames: Object.keys(type?.params.properties ?? {}),
      ...(own ? { ports: own } : {}),
      ...(foreach ? { foreach } : {}),
      ...(found && !foreach ? { unclearForeach: true } : {}),
    });
  }
  for (const { foreach, ...step } of [...steps.values()]) {
    if (foreach?.kind !== 'step' || asMap(written[foreach.name]).foreach !== undefined) continue;
    if (fanOut(steps.get(foreach.name), steps) !== undefined) continue;
    problems.push({
      message: `\`steps.${foreach.name}\` runs once: there is nothing to go through`,
      place: doc.placeOf(['steps', step.name, 'foreach']),
      expected: 'a step that has `foreach` itself, or a collection input',
    });
    steps.set(step.name, { ...step, unclearForeach: true });
  }
  return { doc, registry, inputs, steps };
}

/** Reads `foreach`: a collection input or a step that is fanned out. */
function readForeach(
  text: string,
  registry: Registry,
  inputs: Scope['inputs'],
  steps: readonly string[],
): Foreach | Omit<Problem, 'place'> {
  const [root, name = '', ...rest] = text.split('.');
  const kinds = { inputs: 'input', steps: 'step' } as const;
  if (!(root === 'inputs' || root === 'steps') || rest.length > 0 || name === '') {
    return {
      message: `\`foreach: ${text}\` is not a reference`,
      expected: '`inputs.name` of a collection, or `steps.name` of a fanned-out step',
    };
  }
  const known = root === 'inputs' ? [...inputs.keys()] : steps;
  if (!known.includes(name)) {
    return {
      message: `there is no ${kinds[root]} \`${name}\``,
      expected: listNames(known),
      ...didYouMean(name, known),
    };
  }
  const type = inputs.get(name)?.type;
  if (root === 'inputs' && type !== undefined && !itemsOf(registry, type)) {
    const collections = [...inputs].filter(([, input]) => input.type && itemsOf(registry, input.type));
    const message = `\`inputs.${name}\` is one \`${type}\`, not a collection`;
    if (collections.length > 0)
      return { message, expected: `a collection: ${listNames(collections.map(([input]) => `inputs.${input}`))}` };
    const types = [...registry.artifacts.keys()].filter((candidate) => itemsOf(registry, candidate));
    return {
      message,
      expected: `an input that is a collection (type ${listNames(types)}); this study has none`,
      hint: 'Without `foreach` the step runs once.',
    };
  }
  return { kind: kinds[root], name };
}
