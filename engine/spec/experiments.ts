import path from 'node:path';
import type { Json } from '../../artifacts/artifact.js';
import type { Problem } from '../../artifacts/user-error.js';
import { UserError } from '../../artifacts/user-error.js';
import { readStudy } from './compose.js';
import { literal } from './describe-schema.js';
import type { Keys, SpecDocument } from './document.js';
import { didYouMean, listNames } from './nearest.js';
import { asMap, isMap } from './plain.js';

/** The experiment that changes nothing. */
export const DEFAULT_EXPERIMENT = 'default';

/** A variant of the study: other values for some of its parameters. */
export interface Experiment {
  /** Names the folder of the results; for a member of a matrix `<experiment>-<param><value>`. */
  readonly name: string;
  /** The experiment whose `matrix` it is a member of. */
  readonly matrix?: string;
  /** The values it replaces. */
  readonly params: Readonly<Record<string, Json>>;
}

/** With the path in the file of each value, for messages. */
export interface WrittenExperiment extends Experiment {
  readonly written: ReadonlyMap<string, Keys>;
}

/** All experiments of a file, members of a matrix written out; `default` comes first. @throws UserError */
export async function listExperiments(file: string): Promise<readonly Experiment[]> {
  const { experiments, problems } = readExperiments(await readStudy(path.resolve(file)));
  if (problems.length > 0) throw new UserError(problems);
  return experiments.map(({ name, matrix, params }) => ({ name, ...(matrix ? { matrix } : {}), params }));
}

/** Reads and checks the experiments; entries whose shape is wrong (reported elsewhere) are left out. */
export function readExperiments(doc: SpecDocument): { experiments: WrittenExperiment[]; problems: Problem[] } {
  const top = asMap(doc.value);
  const known = Object.keys(asMap(top.params));
  const experiments: WrittenExperiment[] = [{ name: DEFAULT_EXPERIMENT, params: {}, written: new Map() }];
  const problems: Problem[] = [];
  const names = new Map<string, Keys>();

  const checkName = (param: string, keys: Keys) => {
    if (known.includes(param)) return;
    const message = `there is no parameter \`${param}\` under \`params\``;
    problems.push({ message, place: doc.placeOfKey(keys), expected: listNames(known), ...didYouMean(param, known) });
  };
  const add = (experiment: WrittenExperiment, keys: Keys) => {
    const before = names.get(experiment.name);
    if (before || experiment.name === DEFAULT_EXPERIMENT) {
      const message = before
        ? `the experiment \`${experiment.name}\` exists twice (see also line ${doc.placeOf(before).line})`
        : `\`${DEFAULT_EXPERIMENT}\` is the name of the study without an experiment`;
      problems.push({ message, place: doc.placeOfKey(keys), expected: 'names that differ' });
      return;
    }
    names.set(experiment.name, keys);
    experiments.push(experiment);
  };

  for (const [name, entry] of Object.entries(asMap(top.experiments))) {
    const { matrix, ...rest } = asMap(entry);
    const base = ['experiments', name];
    for (const param of Object.keys(rest)) checkName(param, [...base, param]);
    const params = rest as Record<string, Json>;
    const written = new Map<string, Keys>(Object.keys(rest).map((param) => [param, [...base, param]]));
    if (!isMap(matrix)) {
      add({ name, params, written }, base);
      continue;
    }
    const axes = Object.entries(matrix).filter((axis): axis is [string, Json[]] => Array.isArray(axis[1]));
    for (const [param] of axes) {
      checkName(param, [...base, 'matrix', param]);
      if (Object.hasOwn(rest, param)) {
        const message = `\`${param}\` is both a fixed value and part of the matrix of \`${name}\``;
        problems.push({ message, place: doc.placeOfKey([...base, 'matrix', param]), expected: 'one of the two' });
      }
    }
    for (const cell of cells(axes)) {
      const label = cell.map(({ param, value, index }) => `${param}${valueName(value, index)}`).join('-');
      const cellKeys = cell.map(({ param, index }) => [param, [...base, 'matrix', param, index]] as const);
      add(
        {
          name: `${name}-${label}`,
          matrix: name,
          params: { ...params, ...Object.fromEntries(cell.map(({ param, value }) => [param, value])) },
          written: new Map<string, Keys>([...written, ...cellKeys]),
        },
        cellKeys[0]?.[1] ?? base,
      );
    }
  }
  return { experiments, problems };
}

/** The experiment of that name; without one the study as it is, and a problem that names the nearest or the members of a matrix. */
export function findExperiment(
  experiments: readonly WrittenExperiment[],
  name: string,
  problems: Problem[],
): WrittenExperiment {
  const found = experiments.find((experiment) => experiment.name === name);
  if (found) return found;
  const place = { file: `--experiment ${name}` };
  const members = experiments.filter((experiment) => experiment.matrix === name).map((member) => member.name);
  const names = experiments.map((experiment) => experiment.name);
  problems.push(
    members.length > 0
      ? { message: `\`${name}\` is a matrix of experiments`, place, expected: `one of them: ${listNames(members)}` }
      : {
          message: `there is no experiment \`${name}\``,
          place,
          expected: listNames(names),
          ...didYouMean(name, names),
        },
  );
  return experiments[0]!;
}

interface Choice {
  readonly param: string;
  readonly value: Json;
  readonly index: number;
}

/** Every combination, the first parameter varying slowest. */
function cells(axes: readonly (readonly [string, readonly Json[]])[]): Choice[][] {
  return axes.reduce<Choice[][]>(
    (partial, [param, values]) =>
      partial.flatMap((cell) => values.map((value, index) => [...cell, { param, value, index }])),
    [[]],
  );
}

/** A number or word as it is (what a folder name cannot hold becomes `_`); a list or map by its place, from 1. */
function valueName(value: Json, index: number): string {
  if (typeof value === 'object' && value !== null) return String(index + 1);
  const text = typeof value === 'string' ? value : literal(value);
  return text.replaceAll(/[^A-Za-z0-9._+-]/g, '_');
}
