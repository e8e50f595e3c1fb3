import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Artifact, Produced } from '../../artifacts/artifact.js';
import { readFit, type StoredFit } from '../../artifacts/fit.js';
import type { Kernel } from '../../artifacts/kernels.js';
import { createMaps } from '../../artifacts/maps.js';
import { untrainedOf } from '../../artifacts/meta.js';
import { writeTable } from '../../artifacts/table.js';
import { one, type StepContext } from '../../engine/step-type.js';
import { inBlocks } from '../../numerics/blocks.js';
import type { FitModel } from '../../numerics/glm/model.js';
import { type ResidualsBlock, type ResidualsPayload, sums } from '../../numerics/residuals-task.js';
import { toShared } from '../../numerics/shared-memory.js';
import { svgToPng } from '../figures/raster.js';
import { modelOf } from '../glm/fit-model.js';
import { chosenKernels } from '../permute/chosen-kernels.js';
import { mostUnnamed } from '../permute/index.js';
import { drawSpectrum } from './draw-spectrum.js';
import type { ResidualsParams } from './index.js';

/** Voxels per task: series and spectra of some megabytes. Part of the result's bits, so never a function of the number of threads. */
const blockSize = 2048;
const dpi = 300;
const statistics = ['lag1', 'durbin_watson', 'rho'] as const;

export async function run(context: StepContext<ResidualsParams>): Promise<Record<string, Produced>> {
  const { params, workDir, pool, signal, progress } = context;
  const source = one(context.inputs, 'fit');
  const fit = await readFit(source);
  const selection = context.inputs.selection as Artifact | undefined;
  const chosen = await chosenKernels(fit.kernels, params.kernels, selection, mostUnnamed);
  const kernels = [...chosen].map((place) => fit.kernels[place]!);
  const model = ofKernels(modelOf(fit), chosen);
  const frequencies = Math.floor(fit.volumes / 2);
  const power = new Float64Array(kernels.length * frequencies);
  const expected = new Float64Array(kernels.length * frequencies);
  const totals = new Float64Array(kernels.length * sums.length);
  const units = Object.fromEntries(statistics.map((name) => [name, { units: '1' }]));
  const facts = {
    ...{ kind: 'subject' as const, statistics: units, rows: kernels, mask: fit.mask },
    more: { noise: fit.noise },
    ...untrainedOf(source.meta),
  };
  const writer = await createMaps(workDir, facts, '<f4');
  try {
    await inBlocks(
      { total: fit.voxels, size: blockSize, ahead: pool.threads + 1 },
      async (first, end) => {
        signal.throwIfAborted();
        const bold = await fit.readBold(first, end);
        const rho = fit.rho && { rho: fit.rho.slice(first, end) };
        const payload: ResidualsPayload = { model, bold, voxels: end - first, ...rho };
        return pool.run<ResidualsBlock>('residuals.block', payload, { transfer: [bold.buffer as ArrayBuffer], signal });
      },
      async (block, first, end) => {
        for (const name of statistics) {
          await writer.arrays[name]!.writeBlock(0, first, end - first, Float32Array.from(block[name]));
        }
        block.power.forEach((value, i) => {
          power[i]! += value;
          expected[i]! += block.expected[i]!;
        });
        block.sums.forEach((value, i) => {
          totals[i]! += value;
        });
        progress(end, fit.voxels, 'voxels');
      },
    );
  } catch (error) {
    await writer.abandon();
    throw error;
  }
  const at = (name: string) => path.join(workDir, name);
  await writeTable(at('summary.tsv'), summaryColumns, summaryRows(kernels, totals));
  const spectra = kernels.flatMap((kernel, k) => {
    const voxels = totals[k * sums.length]!;
    if (voxels === 0) return [];
    const own = (values: Float64Array) =>
      values.subarray(k * frequencies, (k + 1) * frequencies).map((value) => value / voxels);
    return [{ kernel, power: own(power), expected: own(expected) }];
  });
  const hertz = Float64Array.from({ length: frequencies }, (_, f) => (f + 1) / (fit.volumes * fit.tr));
  const rows = spectra.flatMap(({ kernel: { name, layer, kernel }, power: found, expected: due }) =>
    Array.from(hertz, (hz, f) => [name, layer, kernel, hz, found[f]!, due[f]!, found[f]! / due[f]!]),
  );
  const columns = ['name', 'layer', 'kernel', 'frequency', 'power', 'expected', 'ratio'];
  await writeTable(at('periodogram.tsv'), columns, rows);
  const caption = captionOf(fit, source, spectra.length);
  const svg = drawSpectrum(spectra, hertz, { caption, ...untrainedOf(source.meta) });
  await writeFile(at('residual-spectrum.svg'), svg);
  await writeFile(at('residual-spectrum.png'), await svgToPng(svg, dpi));
  return {
    maps: await writer.finish(),
    summary: { files: { 'table.tsv': at('summary.tsv') } },
    periodogram: { files: { 'table.tsv': at('periodogram.tsv') } },
    figure: {
      files: {
        'residual-spectrum.svg': at('residual-spectrum.svg'),
        'residual-spectrum.png': at('residual-spectrum.png'),
      },
      meta: { dpi, captions: { 'residual-spectrum': caption }, ...untrainedOf(source.meta) },
    },
  };
}

function captionOf({ noise, voxels }: StoredFit, { label, origin }: Artifact, kernels: number): string {
  return `Periodogram of the residuals of ${label ?? origin} (noise ${noise}, ${kernels} ${kernels === 1 ? 'kernel' : 'kernels'}, mean of ${voxels} voxels), as a share of that of white noise`;
}

const summaryColumns = [
  ...['name', 'layer', 'kernel', 'voxels', 'rho', 'lag1', 'lag1_expected'],
  ...['durbin_watson', 'low', 'high', 'below', 'above', 'outside'],
];

function summaryRows(kernels: readonly Kernel[], totals: Float64Array): (string | number | null)[][] {
  return kernels.map(({ name, layer, kernel }, k) => {
    const sum = (which: (typeof sums)[number]) => totals[k * sums.length + sums.indexOf(which)]!;
    const voxels = sum('voxels');
    const mean = (which: (typeof sums)[number]) => (voxels > 0 ? sum(which) / voxels : null);
    const outside = voxels > 0 ? (sum('below') + sum('above')) / voxels : null;
    return [
      ...[name, layer, kernel, voxels, mean('rho'), mean('lag1'), mean('lag1_expected')],
      ...[mean('durbin_watson'), mean('low'), mean('high'), mean('below'), mean('above'), outside],
    ];
  });
}

function ofKernels(model: FitModel, chosen: Int32Array): FitModel {
  const { time } = model;
  const regressors = new Float64Array(chosen.length * time);
  chosen.forEach((place, k) => {
    regressors.set(model.regressors.subarray(place * time, (place + 1) * time), k * time);
  });
  return { ...model, kernels: chosen.length, regressors: toShared(regressors) };
}
