import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { type BidsName, byLabel, formatBidsName, parseBidsName } from './bids-names.js';
import { UserError } from './user-error.js';

/** A BOLD image of a derivatives folder with what lies beside it. */
export interface BidsRun extends BidsName {
  readonly folder: string;
  /** Absolute path of the image. */
  readonly bold: string;
  readonly mask?: string;
  readonly confounds?: string;
  /** JSON files that may speak of it, nearest first (the inheritance principle of BIDS). */
  readonly sidecars: readonly string[];
}

/** Entities of a resampled image that its confounds, which know no space, do not have. */
const spatial = ['space', 'cohort', 'res', 'den', 'desc'];

/**
 * The folder with the subjects of a preprocessed dataset: `<folder>/derivatives/fmriprep`, `<folder>/fmriprep` or
 * `<folder>` itself, whichever first holds subjects. Throws UserError when none does.
 */
export async function derivativesFolder(folder: string): Promise<string> {
  for (const candidate of [path.join(folder, 'derivatives', 'fmriprep'), path.join(folder, 'fmriprep'), folder]) {
    if ((await subjectFolders(candidate)).length > 0) return candidate;
  }
  throw new UserError({
    message: `no subjects (sub-…) in ${folder}`,
    expected: 'a folder as fMRIPrep writes it, or a dataset with derivatives/fmriprep inside',
    keys: ['path'],
  });
}

/** All BOLD images below `derivatives`, of every description, in the order of subject, session, and file name. */
export async function findRuns(derivatives: string, top: string): Promise<BidsRun[]> {
  const runs: BidsRun[] = [];
  const upper = [derivatives, ...(top === derivatives ? [] : [top])];
  const above = await Promise.all(upper.map(async (folder) => ({ folder, names: await filesIn(folder) })));
  for (const subject of await subjectFolders(derivatives)) {
    const home = path.join(derivatives, subject);
    const sessions = (await foldersIn(home)).filter((name) => name.startsWith('ses-')).sort(byLabel);
    for (const place of [home, ...sessions.map((session) => path.join(home, session))]) {
      const folders = [path.join(place, 'func'), place, ...(place === home ? [] : [home])];
      const levels = await Promise.all(folders.map(async (folder) => ({ folder, names: await filesIn(folder) })));
      runs.push(...runsIn(levels[0]!, [...levels, ...above]));
    }
  }
  return runs;
}

interface Level {
  readonly folder: string;
  readonly names: readonly string[];
}

function runsIn(func: Level, levels: readonly Level[]): BidsRun[] {
  const runs: BidsRun[] = [];
  for (const name of [...func.names].sort(byLabel)) {
    const parsed = parseBidsName(name);
    if (parsed?.suffix !== 'bold' || !/^\.nii(\.gz)?$/.test(parsed.extension)) continue;
    const mask = ['.nii.gz', '.nii']
      .map((extension) =>
        formatBidsName({ entities: { ...parsed.entities, desc: 'brain' }, suffix: 'mask', extension }),
      )
      .find((candidate) => func.names.includes(candidate));
    const confounds = confoundsName(parsed.entities, func.names);
    runs.push({
      ...parsed,
      folder: func.folder,
      bold: path.join(func.folder, name),
      ...(mask && { mask: path.join(func.folder, mask) }),
      ...(confounds && { confounds: path.join(func.folder, confounds) }),
      sidecars: levels.flatMap((level) => sidecarsIn(level, parsed)),
    });
  }
  return runs;
}

/** `…_desc-confounds_timeseries.tsv`, or `…_regressors.tsv` as fMRIPrep named it before version 20.2. */
function confoundsName(entities: BidsName['entities'], names: readonly string[]): string | undefined {
  const kept = Object.fromEntries(Object.entries(entities).filter(([key]) => !spatial.includes(key)));
  return ['timeseries', 'regressors']
    .map((suffix) => formatBidsName({ entities: { ...kept, desc: 'confounds' }, suffix, extension: '.tsv' }))
    .find((candidate) => names.includes(candidate));
}

/** JSON files of a folder whose entities the image all has, with the most of them first. */
function sidecarsIn({ folder, names }: Level, image: BidsName): string[] {
  return names
    .map((name) => ({ name, parsed: name.endsWith('.json') ? parseBidsName(name) : null }))
    .filter(
      ({ parsed }) =>
        parsed?.suffix === 'bold' &&
        Object.entries(parsed.entities).every(([key, value]) => image.entities[key] === value),
    )
    .sort((a, b) => Object.keys(b.parsed!.entities).length - Object.keys(a.parsed!.entities).length)
    .map(({ name }) => path.join(folder, name));
}

async function subjectFolders(folder: string): Promise<string[]> {
  return (await foldersIn(folder)).filter((name) => /^sub-[^_.]+$/.test(name)).sort(byLabel);
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  // A link may lead to a folder; what does not turns out to be empty.
  return entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink()).map(({ name }) => name);
}

/** Names of the files of a folder; none where there is no folder. */
export async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
}
