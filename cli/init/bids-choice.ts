import type { BidsRun } from '../../artifacts/bids-find.js';
import { byLabel } from '../../artifacts/bids-names.js';
import { UserError } from '../../artifacts/user-error.js';
import { count } from '../terminal/text.js';
import type { Choose } from './found.js';

/** What an input `bids` says to mean some of the images of a folder. */
export interface BidsChoice {
  readonly task?: string;
  readonly space?: string;
  readonly desc?: string;
  readonly entities?: Readonly<Record<string, string>>;
}

/** What tells the runs of one study apart. */
const identity = ['sub', 'ses', 'run'];

/**
 * Chooses among tasks, spaces and whatever else the images of a folder differ in, so that one image per run is left.
 * First choices: the task of the template, else the one of most subjects, rest last; an MNI space, since a group needs a
 * common one, then the other spaces, the scanner's own last; of all else what most images have.
 * @returns the choice, and in words what else there is
 * @throws UserError for images that were not preprocessed
 */
export async function chooseImages(
  all: readonly BidsRun[],
  usual: BidsChoice,
  choose: Choose,
): Promise<{ choice: BidsChoice; others: readonly string[] }> {
  const others: string[] = [];
  const chosen: Record<string, string> = {};
  let left = preprocessed(all);
  const desc = await settle('desc', (value) => [value === 'preproc' ? 0 : 1]);
  await settle('task', (value) => [value === usual.task ? 0 : value.startsWith('rest') ? 2 : 1]);
  await settle('space', (value) => [
    value === usual.space ? 0 : value.startsWith('MNI') ? 1 : value === 'native' ? 3 : 2,
  ]);
  const entities: Record<string, string> = {};
  for (const entity of new Set(left.flatMap((run) => Object.keys(run.entities)))) {
    if (identity.includes(entity) || entity in chosen || labelsOf(left, entity).length < 2) continue;
    entities[entity] = (await settle(entity, () => []))!;
  }
  const { task, space } = chosen;
  const choice = {
    ...(task === undefined ? {} : { task }),
    ...(space === undefined ? {} : { space }),
    ...(desc === undefined || desc === 'preproc' ? {} : { desc }),
    ...(Object.keys(entities).length > 0 ? { entities } : {}),
  };
  return { choice, others };

  /** One value of an entity, or undefined where no image has it. */
  async function settle(entity: string, rank: (value: string) => number[]): Promise<string | undefined> {
    const values = labelsOf(left, entity);
    if (values.length === 1 && left[0]!.entities[entity] === undefined && entity !== 'space') return undefined;
    const images = (value: string) => left.filter((run) => labelOf(run, entity) === value);
    const subjects = (value: string) => new Set(images(value).map((run) => run.entities.sub)).size;
    // A filter can only ask for a value, so what lacks the entity cannot be chosen.
    const order = values
      .filter((value) => value !== '(none)')
      .map((value) => ({ value, key: [...rank(value), -subjects(value), -images(value).length] }))
      .sort((a, b) => compare(a.key, b.key) || byLabel(a.value, b.value))
      .map(({ value }) => value);
    const best = order.length === 1 ? order[0]! : await choose(entity, order);
    const rest = values.filter((value) => value !== best);
    if (rest.length > 0) others.push(`${entity} ${rest.slice(0, 8).join(', ')}${rest.length > 8 ? ', …' : ''}`);
    left = images(best);
    chosen[entity] = best;
    return best;
  }
}

function preprocessed(all: readonly BidsRun[]): readonly BidsRun[] {
  const left = all.filter((run) => run.entities.desc !== undefined);
  if (left.length > 0) return left;
  throw new UserError({
    message: `the ${count(all.length, 'BOLD image')} found ${all.length === 1 ? 'is' : 'are'} not preprocessed (no desc-… in the name): ${all[0]!.bold}`,
    expected: 'images as fMRIPrep writes them (…_desc-preproc_bold.nii.gz)',
    hint: 'Name the folder that fMRIPrep wrote, or a dataset with derivatives/fmriprep inside.',
  });
}

function labelOf(run: BidsRun, entity: string): string {
  return run.entities[entity] ?? (entity === 'space' ? 'native' : '(none)');
}

function labelsOf(runs: readonly BidsRun[], entity: string): string[] {
  return [...new Set(runs.map((run) => labelOf(run, entity)))].sort(byLabel);
}

function compare(a: readonly number[], b: readonly number[]): number {
  return a.map((value, i) => value - b[i]!).find((difference) => difference !== 0) ?? 0;
}
