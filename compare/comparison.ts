import type { Json } from '../artifacts/artifact.js';
import { UserError } from '../artifacts/user-error.js';
import { canonicalJson } from '../cache/canonical-json.js';
import { compareSets, type SetComparison } from './compare-sets.js';
import type { MapSet } from './map-set.js';
import type { Side, SideResult } from './side.js';

export interface ParameterDifference {
  readonly name: string;
  readonly unit?: string;
  /** In the order of the experiments; null where there is no such parameter. */
  readonly values: readonly Json[];
}

/** One result with maps, of two experiments. */
export interface ResultComparison {
  /** `group`, `contrast[sub-01]`, or with the port where a step has several outputs: `x.table`. */
  readonly result: string;
  readonly b: string;
  /** The stored results are the same bytes: nothing was compared. */
  readonly identical: boolean;
  readonly sets: readonly SetComparison[];
}

export interface Comparison {
  readonly workflow: string;
  /** Names of experiments, runs or folders. The first is what the others are compared with. */
  readonly experiments: readonly string[];
  readonly parameters: readonly ParameterDifference[];
  readonly results: readonly ResultComparison[];
  /** Results with maps that are not there for all of them. */
  readonly missing: readonly { readonly result: string; readonly experiments: readonly string[] }[];
}

/**
 * Compares the maps of experiments, runs or folders, those of the first with those of each other one, by what is there;
 * computes nothing.
 * @param hint what to do when there is nothing to compare
 * @throws UserError when no result with maps is there for all of them
 */
export async function compareSides(sides: readonly Side[], hint: string, signal?: AbortSignal): Promise<Comparison> {
  const names = sides.map(({ name }) => name);
  const missing: Comparison['missing'][number][] = [];
  const results: ResultComparison[] = [];
  for (const result of new Set(sides.flatMap((side) => [...side.results.keys()]))) {
    const lacking = sides.filter((side) => !side.results.get(result)).map(({ name }) => name);
    if (lacking.length > 0) {
      missing.push({ result, experiments: lacking });
      continue;
    }
    const [first, ...others] = sides.map((side) => side.results.get(result)!);
    for (const [index, other] of others.entries()) {
      const b = names[index + 1]!;
      const identical = first!.digest === other.digest;
      const sets = identical ? [] : await setsOf(first!, other, { what: result, a: names[0]!, b }, signal);
      results.push({ result, b, identical, sets });
    }
  }
  if (results.length === 0) throw nothingToCompare(missing, sides, hint);
  return {
    workflow: [...new Set(sides.map(({ workflow }) => workflow))].join(' and '),
    experiments: names,
    parameters: parameterDifferences(sides),
    results,
    missing,
  };
}

async function setsOf(
  a: SideResult,
  b: SideResult,
  names: { readonly what: string; readonly a: string; readonly b: string },
  signal: AbortSignal | undefined,
): Promise<SetComparison[]> {
  const others = await b.sets();
  const comparisons: SetComparison[] = [];
  for (const set of await a.sets()) {
    const other = others.find(sameStatistic(set));
    if (other) comparisons.push(await compareSets(set, other, names, signal));
  }
  return comparisons;
}

function sameStatistic(set: MapSet): (other: MapSet) => boolean {
  return ({ kind, statistic }) => kind === set.kind && statistic === set.statistic;
}

/** Parameters that do not have the same value everywhere. */
function parameterDifferences(sides: readonly Side[]): ParameterDifference[] {
  const names = [...new Set(sides.flatMap(({ parameters }) => [...parameters.keys()]))];
  const values = (name: string) => sides.map(({ parameters }) => parameters.get(name)?.value ?? null);
  const differs = (name: string) => new Set(values(name).map(canonicalJson)).size > 1;
  return names.filter(differs).flatMap((name) => {
    // Of a step that is another one here, or is not here at all, its parameters say nothing.
    const uses = `${name.slice(0, name.lastIndexOf('.'))}.uses`;
    if (name !== uses && differs(uses)) return [];
    const unit = sides.map(({ parameters }) => parameters.get(name)?.unit).find((one) => one !== undefined);
    return [{ name, values: values(name), ...(unit === undefined ? {} : { unit }) }];
  });
}

function nothingToCompare(missing: Comparison['missing'], sides: readonly Side[], hint: string): UserError {
  const place = { file: sides[0]!.place };
  if (missing.length === 0)
    return new UserError({ message: 'there are no maps', place, expected: 'results of a step such as `group`' });
  const without = sides.filter(({ results }) => ![...results.values()].some((found) => found));
  if (without.length > 0) {
    const names = without.map(({ name }) => name).join(', ');
    return new UserError({
      message: `there is nothing to compare yet: the cache has no maps of ${names}`,
      place,
      hint,
    });
  }
  const lists = sides.map(({ name, results }) => {
    const there = [...results].flatMap(([result, found]) => (found ? [result] : []));
    return `${name} has ${there.join(', ')}`;
  });
  return new UserError({ message: `there is nothing to compare: ${lists.join('; ')}`, place, hint });
}
