import type { Json } from '../../artifacts/artifact.js';
import type { Place, Problem } from '../../artifacts/user-error.js';
import { sameKind } from './coerce.js';
import { checkDeclared, readDeclarations } from './declarations.js';
import type { Keys, SpecDocument } from './document.js';
import type { Entry } from './entry.js';
import type { WrittenExperiment } from './experiments.js';
import type { Param } from './references.js';
import { usesOf } from './uses.js';

/**
 * The parameters of the study for one experiment. The values of all experiments are checked by what the file declares:
 * a typo is found by whichever is run first.
 */
export function readParams(
  doc: SpecDocument,
  experiment: WrittenExperiment,
  all: readonly WrittenExperiment[],
  entries: readonly Entry[],
  problems: Problem[],
): Map<string, Param> {
  const params = new Map<string, Param>();
  const declared = readDeclarations(doc, problems);
  for (const [name, { value, base, schema, faulty }] of declared) {
    const placeOf = (keys: Keys) => doc.placeOf([...base, ...keys]);
    const own = { ...(schema ? { schema } : {}), ...(faulty ? { faulty } : {}) };
    params.set(name, { value, source: `params.${name}`, placeOf, ...own });
  }
  const seen = new Set<string>();
  for (const { name: experimentName, params: values, written } of all) {
    for (const [name, value] of Object.entries(values)) {
      const param = declared.get(name);
      if (!param) continue;
      const base = written.get(name)!;
      const placeOf = (keys: Keys) => doc.placeOf([...base, ...keys]);
      const source = `experiments.${experimentName}`;
      // Steps check a plain value where they use it; one that only stands inside a text keeps the kind it has in the file.
      const checked =
        param.schema ??
        (isScalar(param.value) && usesOf(name, [], entries).length === 0 ? sameKind(param.value)[0] : undefined);
      const found = checked ? checkDeclared(checked, value, `${source}.${name}`, placeOf) : [];
      const where = base.join('\n');
      if (!seen.has(where)) problems.push(...found);
      seen.add(where);
      if (experimentName !== experiment.name) continue;
      const faulty = found.length > 0 ? { faulty: true } : {};
      params.set(name, { value, source, placeOf, ...(param.schema ? { schema: param.schema } : {}), ...faulty });
    }
  }
  for (const [name, param] of params) {
    const before = problems.length;
    checkData(param.value, [], param.placeOf, problems);
    if (problems.length > before) params.set(name, { ...param, faulty: true });
  }
  return params;
}

function checkData(value: Json, keys: Keys, placeOf: (keys: Keys) => Place, problems: Problem[]): void {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    problems.push({
      message: `${value} is not a value for a parameter`,
      place: placeOf(keys),
      expected: 'a finite number',
    });
  } else if (typeof value === 'string' && value.includes('${params.')) {
    problems.push({ message: 'a parameter cannot refer to another one', place: placeOf(keys), expected: 'a value' });
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) checkData(item as Json, [...keys, key], placeOf, problems);
  }
}

function isScalar(value: Json): boolean {
  return typeof value !== 'object';
}
