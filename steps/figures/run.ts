import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Artifact, Produced } from '../../artifacts/artifact.js';
import { sameGrid } from '../../artifacts/grid.js';
import { type Mask, readMask } from '../../artifacts/mask.js';
import { fileOf, untrainedOf } from '../../artifacts/meta.js';
import { readThresholded } from '../../artifacts/thresholded.js';
import { UserError } from '../../artifacts/user-error.js';
import type { StepContext } from '../../engine/step-type.js';
import { type Background, chooseBackground } from './background.js';
import { drawDescription } from './description.js';
import type { Figure, Sheet } from './figure.js';
import type { FiguresParams } from './index.js';
import { drawProbability } from './maps.js';
import { svgToPng } from './raster.js';
import { readRegionImage, regionSlices } from './region-slices.js';
import { drawReversal } from './reversal.js';

const POINTS_PER_MM = 72 / 25.4;
/** Left and right margin of a page together, pt. */
const MARGINS = 16;

export async function run(context: StepContext<FiguresParams>): Promise<Record<string, Produced>> {
  const { params, inputs, workDir, signal } = context;
  const at = (port: string) => inputs[port] as Artifact | undefined;
  const [description, probability, reversal] = [at('description'), at('probability'), at('reversal')];
  const sources = [description, probability, reversal].filter((source) => source !== undefined);
  const figures = await drawAll(context);
  if (figures.length === 0) throw nothingToDraw(context.instance, sources, params.layers);

  const files: Record<string, string> = {};
  for (const { name } of figures) {
    for (const ending of ['svg', 'png']) files[`${name}.${ending}`] = path.join(workDir, `${name}.${ending}`);
  }
  const queue = [...figures];
  let done = 0;
  const worker = async () => {
    for (let figure = queue.shift(); figure; figure = queue.shift()) {
      signal.throwIfAborted();
      await writeFile(files[`${figure.name}.svg`]!, figure.svg);
      await writeFile(files[`${figure.name}.png`]!, await svgToPng(figure.svg, params.dpi));
      done += 1;
      context.progress(done, figures.length, 'figures');
    }
  };
  await Promise.all(Array.from({ length: context.threads }, worker));
  const captions = Object.fromEntries(figures.map(({ name, caption }) => [name, caption]));
  const untrained = untrainedOf(...sources.map(({ meta }) => meta));
  return { figures: { files, meta: { dpi: params.dpi, captions, ...untrained } } };
}

async function drawAll(context: StepContext<FiguresParams>): Promise<Figure[]> {
  const { params, inputs, signal } = context;
  const at = (port: string) => inputs[port] as Artifact | undefined;
  const [description, probability, reversal] = [at('description'), at('probability'), at('reversal')];
  const sheet: Sheet = { width: params.width * POINTS_PER_MM - MARGINS };
  const under = (mask: Mask) => chooseBackground(mask, at('background'), (inputs.fits ?? []) as readonly Artifact[]);
  const brain = probability && (await readMask(fileOf(probability, 'mask.nii.gz')));
  const figures: Figure[] = [];
  if (description) figures.push(...(await drawDescription(description, sheet, params.layers)));
  signal.throwIfAborted();
  if (probability) figures.push(...(await drawProbability(probability, await under(brain!), params, sheet)));
  signal.throwIfAborted();
  if (reversal) figures.push(...(await drawRegions(reversal, brain, under, sheet, context)));
  return figures;
}

/** The panels are cropped to the brain where one of the other inputs knows it, else to the regions. */
async function drawRegions(
  reversal: Artifact,
  brain: Mask | undefined,
  under: (mask: Mask) => Promise<Background>,
  sheet: Sheet,
  { params, inputs, pool, signal }: StepContext<FiguresParams>,
): Promise<Figure[]> {
  const { mask, labels } = await readRegionImage(reversal);
  const maps = inputs.thresholded && (await readThresholded(inputs.thresholded as Artifact));
  const thresholded = maps && sameGrid(maps.mask.grid, mask.grid) ? maps : undefined;
  const crop = [thresholded?.mask, brain].find((other) => other && sameGrid(other.grid, mask.grid)) ?? mask;
  const background = await under(crop);
  const layout = { labels, brain: crop.voxels, background, thresholded, choices: params, sheet };
  return drawReversal(reversal, { pictures: params.pictures, sheet, pool, signal }, (region, kernel) =>
    regionSlices(region, kernel, layout),
  );
}

function nothingToDraw(instance: string, sources: readonly Artifact[], layers: readonly string[] | undefined) {
  if (sources.length === 0) {
    return new UserError({
      message: `${instance} has nothing to draw`,
      expected: 'at least one of the ports description, probability, reversal wired under `in`',
    });
  }
  const what = sources.map(({ origin }) => origin).join(', ');
  return new UserError({
    message: layers ? `${what}: nothing of the layers ${layers.join(', ')}` : `${what}: no layer and no region to draw`,
    ...(layers ? { keys: ['layers'], expected: 'layers that the description or the probability maps have' } : {}),
  });
}
