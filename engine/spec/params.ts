import type { Json } from '../../artifacts/artifact.js';
import type { Place, Problem } from '../../artifacts/user-error.js';
import type { Keys, SpecDocument } from './document.js';
import type { WrittenExperiment } from './experiments.js';
import { asMap } from './plain.js';
import type { Param } from './references.js';

/** The parameters of the study for one experiment. */
export function readParams(doc: SpecDocument, experiment: WrittenExperiment, problems: Problem[]): Map<string, Param> {
  const params = new Map<string, Param>();
  const add = (name: string, value: Json, source: string, base: Keys) =>
    params.set(name, { value, source, placeOf: (keys) => doc.placeOf([...base, ...keys]) });
  for (const [name, value] of Object.entries(asMap(asMap(doc.value).params)))
    add(name, value as Json, `params.${name}`, ['params', name]);
  for (const [name, value] of Object.entries(experiment.params)) {
    if (params.has(name)) add(name, value, `experiments.${experiment.name}`, experiment.written.get(name)!);
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
