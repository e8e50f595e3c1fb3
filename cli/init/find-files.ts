import { access } from 'node:fs/promises';
import path from 'node:path';
import type { Artifact, InputContext } from '../../artifacts/artifact.js';
import { atlasType, readRegions } from '../../artifacts/atlas.js';
import { inputFile } from '../../artifacts/input-file.js';
import { readSeries, seriesType } from '../../artifacts/series.js';
import { UserError } from '../../artifacts/user-error.js';
import { knownNames } from '../../artifacts/weights/known.js';
import { weightsType } from '../../artifacts/weights.js';
import { findFfmpeg } from '../../steps/decode/ffmpeg.js';
import { probeVideo } from '../../steps/decode/probe.js';
import { count } from '../terminal/text.js';
import type { Found, Places } from './found.js';
import { seconds } from './seconds.js';
import { writtenPath } from './written-path.js';

/**
 * The entry for a movie, with its length, where there is an ffmpeg that tells it.
 * @throws UserError where there is no such file, or no movie in it
 */
export async function findMovie(given: string, places: Places): Promise<Found> {
  const file = await inputFile(given, contextOf(places), 'a movie');
  const ffmpeg = await findFfmpeg().catch(() => undefined);
  const facts = ffmpeg && (await probeVideo(ffmpeg, file, given, AbortSignal.timeout(30_000)));
  const words = facts
    ? [`${facts.duration === null ? '' : `${seconds(facts.duration)}, `}${facts.width} x ${facts.height} pixels`]
    : [];
  const length = facts?.duration ?? undefined;
  return {
    entry: { type: 'video', path: writtenPath(given, places) },
    words,
    ...(length === undefined ? {} : { seconds: length }),
  };
}

/**
 * The entry for weights: a file, the name of weights that `voxreel weights fetch` knows, or `synthetic` for random ones.
 * Weights that are not fetched yet are no fault here; a run tells how to fetch them.
 * @throws UserError for a file that holds no VGG-16
 */
export async function findWeights(given: string, places: Places): Promise<Found> {
  const words: string[] = [];
  const note = (message: string) => words.push(message);
  if (given === 'synthetic') {
    return {
      entry: { type: 'weights', synthetic: { seed: 1 } },
      words: ['random: for trying things out, results mean nothing; for trained ones put { type: weights, path: … }'],
    };
  }
  if (knownNames.some((name) => name === given)) {
    const entry = { type: 'weights', fetched: given };
    try {
      await weightsType.input!.resolve(entry, contextOf(places, note));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      words.push(`not fetched yet; once: voxreel weights fetch ${given}`);
    }
    return { entry, words };
  }
  await weightsType.input!.resolve({ path: given }, contextOf(places, note));
  return { entry: { type: 'weights', path: writtenPath(given, places) }, words };
}

/**
 * The entry for an atlas; its table lies beside the image and has its name, as in TemplateFlow also without `_res-…`.
 * The first region becomes the one that is looked at, where the template looks at some.
 * @throws UserError where one of the two is missing or wrong
 */
export async function findAtlas(given: string, places: Places): Promise<Found> {
  const labels = await tableBeside(given, places);
  await atlasType.input!.resolve({ path: given, labels }, contextOf(places));
  const names = (await readRegions(path.resolve(places.from, labels))).map(({ name }) => name);
  const shown = names.filter((_, i) => names.slice(0, i + 1).join(', ').length <= 90);
  return {
    entry: { type: 'atlas', path: writtenPath(given, places), labels: writtenPath(labels, places) },
    words: [`${count(names.length, 'region')}: ${shown.join(', ')}${shown.length < names.length ? ', …' : ''}`],
    params: { regions: names.slice(0, 1) },
  };
}

/** The entry for series of the user's own. Without a JSON file that says more, a row is taken for each TR. */
export async function findSeries(given: string, places: Places): Promise<Found> {
  const words: string[] = [];
  // The interval is that of the file beside it; any number stands in for the one that the template says.
  const resolve = (spec: object) => seriesType.input!.resolve({ path: given, ...spec }, contextOf(places));
  const told = await resolve({}).catch(() => undefined);
  const { samples, kernels, interval: each } = await readSeries((told ?? (await resolve({ interval: 1 }))) as Artifact);
  words.push(
    `${kernels.length} series of ${samples} values${told ? `, one for each ${each} s` : ', taken to be one for each TR'}`,
  );
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the notation of the workflow file
  const interval = told ? {} : { interval: '${params.tr}' };
  return { entry: { type: 'series', path: writtenPath(given, places), ...interval }, words };
}

async function tableBeside(image: string, { from }: Places): Promise<string> {
  const stem = image.replace(/\.nii(\.gz)?$/i, '');
  const names = [...new Set([`${stem}.tsv`, `${stem.replace(/_res-[^_]+/, '')}.tsv`])];
  for (const name of names) {
    const there = await access(path.resolve(from, name)).then(
      () => true,
      () => false,
    );
    if (there) return name;
  }
  // A missing image is the greater trouble.
  await inputFile(image, { baseDir: from, name: 'atlas' }, 'an atlas image (.nii or .nii.gz)');
  throw new UserError({
    message: `no table of the regions beside ${image}`,
    expected: `${names.join(' or ')}, with the columns index and name`,
  });
}

function contextOf({ from }: Places, note: (message: string) => void = () => {}): InputContext {
  return { baseDir: from, name: 'init', note };
}
