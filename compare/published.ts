import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { sidecarOf } from '../artifacts/bids-names.js';
import { readKernels } from '../artifacts/kernels.js';
import { followsFromOthers } from '../artifacts/maps.js';
import { UserError } from '../artifacts/user-error.js';
import type { MapSet } from './map-set.js';
import { publishedPassed, publishedShares, publishedValues } from './published-maps.js';
import { parametersIn } from './published-parameters.js';
import { type Side, type SideResult, WITH_MAPS } from './side.js';

/** What a sidecar says of an image of maps, with the file that it is about. */
interface Published {
  readonly image: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/**
 * A results folder (`results/<workflow>/<experiment>`) by what was published there: images with their sidecars. Results are called by the
 * names of outputs, with the subject of those that have several: `group`, `contrast[sub-01]`.
 * @param name what the tables call it
 * @throws UserError for what is no results folder, or has no maps
 */
export async function sideOfFolder(dir: string, name: string): Promise<Side> {
  const entries = await readdir(dir, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    const message =
      error.code === 'ENOENT' ? 'there is no such folder' : `this cannot be read as a folder (${error.code})`;
    throw notResults(dir, message);
  });
  const sidecars = new Map<string, Readonly<Record<string, unknown>>>();
  for (const { name: output } of entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))) {
    for (const file of (await readdir(path.join(dir, output))).filter((one) => one.endsWith('.json')).sort()) {
      const facts = await factsIn(path.join(dir, output, file));
      if (facts) sidecars.set(path.posix.join(output, file), facts);
    }
  }
  const found = new Map<string, Published[]>();
  for (const [file, facts] of sidecars) {
    const image = `${file.slice(0, -'.json'.length)}.nii.gz`;
    if (!WITH_MAPS.includes(String(facts.Type)) || file !== sidecarOf(image)) continue;
    if (!existsSync(path.join(dir, image))) continue;
    const result = `${path.posix.dirname(file)}${/\[.*$/.exec(String(facts.Instance ?? ''))?.[0] ?? ''}`;
    found.set(result, [...(found.get(result) ?? []), { image: path.join(dir, image), facts }]);
  }
  if (found.size === 0) throw await noMaps(dir, sidecars.size > 0);
  return {
    name,
    workflow: String([...sidecars.values()][0]!.Workflow),
    place: dir,
    results: new Map([...found].map(([result, images]) => [result, resultOf(images)])),
    parameters: await parametersIn(dir, [...sidecars.values()]),
  };
}

function resultOf(images: readonly Published[]): SideResult {
  const digests = new Set(images.map(({ facts }) => String(facts.Digest)));
  if (digests.size > 1) {
    throw new UserError({
      message: `these images are of different runs: ${images.map(({ image }) => path.basename(image)).join(', ')}`,
      place: { file: path.dirname(images[0]!.image) },
      expected: 'what one run published',
      hint: 'Remove the older ones, or run the study again: `voxreel run` writes what is missing.',
    });
  }
  let sets: Promise<MapSet[]> | undefined;
  return {
    digest: [...digests][0]!,
    sets() {
      sets ??= setsOf(images);
      return sets;
    },
  };
}

async function setsOf(images: readonly Published[]): Promise<MapSet[]> {
  const sets: MapSet[] = [];
  const shares = new Map<string, Published[]>();
  for (const one of images) {
    const { image, facts } = one;
    const statistic = String(facts.Statistic);
    if (facts.Type === 'maps' && followsFromOthers(statistic)) continue;
    const common = { statistic, untrained: facts.Untrained === true, files: [image] };
    if (facts.Type === 'thresholded') {
      const stem = stemOf(image, '_desc-clusters_dseg.nii.gz');
      if (stem) sets.push(await publishedPassed({ ...common, names: await namesOf(stem) }));
    } else if (facts.Kind === 'probability') {
      shares.set(statistic, [...(shares.get(statistic) ?? []), one]);
    } else {
      const stem = stemOf(image, `_stat-${statistic}_statmap.nii.gz`);
      if (stem) sets.push(await publishedValues({ ...common, names: await namesOf(stem) }));
    }
  }
  for (const [statistic, own] of shares) {
    const untrained = own.some(({ facts }) => facts.Untrained === true);
    const files = own.map(({ image }) => image);
    sets.push(await publishedShares({ statistic, untrained, files, names: files.map(layerOf) }));
  }
  return sets;
}

function stemOf(image: string, ending: string): string | undefined {
  return image.endsWith(ending) ? image.slice(0, -ending.length) : undefined;
}

/** What each volume is, of the table beside the images. */
async function namesOf(stem: string): Promise<string[]> {
  return (await readKernels(`${stem}_rows.tsv`)).map(({ name }) => name);
}

/** `conv5_3` of `probability_layer-conv5_3_probmap.nii.gz`, `conv5_3-conv1_1` of a difference. */
function layerOf(image: string): string {
  const [, name] = /_layer-(.+?)(?:_stat-.+)?_(?:prob|diff)map\.nii\.gz$/.exec(image) ?? [];
  return (name ?? path.basename(image)).replace('-minus-', '-');
}

async function factsIn(file: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const facts: unknown = JSON.parse(await readFile(file, 'utf8'));
    const isOurs = typeof facts === 'object' && facts !== null && 'Digest' in facts && 'Workflow' in facts;
    return isOurs ? (facts as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

/** Says which folders were probably meant. */
async function noMaps(dir: string, areResults: boolean): Promise<UserError> {
  if (areResults) {
    return new UserError({
      message: 'no maps were published here',
      place: { file: dir },
      hint: 'Name the step that makes them under `outputs` and run the study again, or compare experiments by the cache.',
    });
  }
  const below = await readdir(dir, { withFileTypes: true });
  const meant = below.filter((one) => existsSync(path.join(dir, one.name, 'ro-crate-metadata.json')));
  return notResults(
    dir,
    'this is no results folder',
    meant.map(({ name }) => path.join(dir, name)),
  );
}

function notResults(dir: string, message: string, meant: readonly string[] = []): UserError {
  return new UserError({
    message,
    place: { file: dir },
    expected: 'the folder of one experiment, such as results/demo/default',
    ...(meant.length > 0 ? { hint: `Those below it are: ${meant.join(', ')}` } : {}),
  });
}
