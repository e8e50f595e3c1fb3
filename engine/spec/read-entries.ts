import path from 'node:path';
import type { JsonSchema } from '../../artifacts/artifact.js';
import type { Place, Problem } from '../../artifacts/user-error.js';
import { UserError } from '../../artifacts/user-error.js';
import type { Registry, StepType } from '../step-type.js';
import type { SpecDocument } from './document.js';
import type { Entry } from './entry.js';
import { didYouMean, listNames } from './nearest.js';
import { asMap, asText } from './plain.js';
import { inputSchema, paramsSchema } from './schema.js';
import { isStepFile, loadStepFile } from './step-file.js';

/** An entry of `steps` on its way to being a StepNode. */
export interface Draft extends Entry {
  readonly type?: StepType;
  readonly place: Place;
}

export function readInput(
  name: string,
  raw: unknown,
  doc: SpecDocument,
  registry: Registry,
  problems: Problem[],
): Entry {
  const entry: Entry = { kind: 'input', name, base: ['inputs', name], raw: asMap(raw) };
  const typeName = asText(entry.raw.type);
  if (typeName === undefined) return entry;
  const type = registry.artifacts.get(typeName);
  if (type?.input) return { ...entry, schema: schemaOf(type, () => inputSchema(type)) };
  const known = [...registry.artifacts.values()]
    .filter((candidate) => candidate.input)
    .map((candidate) => candidate.name);
  problems.push({
    message: type
      ? `a \`${typeName}\` comes out of a step and cannot be an input`
      : `there is no input type \`${typeName}\``,
    place: doc.placeOf([...entry.base, 'type']),
    expected: listNames(known),
    ...(type ? {} : didYouMean(typeName, known)),
  });
  return entry;
}

export async function readStep(
  name: string,
  raw: unknown,
  doc: SpecDocument,
  baseDir: string,
  registry: Registry,
  problems: Problem[],
): Promise<Draft> {
  const base = ['steps', name];
  const draft: Draft = {
    kind: 'step',
    name,
    base: [...base, 'with'],
    raw: asMap(asMap(raw).with),
    place: doc.placeOfKey(base),
  };
  const uses = asText(asMap(raw).uses);
  if (uses === undefined) return draft;
  const place = doc.placeOf([...base, 'uses']);
  let type = registry.steps.get(uses);
  if (isStepFile(uses)) {
    try {
      // As seen from the workflow file, wherever it is named.
      const own = path
        .relative(baseDir, path.resolve(path.dirname(place.file), uses))
        .split(path.sep)
        .join('/');
      type = await loadStepFile(baseDir, own.startsWith('../') ? own : `./${own}`);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(...error.problems.map((problem) => ({ place, ...problem })));
      return draft;
    }
  } else if (!type) {
    const known = [...registry.steps.keys()];
    const expected = `${listNames(known)}; or a file such as \`./my-step.js\``;
    problems.push({ message: `there is no step type \`${uses}\``, place, expected, ...didYouMean(uses, known) });
    return draft;
  }
  return { ...draft, type: type!, schema: schemaOf(type!, () => paramsSchema(type!)) };
}

const schemas = new WeakMap<object, JsonSchema>();

/** One schema object per type, so that it is compiled once. */
function schemaOf(type: object, make: () => JsonSchema): JsonSchema {
  const schema = schemas.get(type) ?? make();
  schemas.set(type, schema);
  return schema;
}
