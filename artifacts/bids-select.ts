import type { BidsRun } from './bids-find.js';
import { byLabel, sameLabel } from './bids-names.js';
import { UserError } from './user-error.js';

type Label = string | number;

export interface BidsFilter {
  readonly task?: Label;
  readonly space?: Label;
  readonly desc?: Label;
  readonly session?: Label | readonly Label[];
  readonly run?: Label | readonly Label[];
  readonly subjects?: readonly Label[];
  readonly entities?: Readonly<Record<string, Label>>;
}

/** What tells the runs of one study apart; in every other entity they must agree. */
const identity = ['sub', 'ses', 'run'];

/**
 * The runs that the filter leaves. Throws UserError when nothing is left (listing what there is), when a subject that
 * is asked for is missing, and when the runs differ in something that the filter should decide (two spaces).
 */
export function selectRuns(runs: readonly BidsRun[], filter: BidsFilter, folder: string): BidsRun[] {
  const { task, space, desc = 'preproc', session, run, subjects, entities = {} } = filter;
  const one: [key: string, entity: string, wanted: readonly Label[] | undefined][] = [
    ['task', 'task', list(task)],
    ['space', 'space', list(space)],
    ['desc', 'desc', list(desc)],
    ['session', 'ses', list(session)],
    ['run', 'run', list(run)],
    ['subjects', 'sub', subjects],
    ...Object.entries(entities).map(
      ([entity, value]) => ['entities', entity, [value]] as [string, string, readonly Label[]],
    ),
  ];
  let left = [...runs];
  for (const [key, entity, wanted] of one) {
    if (!wanted) continue;
    const fits = (found: BidsRun, label: Label) => matches(entity, found.entities[entity], label);
    const missing = wanted.filter((label) => !left.some((found) => fits(found, label)));
    const kept = left.filter((found) => wanted.some((label) => fits(found, label)));
    // Sessions and runs need not exist for every subject, but each that is named must exist for one.
    if (kept.length === 0 || missing.length > 0) throw nothing(entity, missing, runs, left, folder, key);
    left = kept;
  }
  const undecided = new Set(left.flatMap(({ entities: found }) => Object.keys(found)));
  for (const entity of undecided) {
    if (identity.includes(entity)) continue;
    const values = valuesOf(left, entity);
    if (values.length > 1) throw ambiguous(entity, values, left);
  }
  const seen = new Map<string, BidsRun>();
  for (const found of left) {
    const id = identity.map((entity) => found.entities[entity] ?? '').join('/');
    const other = seen.get(id);
    if (other) throw ambiguous('file', [other.bold, found.bold], [other, found]);
    seen.set(id, found);
  }
  return left;
}

/** `sub-01`, with `_ses-` and `_run-` where this subject has several. */
export function labelOf(run: BidsRun, all: readonly BidsRun[]): string {
  const mine = all.filter(({ entities }) => entities.sub === run.entities.sub);
  const parts = [`sub-${run.entities.sub}`];
  for (const entity of ['ses', 'run']) {
    if (run.entities[entity] !== undefined && valuesOf(mine, entity).length > 1) {
      parts.push(`${entity}-${run.entities[entity]}`);
    }
  }
  return parts.join('_');
}

/** `native` asks for images without the entity: fMRIPrep names no space for the scanner's own. */
function matches(entity: string, found: string | undefined, wanted: Label): boolean {
  if (found === undefined) return entity === 'space' && wanted === 'native';
  return sameLabel(entity, found, wanted);
}

function list(value: Label | readonly Label[] | undefined): readonly Label[] | undefined {
  if (value === undefined) return undefined;
  return typeof value === 'object' ? value : [value];
}

function valuesOf(runs: readonly BidsRun[], entity: string): string[] {
  const none = entity === 'space' ? 'native' : '(none)';
  return [...new Set(runs.map(({ entities }) => entities[entity] ?? none))].sort(byLabel);
}

function nothing(
  entity: string,
  missing: readonly Label[],
  all: readonly BidsRun[],
  left: readonly BidsRun[],
  folder: string,
  key: string,
): UserError {
  const there = (name: string) => valuesOf(all, name).slice(0, 30).join(', ') || '(none)';
  const more = left.length < all.length ? ` among the ${left.length} that the other filters leave` : '';
  return new UserError({
    message:
      all.length === 0
        ? `no BOLD image (…_bold.nii.gz) below ${folder}`
        : `no BOLD image with ${missing.map((label) => `${entity}-${label}`).join(', ')}${more} below ${folder}`,
    expected:
      left.length > 0 ? `${entity} one of: ${valuesOf(left, entity).slice(0, 30).join(', ')}` : 'images in sub-…/func',
    hint: `There are tasks: ${there('task')}; spaces: ${there('space')}; desc: ${there('desc')}; subjects: ${there('sub')}.`,
    keys: all.length === 0 ? ['path'] : [key],
  });
}

function ambiguous(entity: string, values: readonly string[], runs: readonly BidsRun[]): UserError {
  const key = ['task', 'space', 'desc'].includes(entity) ? entity : null;
  const examples = values.map((value) =>
    runs.find(({ bold, entities }) => bold === value || (entities[entity] ?? value) === value),
  );
  return new UserError({
    message:
      entity === 'file'
        ? `two images for one run: ${values.join(' and ')}`
        : `several values of ${entity}: ${values.join(', ')}`,
    expected: key ? `"${key}" with one of them` : `"entities: { ${entity}: … }" with one of them`,
    ...(entity !== 'file' && {
      hint: `For example ${examples
        .filter((run) => run !== undefined)
        .slice(0, 2)
        .map(({ bold }) => bold)
        .join(' and ')}.`,
    }),
    keys: [],
  });
}
