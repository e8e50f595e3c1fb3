import type { Artifact, JsonObject, PublishedFile, PublishTarget } from './artifact.js';
import { voxelCount } from './grid.js';
import type { Kernel } from './kernels.js';
import { differencesIn, type LayerPair } from './layer-differences.js';
import type { StatisticFacts, StoredMaps } from './maps.js';
import { metaOf } from './meta.js';
import { createImage, type ImageSpec, writeImage } from './nifti-write.js';
import { type About, descrip, nameForFile, published, publishedPath } from './published.js';
import { writeTable } from './table.js';

const long: Readonly<Record<string, string>> = {
  t: 't statistic',
  z: 'z score',
  F: 'F statistic',
  p: 'p value: the share of its distribution above t, or above F',
  r2: 'share of the variance that the model explains (R2)',
  residual_variance: 'variance of the residuals, RSS / df',
  df: 'degrees of freedom of t',
  effect: 'effect (contrast of the regressor)',
  se: 'standard error of the effect',
  variance: 'variance of the effect',
  probability: 'activation probability: share of the kernels of the layer that activate the voxel',
};

/** One 4D image per statistic, or one 3D image per row for probabilities; and the table of rows. */
export async function publishMaps(
  artifact: Artifact,
  maps: StoredMaps,
  target: PublishTarget,
): Promise<readonly PublishedFile[]> {
  const files: PublishedFile[] = [];
  for (const [statistic, facts] of Object.entries(maps.statistics)) {
    if (maps.kind === 'probability') files.push(...(await eachRow(artifact, maps, statistic, facts, target)));
    else files.push(await allRows(artifact, maps, statistic, facts, target));
  }
  if (maps.kind !== 'probability') files.push(await publishRows(maps.rows, target, artifact.meta));
  return files;
}

/** The table that says what each volume of a 4D image of maps is. */
export async function publishRows(
  rows: readonly Kernel[],
  target: PublishTarget,
  meta: JsonObject,
): Promise<PublishedFile> {
  const file = publishedPath(target, 'rows.tsv');
  await writeTable(
    file,
    ['volume', 'name', 'layer', 'kernel', 'status'],
    rows.map(({ name, layer, kernel, status }, volume) => [volume, name, layer, kernel, status ?? null]),
  );
  return published(file, { description: 'What each volume of the 4D images is (volume counts from 0).' }, meta);
}

async function allRows(
  artifact: Artifact,
  maps: StoredMaps,
  statistic: string,
  facts: StatisticFacts,
  target: PublishTarget,
): Promise<PublishedFile> {
  const file = publishedPath(target, `stat-${statistic}_statmap.nii.gz`);
  const { grid, voxels } = maps.mask;
  const text = long[statistic] ?? statistic;
  // The precision that the step was asked to keep is not lost on the way out.
  const double = maps.rows.length > 0 && (await maps.readRows(statistic, 0, 1)) instanceof Float64Array;
  const image = await createImage(file, {
    grid,
    volumes: maps.rows.length,
    datatype: double ? 'float64' : 'float32',
    description: descrip(`${text}, ${maps.kind}`, artifact.meta),
    intent: intentOf(statistic, facts, maps),
  });
  try {
    const volume = double ? new Float64Array(voxelCount(grid)) : new Float32Array(voxelCount(grid));
    for (let row = 0; row < maps.rows.length; row++) {
      target.signal?.throwIfAborted();
      const values = await maps.readRows(statistic, row, row + 1);
      for (let v = 0; v < voxels.length; v++) volume[voxels[v]!] = values[v]!;
      await image.write(volume);
    }
  } catch (error) {
    await image.abandon();
    throw error;
  }
  await image.close();
  const about: About = {
    description: `${capital(text)}, one volume per row of ${target.stem}_rows.tsv.`,
    units: facts.units,
    facts: factsOf(statistic, facts, maps),
  };
  return published(file, about, artifact.meta);
}

async function eachRow(
  artifact: Artifact,
  maps: StoredMaps,
  statistic: string,
  facts: StatisticFacts,
  target: PublishTarget,
): Promise<PublishedFile[]> {
  const { grid, voxels } = maps.mask;
  const differences = differencesIn(artifact.meta);
  const files: PublishedFile[] = [];
  for (const [index, row] of maps.rows.entries()) {
    const values = await maps.readRows(statistic, index, index + 1);
    const data = new Float32Array(voxelCount(grid));
    for (let v = 0; v < voxels.length; v++) data[voxels[v]!] = values[v]!;
    const name = probabilityName(row.name, differences.get(row.name));
    const only = Object.keys(maps.statistics).length === 1;
    const file = publishedPath(target, `${name.stem}${only ? '' : `_stat-${statistic}`}_${name.suffix}.nii.gz`);
    const description = descrip(name.title, artifact.meta);
    await writeImage(file, { grid, datatype: 'float32', data, description, calMax: name.suffix === 'probmap' ? 1 : 0 });
    const about: About = { description: `${name.title}.`, units: facts.units, facts: factsOf(statistic, facts, maps) };
    files.push(published(file, about, artifact.meta));
  }
  return files;
}

/** A row of probabilities is a layer (`conv1_1`) or a difference of two (`conv5_3-conv1_1`). */
function probabilityName(name: string, pair: LayerPair | undefined): { stem: string; suffix: string; title: string } {
  if (!pair) {
    return { stem: `layer-${nameForFile(name)}`, suffix: 'probmap', title: `Activation probability of layer ${name}` };
  }
  return {
    stem: `layer-${nameForFile(pair[0])}-minus-${nameForFile(pair[1])}`,
    suffix: 'diffmap',
    title: `Activation probability of layer ${pair[0]} minus that of layer ${pair[1]}`,
  };
}

function intentOf(statistic: string, facts: StatisticFacts, maps: StoredMaps): ImageSpec['intent'] & object {
  const df = facts.df ?? maps.df;
  const name = statistic.slice(0, 15);
  if (statistic === 't')
    return { code: df === undefined ? 'none' : 't', parameters: df === undefined ? [] : [df], name };
  if (statistic === 'F' && facts.df1 !== undefined && df !== undefined)
    return { code: 'f', parameters: [facts.df1, df], name };
  if (statistic === 'z') return { code: 'z', name };
  if (/^p(_|$)/.test(statistic)) return { code: 'p', name };
  return { code: 'estimate', name };
}

function factsOf(statistic: string, facts: StatisticFacts, maps: StoredMaps): JsonObject {
  const { differences: _, noise, ...others } = maps.more ?? {};
  return metaOf({
    Statistic: statistic,
    Kind: maps.kind,
    DegreesOfFreedomAbove: facts.df1,
    DegreesOfFreedom: facts.df ?? (statistic === 't' ? maps.df : undefined),
    Subjects: maps.n,
    NoiseModel: noise,
    ...Object.fromEntries(Object.entries(others).map(([name, value]) => [capital(name), value])),
  });
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
