import type { ResolvedItem } from '../../artifacts/artifact.js';
import { bidsType } from '../../artifacts/bids.js';
import { derivativesFolder, findRuns } from '../../artifacts/bids-find.js';
import { selectRuns } from '../../artifacts/bids-select.js';
import { boldHeader } from '../../artifacts/bold.js';
import { inputFolder } from '../../artifacts/input-file.js';
import { UserError } from '../../artifacts/user-error.js';
import { count } from '../terminal/text.js';
import { type BidsChoice, chooseImages } from './bids-choice.js';
import type { Choose, Found, Places } from './found.js';
import { seconds } from './seconds.js';
import { writtenPath } from './written-path.js';

/**
 * The entry for a BIDS folder, with the task, the space and the repetition time of its images.
 * @param usual what the template asks for
 * @throws UserError where there are no such images
 */
export async function findBids(given: string, places: Places, usual: BidsChoice, choose: Choose): Promise<Found> {
  const context = { baseDir: places.from, name: 'bold' };
  const top = await inputFolder(given, context, 'a folder with preprocessed BOLD images (fMRIPrep)');
  const derivatives = await derivativesFolder(top);
  const all = await findRuns(derivatives, top);
  // Nothing at all: the same words as when a study is checked.
  if (all.length === 0) selectRuns(all, {}, derivatives);
  const { choice, others } = await chooseImages(all, usual, choose);
  const runs = selectRuns(all, choice, derivatives);
  const headers = await Promise.all(runs.map(({ bold }) => boldHeader(bold)));
  const volumes = [...new Set(headers.map((header) => header.volumes))].sort((a, b) => a - b);
  const trs = await repetitionTimes({ path: given, ...choice }, context);
  const subjects = new Set(runs.map(({ entities }) => entities.sub)).size;
  const many = volumes.length === 1 ? `${volumes[0]}` : `${volumes[0]} to ${volumes.at(-1)}`;
  const length = trs.length === 1 && volumes.length === 1 ? volumes[0]! * trs[0]! : undefined;
  const bare = runs.filter(({ confounds }) => !confounds).length;
  return {
    entry: { type: 'bids', path: writtenPath(given, places), ...choice },
    words: [
      `${count(subjects, 'subject')}, ${count(runs.length, 'image')} of ${many} volumes${trs.length === 1 ? `, TR ${trs[0]} s` : ''}${length === undefined ? '' : ` (${seconds(length)})`}`,
      ...(others.length > 0 ? [`also there: ${others.join('; ')}`] : []),
      ...(trs.length > 1 ? [`repetition times differ (${trs.join(', ')} s): choose images of one`] : []),
      ...(trs.length === 0 ? ['no repetition time in sidecars or headers: add "tr: …" (s) to this input'] : []),
      ...(bare > 0 ? [`${count(bare, 'image')} without confounds beside (…_desc-confounds_timeseries.tsv)`] : []),
    ],
    ...(length === undefined ? {} : { seconds: length }),
    params: {
      ...(trs.length > 0 ? { tr: trs[0] } : {}),
      ...(choice.task === usual.task ? {} : { drop: 0 }),
      ...(volumes.length === 1 ? { volumes: volumes[0] } : {}),
    },
  };
}

/** Repetition times of the images in s, the commonest first; none where nobody says it. */
async function repetitionTimes(
  spec: Record<string, unknown>,
  context: { baseDir: string; name: string },
): Promise<number[]> {
  let items: readonly ResolvedItem[];
  try {
    items = (await bidsType.input!.resolve(spec, context)) as readonly ResolvedItem[];
  } catch (error) {
    if (error instanceof UserError && error.problems.every(({ message }) => message.startsWith('no repetition time')))
      return [];
    throw error;
  }
  const counts = new Map<number, number>();
  for (const { ports } of items) {
    const tr = Math.round((ports.bold!.meta!.tr as number) * 1e6) / 1e6;
    counts.set(tr, (counts.get(tr) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]).map(([tr]) => tr);
}
