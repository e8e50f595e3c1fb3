import { type Problem, UserError } from '../artifacts/user-error.js';
import { sourcesOf } from './sources.js';
import { didYouMean, listNames } from './spec/nearest.js';
import type { Graph, Instance } from './workflow.js';

/** Which part of a graph is wanted, and what of it runs whatever the store holds. Steps are named `fit` or `fit[sub-01]`. */
export interface Selection {
  /** Run although their results are in the store. */
  readonly force?: readonly string[];
  /** The same, with everything that comes after them. */
  readonly from?: readonly string[];
  /** Only these and what they need. */
  readonly until?: readonly string[];
  /** Only the items with this entity, and what they need: `subject=sub-03`. Of one entity any, of several all must hold. */
  readonly only?: readonly string[];
}

export interface Selected {
  /** With the wanted instances only; `byId` and `outputs` stay those of the whole. */
  readonly graph: Graph;
  readonly force: ReadonlySet<string>;
}

/** Long names of BIDS entities, as people write them. */
const LONG_NAMES: Readonly<Record<string, string>> = { subject: 'sub', session: 'ses', acquisition: 'acq' };

/** Applies a selection. @throws UserError for names that do not exist or do not go together. */
export function select(graph: Graph, selection: Selection): Selected {
  const { force = [], from = [], until = [], only = [] } = selection;
  const problems: Problem[] = [];
  const named = (option: string, names: readonly string[]): Instance[] =>
    names.flatMap((name) => instancesOf(graph, option, name, problems));
  const forced = named('--force', force);
  const begun = named('--from', from);
  const ends = until.length > 0 ? named('--until', until) : graph.instances;
  const matches = matcher(graph, only, problems);
  if (problems.length > 0) throw new UserError(problems);

  const roots = only.length > 0 ? ends.filter(matches) : ends;
  if (roots.length === 0) {
    throw new UserError({
      message: `nothing is left to run: ${listNames(until)} has no item with ${only.join(', ')}`,
      place: { file: `--until ${until.join(' ')} --only ${only.join(' ')}` },
      hint: 'A step that gathers all items belongs to none of them; leave --only out to run it.',
    });
  }
  const wanted = until.length + only.length > 0 ? withWhatTheyNeed(graph, roots) : undefined;
  const instances = wanted ? graph.instances.filter(({ id }) => wanted.has(id)) : graph.instances;
  const again = new Set([...forced, ...afterwards(instances, begun)].map(({ id }) => id));
  return {
    graph: wanted ? { ...graph, instances } : graph,
    force: new Set(instances.filter(({ id }) => again.has(id)).map(({ id }) => id)),
  };
}

function instancesOf(graph: Graph, option: string, name: string, problems: Problem[]): readonly Instance[] {
  const bare = name.replace(/^steps\./, '');
  const one = graph.byId.get(bare);
  if (one) return [one];
  const all = graph.instances.filter(({ step }) => step.name === bare);
  if (all.length > 0) return all;
  const step = bare.split('[')[0]!;
  const items = graph.instances.filter((instance) => instance.step.name === step && instance.label !== undefined);
  const names = items.length > 0 ? items.map(({ id }) => id) : graph.workflow.steps.map((known) => known.name);
  problems.push({
    message: items.length > 0 ? `the step \`${step}\` has no item \`${bare}\`` : `there is no step \`${bare}\``,
    place: { file: `${option} ${name}` },
    expected: listNames(names),
    ...didYouMean(bare, names),
  });
  return [];
}

function matcher(graph: Graph, only: readonly string[], problems: Problem[]): (instance: Instance) => boolean {
  const values = new Map<string, Set<string>>();
  for (const instance of graph.instances) {
    for (const [entity, value] of Object.entries(instance.entities ?? {})) {
      values.set(entity, (values.get(entity) ?? new Set()).add(value));
    }
  }
  const wanted = new Map<string, Set<string>>();
  for (const text of only) {
    const place = { file: `--only ${text}` };
    const [name = '', given] = text.split(/=(.*)/s);
    const entity = LONG_NAMES[name] ?? name;
    const known = values.get(entity);
    if (given === undefined || !known) {
      const names = [...values.keys()].flatMap((key) => longName(key));
      const message = values.size === 0 ? 'this study has no items' : `\`${name}\` is no entity of its items`;
      const expected = names.length > 0 ? { expected: `ENTITY=VALUE; entities: ${listNames(names)}` } : {};
      problems.push({ message, place, ...expected, ...didYouMean(name, names) });
      continue;
    }
    const all = [...known];
    // `sub-03`, `03`, and for indices `3`.
    const value = given.startsWith(`${entity}-`) ? given.slice(entity.length + 1) : given;
    const found = all.filter((one) => one === value || (/^\d+$/.test(one + value) && Number(one) === Number(value)));
    const expected = listNames(all.map((one) => `${entity}-${one}`));
    if (found.length === 0) {
      problems.push({ message: `no item has ${name} \`${given}\``, place, expected, ...didYouMean(given, all) });
    }
    for (const one of found) wanted.set(entity, (wanted.get(entity) ?? new Set()).add(one));
  }
  return ({ entities }) =>
    entities !== undefined && [...wanted].every(([entity, allowed]) => allowed.has(entities[entity] ?? ''));
}

function longName(entity: string): string[] {
  const long = Object.keys(LONG_NAMES).find((name) => LONG_NAMES[name] === entity);
  return [long ?? entity];
}

function withWhatTheyNeed(graph: Graph, roots: readonly Instance[]): ReadonlySet<string> {
  const wanted = new Set<string>();
  const open = roots.map(({ id }) => id);
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (wanted.has(id)) continue;
    wanted.add(id);
    open.push(...sourcesOf(graph.byId.get(id)!));
  }
  return wanted;
}

/** The given instances and all that take something from them, directly or not. */
function afterwards(instances: readonly Instance[], begun: readonly Instance[]): Instance[] {
  const after = new Set(begun.map(({ id }) => id));
  // Every instance stands after what it needs, so one pass finds them all.
  return instances.filter((instance) => {
    const isAfter = after.has(instance.id) || (after.size > 0 && sourcesOf(instance).some((id) => after.has(id)));
    if (isAfter) after.add(instance.id);
    return isAfter;
  });
}
