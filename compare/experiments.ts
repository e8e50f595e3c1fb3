import type { Artifact, Json } from '../artifacts/artifact.js';
import { UserError } from '../artifacts/user-error.js';
import { canonicalJson } from '../cache/canonical-json.js';
import type { Store } from '../cache/store.js';
import type { Plan } from '../engine/plan.js';
import { artifactMaker } from '../engine/sources.js';
import type { Workflow } from '../engine/workflow.js';
import { compareSets, type SetComparison } from './compare-sets.js';
import { type MapSet, mapSetsOf } from './map-set.js';

/** An experiment with what the cache has of it. */
export interface Experiment {
  readonly workflow: Workflow;
  readonly plan: Plan;
}

export interface ParameterDifference {
  readonly name: string;
  readonly unit?: string;
  /** In the order of the experiments. */
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
  /** The first is what the others are compared with. */
  readonly experiments: readonly string[];
  readonly parameters: readonly ParameterDifference[];
  readonly results: readonly ResultComparison[];
  /** Results with maps that are not in the cache for all of them. */
  readonly missing: readonly { readonly result: string; readonly experiments: readonly string[] }[];
}

const TYPES = ['maps', 'thresholded'];

/**
 * Compares the maps of experiments, those of the first with those of each other one, by what the cache holds; computes
 * nothing.
 * @throws UserError when no result with maps is there for all of them
 */
export async function compareExperiments(
  experiments: readonly Experiment[],
  store: Store,
  signal?: AbortSignal,
): Promise<Comparison> {
  const names = experiments.map(({ workflow }) => workflow.experiment);
  const found = experiments.map(({ plan }) => artifactsWithMaps(plan, store));
  const missing: Comparison['missing'][number][] = [];
  const results: ResultComparison[] = [];
  for (const result of new Set(found.flatMap((own) => [...own.keys()]))) {
    const lacking = names.filter((_, index) => !found[index]!.get(result));
    if (lacking.length > 0) {
      missing.push({ result, experiments: lacking });
      continue;
    }
    const [first, ...others] = found.map((own) => own.get(result)!);
    for (const [index, other] of others.entries()) {
      const b = names[index + 1]!;
      const identical = first!.digest === other.digest;
      const sets = identical ? [] : await setsOf(first!, other, { what: result, a: names[0]!, b }, signal);
      results.push({ result, b, identical, sets });
    }
  }
  if (results.length === 0) throw nothingToCompare(missing, experiments);
  return {
    workflow: experiments[0]!.workflow.name,
    experiments: names,
    parameters: parameterDifferences(experiments.map(({ workflow }) => workflow)),
    results,
    missing,
  };
}

async function setsOf(
  a: Artifact,
  b: Artifact,
  names: { readonly what: string; readonly a: string; readonly b: string },
  signal: AbortSignal | undefined,
): Promise<SetComparison[]> {
  const others = await mapSetsOf(b);
  const comparisons: SetComparison[] = [];
  for (const set of await mapSetsOf(a)) {
    const other = others.find(sameStatistic(set));
    if (other) comparisons.push(await compareSets(set, other, names, signal));
  }
  return comparisons;
}

function sameStatistic(set: MapSet): (other: MapSet) => boolean {
  return ({ kind, statistic }) => kind === set.kind && statistic === set.statistic;
}

/** Results with maps, by name; undefined for what the cache does not have. */
export function artifactsWithMaps({ graph, inputs, instances }: Plan, store: Store): Map<string, Artifact | undefined> {
  const records = new Map(
    instances.flatMap(({ instance, record }) => (record ? [[instance.id, record] as const] : [])),
  );
  const artifactOf = artifactMaker(graph, inputs, records, store);
  const found = new Map<string, Artifact | undefined>();
  for (const { id, step } of graph.instances) {
    const ports = Object.entries(step.ports.outputs);
    for (const [port, { type }] of ports) {
      if (!TYPES.includes(type)) continue;
      const name = ports.length === 1 ? id : `${id}.${port}`;
      found.set(name, records.has(id) ? artifactOf({ kind: 'instance', id, port }) : undefined);
    }
  }
  return found;
}

/** Parameters of the study that do not have the same value in all experiments. */
export function parameterDifferences(workflows: readonly Workflow[]): ParameterDifference[] {
  const names = [...new Set(workflows.flatMap(({ params }) => Object.keys(params)))];
  return names.flatMap((name) => {
    const values = workflows.map(({ params }) => params[name] ?? null);
    if (new Set(values.map(canonicalJson)).size === 1) return [];
    const unit = workflows[0]!.declared[name]?.unit;
    return [{ name, values, ...(typeof unit === 'string' ? { unit } : {}) }];
  });
}

function nothingToCompare(missing: Comparison['missing'], experiments: readonly Experiment[]): UserError {
  const { file } = experiments[0]!.workflow;
  if (missing.length === 0) {
    return new UserError({
      message: 'no step of this study gives maps',
      place: { file },
      expected: 'a step such as `group`',
    });
  }
  const lacking = [...new Set(missing.flatMap(({ experiments: names }) => names))];
  return new UserError({
    message: `there is nothing to compare yet: the cache has no maps of ${lacking.join(', ')}`,
    place: { file },
    hint: 'Run them first: voxreel run FILE --all-experiments.',
  });
}
