import type { ResolvedInput } from '../artifacts/artifact.js';
import { sourcesOf } from '../engine/sources.js';
import type { Graph, Source } from '../engine/workflow.js';
import { type Change, changesBetween, type Definition } from './definition.js';
import type { ContentDifference } from './difference.js';
import { type Drift, driftBetween, type Environment, sameKernels } from './environment.js';
import { DEFAULT_TOLERANCE, type Judgement, judge, type Status, type Tolerance } from './judge.js';
import type { Lock, LockedValue } from './lock-file.js';
import { type AskedTolerance, replaced } from './tolerances.js';

export interface ContentVerdict extends Judgement {
  readonly name: string;
}

export interface ValueVerdict {
  /** `fit[sub-01].fit`, `inputs.movie`. */
  readonly id: string;
  readonly status: Status;
  readonly contents: readonly ContentVerdict[];
}

/** How far the numbers of an output are from the locked ones. */
export type Difference =
  /** The cache still had what was locked: both were read. */
  | { readonly from: 'data'; readonly contents: readonly ContentDifference[] }
  /** It did not: what is known are the estimates in the verdicts of the contents. */
  | { readonly from: 'fingerprint' };

export interface OutputVerdict extends ValueVerdict {
  readonly output: string;
  readonly label?: string;
  /** Input or result, the earliest on the way to this output that differs (or, of one within tolerance, is not identical). */
  readonly first?: string;
  /** Where it is not identical. */
  readonly difference?: Difference;
}

/** What a comparison with a lock file found. */
export interface Verification {
  readonly workflow: string;
  readonly experiment: string;
  readonly lock: string;
  /**
   * `outdated`: the workflow file or an input is not the locked one, so that other numbers are no wonder. `different`: they
   * are, and the numbers are not. `failed`: a step failed.
   */
  readonly verdict: 'identical' | 'within' | 'different' | 'outdated' | 'failed';
  readonly changes: readonly Change[];
  readonly drift: readonly Drift[];
  /** Whether the same kernels ran as when the lock was made, so that identical results could be expected. */
  readonly sameKernels: boolean;
  /** Absent in a static comparison, and when a step failed. */
  readonly values?: {
    readonly inputs: readonly ValueVerdict[];
    readonly results: readonly ValueVerdict[];
    readonly outputs: readonly OutputVerdict[];
  };
  /** With `--twice`: results that two runs on this machine did not give alike. */
  readonly unstable?: readonly string[];
}

export interface FoundValues {
  readonly graph: Graph;
  readonly names: ReadonlyMap<ResolvedInput, string>;
  readonly inputs: Readonly<Record<string, LockedValue>>;
  readonly results: Readonly<Record<string, LockedValue>>;
}

export interface Comparison {
  readonly lock: Lock;
  readonly file: string;
  readonly definition: Definition;
  readonly environment: Environment;
  /** undefined in a static comparison; `failed` when there is nothing to compare. */
  readonly found?: FoundValues | 'failed';
  /** Instead of what the lock has or the default. */
  readonly asked?: AskedTolerance;
  readonly unstable?: readonly string[];
}

/** Compares a study, and if there are any its results, with a lock. */
export function verificationOf(comparison: Comparison): Verification {
  const { lock, file, definition, environment, found, unstable, asked } = comparison;
  const changes = changesBetween(lock.definition, definition);
  const facts = {
    workflow: definition.name,
    experiment: definition.experiment,
    lock: file,
    changes,
    // Which programs steps use is known once they ran.
    drift: driftBetween(lock.environment, environment).filter(({ name }) => found || !name.includes(': ')),
    sameKernels: sameKernels(lock.environment, environment),
    ...(unstable ? { unstable } : {}),
  };
  const fileChanged = changes.some(({ kind }) => kind === 'file');
  if (found === 'failed') return { ...facts, verdict: 'failed' };
  if (!found) return { ...facts, verdict: fileChanged ? 'outdated' : 'identical' };
  const inputs = compareAll(lock.inputs, found.inputs);
  const results = compareAll(lock.results, found.results, asked);
  const outputs = outputVerdicts(found, inputs, results);
  const inputChanged = inputs.some(({ status }) => worse(status, 'within'));
  const worst = [...results, ...inputs].reduce<Status>(
    (all, { status }) => (worse(status, all) ? status : all),
    'identical',
  );
  const ofNumbers =
    worse(worst, 'within') || (unstable?.length ?? 0) > 0 ? 'different' : (worst as 'identical' | 'within');
  return {
    ...facts,
    verdict: fileChanged || inputChanged ? 'outdated' : ofNumbers,
    values: { inputs, results, outputs },
  };
}

const SEVERITY: readonly Status[] = ['identical', 'within', 'different', 'missing', 'new'];

function worse(a: Status, b: Status): boolean {
  return SEVERITY.indexOf(a) > SEVERITY.indexOf(b);
}

function compareAll(
  locked: Readonly<Record<string, LockedValue>>,
  found: Readonly<Record<string, LockedValue>>,
  asked?: AskedTolerance,
): ValueVerdict[] {
  const ids = [...new Set([...Object.keys(found), ...Object.keys(locked)])];
  return ids.map((id) => compareValue(id, locked[id], found[id], asked?.(id)));
}

function compareValue(
  id: string,
  locked: LockedValue | undefined,
  found: LockedValue | undefined,
  asked: Tolerance | undefined,
): ValueVerdict {
  if (!locked || !found) return { id, status: locked ? 'missing' : 'new', contents: [] };
  if (locked.digest === found.digest) return { id, status: 'identical', contents: [] };
  const names = [...new Set([...Object.keys(locked.contents), ...Object.keys(found.contents)])];
  // Where names change under rounding, files come and go with them.
  const free = Object.values(locked.contents).some(({ tolerance }) => tolerance?.words === 'free');
  const contents = names.map((name): ContentVerdict => {
    const [was, is] = [locked.contents[name], found.contents[name]];
    const allowed = replaced(was?.tolerance, asked) ?? DEFAULT_TOLERANCE;
    if (!was || !is)
      return { name, status: free ? 'within' : 'different', tolerance: allowed, because: was ? 'is gone' : 'is new' };
    return { name, ...judge(was, is, allowed) };
  });
  const worst = contents.reduce<Status>((all, { status }) => (worse(status, all) ? status : all), 'within');
  return { id, status: worst, contents };
}

function outputVerdicts(
  found: FoundValues,
  inputs: readonly ValueVerdict[],
  results: readonly ValueVerdict[],
): OutputVerdict[] {
  const byId = new Map(results.map((verdict) => [verdict.id, verdict]));
  return [...found.graph.outputs].flatMap(([output, sources]) =>
    sources.flatMap(({ source, label }): OutputVerdict[] => {
      if (source.kind !== 'instance') return [];
      const verdict = byId.get(`${source.id}.${source.port}`)!;
      const first = earliest(found, source.id, verdict.status, inputs, results);
      return [
        { ...verdict, output, ...(label === undefined ? {} : { label }), ...(first === undefined ? {} : { first }) },
      ];
    }),
  );
}

/** The first value on the way to an instance that is as bad as the output, or worse. */
function earliest(
  found: FoundValues,
  instance: string,
  status: Status,
  inputs: readonly ValueVerdict[],
  results: readonly ValueVerdict[],
): string | undefined {
  if (status === 'identical') return undefined;
  const ids = ancestors(found.graph, instance);
  const used = usedInputs(found, ids);
  const asBad = ({ status: own }: ValueVerdict) => own === status || worse(own, status);
  return (
    inputs.find((one) => asBad(one) && used.has(one.id)) ??
    results.find((one) => asBad(one) && ids.has(one.id.slice(0, one.id.lastIndexOf('.'))))
  )?.id;
}

/** An instance and everything that it was made from. */
function ancestors(graph: Graph, instance: string): ReadonlySet<string> {
  const ids = new Set([instance]);
  for (const id of ids) for (const source of sourcesOf(graph.byId.get(id)!)) ids.add(source);
  return ids;
}

/** Names of the inputs that instances take something from. */
function usedInputs({ graph, names }: FoundValues, instances: ReadonlySet<string>): ReadonlySet<string> {
  const used = new Set<string>();
  for (const id of instances) {
    for (const source of Object.values(graph.byId.get(id)!.inputs).flat() as Source[])
      if (source.kind === 'input') used.add(names.get(source.input)!);
  }
  return used;
}
