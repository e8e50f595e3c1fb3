import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Artifact, Produced } from '../../artifacts/artifact.js';
import { readMask } from '../../artifacts/mask.js';
import { untrainedOf } from '../../artifacts/meta.js';
import { UserError } from '../../artifacts/user-error.js';
import type { StepContext } from '../../engine/step-type.js';
import { chooseBackground } from './background.js';
import { drawDescription } from './description.js';
import type { Figure, Sheet } from './figure.js';
import type { FiguresParams } from './index.js';
import { drawProbability } from './maps.js';
import { svgToPng } from './raster.js';

const POINTS_PER_MM = 72 / 25.4;
/** Left and right margin of a page together, pt. */
const MARGINS = 16;

export async function run(context: StepContext<FiguresParams>): Promise<Record<string, Produced>> {
  const { params, inputs, workDir, signal } = context;
  const at = (port: string) => inputs[port] as Artifact | undefined;
  const [description, probability] = [at('description'), at('probability')];
  const sources = [description, probability].filter((a) => a !== undefined);
  if (sources.length === 0) {
    throw new UserError({
      message: `${context.instance} has nothing to draw`,
      expected: 'at least one of the ports description, probability, reversal wired under `in`',
    });
  }
  const sheet: Sheet = { width: params.width * POINTS_PER_MM - MARGINS };
  const figures: Figure[] = [];
  if (description) figures.push(...(await drawDescription(description, sheet, params.layers)));
  if (probability) {
    const mask = await readMask(probability.files['mask.nii.gz']!);
    const background = await chooseBackground(mask, at('background'), (inputs.fits as readonly Artifact[]) ?? []);
    figures.push(...(await drawProbability(probability, background, params, sheet)));
  }
  const files: Record<string, string> = {};
  for (const [n, { name, svg }] of figures.entries()) {
    signal.throwIfAborted();
    const file = (ending: string) => path.join(workDir, `${name}.${ending}`);
    await writeFile(file('svg'), svg);
    await writeFile(file('png'), svgToPng(svg, params.dpi));
    files[`${name}.svg`] = file('svg');
    files[`${name}.png`] = file('png');
    context.progress(n + 1, figures.length, 'figures');
  }
  return { figures: { files, meta: { dpi: params.dpi, ...untrainedOf(...sources.map((source) => source.meta)) } } };
}
