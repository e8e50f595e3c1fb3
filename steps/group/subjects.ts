import type { Artifact } from '../../artifacts/artifact.js';
import type { StoredFit } from '../../artifacts/fit.js';
import { UserError } from '../../artifacts/user-error.js';
import type { ModelOfRows } from '../glm/fit-model.js';
import type { GroupParams } from './index.js';
import { bySubject, type Common, commonOf, type Member } from './members.js';
import { type Run, readRun } from './runs.js';

export interface Subjects extends Common {
  readonly members: readonly Member[];
  readonly runs: readonly Run[];
  readonly notes: readonly string[];
}

/** Reads all runs and sorts them into subjects. Throws UserError for fewer subjects than `fewest`, for fits that `rows` refuses (unless given: those with several columns per kernel), and for pairs that are not. */
export async function readSubjects(
  fits: readonly Artifact[],
  against: readonly Artifact[] | undefined,
  { design, runs: weighting }: Pick<GroupParams, 'design' | 'runs'>,
  { fewest = 2, rows }: { fewest?: number; rows?: (fit: StoredFit) => ModelOfRows } = {},
): Promise<Subjects> {
  if ((design === 'paired') !== (against !== undefined)) throw notPaired(design);
  const several = (list: readonly Artifact[]) =>
    bySubject(list.map(({ label, origin }) => ({ name: label ?? origin }))).size < list.length;
  const errors = weighting === 'precision' && (several(fits) || several(against ?? []));
  const read = async (list: readonly Artifact[]) => {
    const runs: Run[] = [];
    for (const artifact of list) runs.push(await readRun(artifact, errors, rows));
    return runs;
  };
  const [own, others] = [await read(fits), await read(against ?? [])];
  const [subjects, paired] = [bySubject(own), bySubject(others)];
  if (subjects.size < fewest) {
    const names = [...subjects.keys()];
    throw new UserError({
      message: `a group of ${names.length === 0 ? 'no subjects' : `one subject (${names[0]})`}`,
      expected: 'two subjects or more: with one there is no variance between subjects',
      hint:
        own.length > 1
          ? 'For the fixed effects over the runs of one subject use the step "combine".'
          : 'Add subjects, or use the step "contrast" for the maps of one.',
    });
  }
  if (design === 'paired') requirePairs(subjects, paired);
  const common = commonOf([...own, ...others]);
  const members = [...subjects].map(([name, runs]) => ({
    name,
    runs: runs.map(common.place),
    ...(design === 'paired' && { against: paired.get(name)!.map(common.place) }),
  }));
  const notes =
    own.length > subjects.size
      ? [`${own.length} fits of ${subjects.size} subjects: the runs of a subject are combined (${weighting})`]
      : [];
  return { ...common, members, runs: [...own, ...others], notes };
}

function notPaired(design: GroupParams['design']): UserError {
  if (design === 'paired') {
    return new UserError({
      message: 'a paired design needs a second list of fits',
      expected: '`against` under `in`: the fits that are subtracted',
      keys: ['design'],
    });
  }
  return new UserError({
    message: `fits are wired at "against", which has no meaning in the design ${design}`,
    expected: '"design: paired", or nothing at `against`',
    keys: ['design'],
  });
}

function requirePairs(subjects: ReadonlyMap<string, unknown>, others: ReadonlyMap<string, unknown>): void {
  const alone = [
    ...[...subjects.keys()].filter((name) => !others.has(name)).map((name) => `${name} is in fits only`),
    ...[...others.keys()].filter((name) => !subjects.has(name)).map((name) => `${name} is in against only`),
  ];
  if (alone.length === 0) return;
  throw new UserError({
    message: `not every subject has a pair: ${alone.slice(0, 8).join(', ')}${alone.length > 8 ? ', …' : ''}`,
    expected: 'the same subjects in both lists',
    hint: 'Name the subjects that have both under `subjects` of the inputs.',
  });
}
