import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { encode } from 'fast-png';
import type { Artifact, JsonObject } from '../../artifacts/artifact.js';
import { makeGrid, mmOf, voxelCount } from '../../artifacts/grid.js';
import { writeImage } from '../../artifacts/image.js';
import { writeKernels } from '../../artifacts/kernels.js';
import { type Mask, writeMask } from '../../artifacts/mask.js';
import { writeNpy } from '../../artifacts/npy.js';
import { writeTable } from '../../artifacts/table.js';
import type { StepContext } from '../../engine/step-type.js';
import { type FiguresParams, figuresStep } from '../../steps/figures/index.js';
import { newFolder } from '../support/folders.js';
import { madeArtifact, runStep } from '../support/run-step.js';

/* Small made-up results to draw, and the step run on them outside the engine. */

export const layers = ['conv1_1', 'conv3_1', 'conv5_3'];

function artifact(type: string, dir: string, roles: readonly string[], meta: JsonObject = {}): Artifact {
  const files = Object.fromEntries(roles.map((role) => [role, path.join(dir, role)]));
  return madeArtifact(type, { files, meta }, `steps.${type}`);
}

/** A head of 20 x 24 x 16 voxels of 4 mm around the origin; `signs` say how each voxel axis runs. */
export function headMask(signs: readonly [number, number, number] = [1, 1, 1]): Mask {
  const dim = [20, 24, 16] as const;
  const [x, y, z] = signs.map((sign, axis) => [4 * sign, -sign * 2 * (dim[axis]! - 1)] as const);
  const grid = makeGrid(dim, [x![0], 0, 0, x![1], 0, y![0], 0, y![1], 0, 0, z![0], z![1], 0, 0, 0, 1], 4);
  const inside = Array.from({ length: voxelCount(grid) }, (_, offset) => offset).filter((offset) => {
    const [mx, my, mz] = mmOf(grid, offset);
    return (mx / 36) ** 2 + (my / 44) ** 2 + (mz / 28) ** 2 < 1;
  });
  return { grid, voxels: Int32Array.from(inside) };
}

/** Probability maps from a function of name and mm. */
export async function probabilityMaps(
  mask: Mask,
  names: readonly string[],
  value: (name: string, mm: readonly number[]) => number,
  meta: JsonObject = {},
): Promise<Artifact> {
  const dir = await newFolder('drawn');
  const differences = names.map((name) => name.split('-')).filter((pair) => pair.length === 2);
  const rows = names.flatMap((name) => Array.from(mask.voxels, (offset) => value(name, mmOf(mask.grid, offset))));
  await writeNpy(path.join(dir, 'probability.npy'), [names.length, mask.voxels.length], Float64Array.from(rows));
  await writeKernels(
    path.join(dir, 'rows.tsv'),
    names.map((name) => ({ name, layer: name, kernel: 0 })),
  );
  await writeMask(path.join(dir, 'mask.nii.gz'), mask);
  const of = { statistic: 't', threshold: 3.852, p: 0.001, sides: 'one', minExtent: 1 };
  return artifact('maps', dir, ['probability.npy', 'rows.tsv', 'mask.nii.gz'], {
    kind: 'probability',
    statistics: { probability: { units: 'share of kernels' } },
    differences,
    of,
    ...meta,
  });
}

export async function fitOf(mask: Mask): Promise<Artifact> {
  const dir = await newFolder('drawn');
  const mean = Float64Array.from(mask.voxels, (offset) => 800 + mmOf(mask.grid, offset)[1] * 4);
  await writeNpy(path.join(dir, 'mean.npy'), [mean.length], mean);
  await writeMask(path.join(dir, 'mask.nii.gz'), mask);
  return artifact('fit', dir, ['mean.npy', 'mask.nii.gz']);
}

export async function descriptionOf(names: readonly string[] = layers, meta: JsonObject = {}): Promise<Artifact> {
  const dir = await newFolder('drawn');
  const to = (role: string) => path.join(dir, role);
  const shares = names.flatMap((name, n) => [0.5, 0.3, 0.1].map((share, c) => [name, c + 1, share / (n + 1), 0]));
  await writeTable(to('pca.tsv'), ['layer', 'component', 'variance_explained', 'cumulative'], shares);
  const times = Array.from({ length: 40 }, (_, t) => [2 * t, ...names.map((_, n) => Math.sin(t / (n + 2)))]);
  await writeTable(to('layer_series.tsv'), ['time', ...names], times);
  const r = (a: number, b: number) => (a === b ? 1 : 0.4 - 0.25 * Math.abs(a - b));
  const matrix = names.map((name, a) => [name, ...names.map((_, b) => r(a, b))]);
  await writeTable(to('layer_correlation.tsv'), ['layer', ...names], matrix);
  await writeTable(to('pairs.tsv'), ['layer_1', 'layer_2', 'r'], []);
  return artifact('description', dir, ['pca.tsv', 'layer_series.tsv', 'layer_correlation.tsv', 'pairs.tsv'], meta);
}

/** Two regions, `V1` (conv1_1) and `SMG, right` (two kernels of conv5_3), with peaks and pictures. */
export async function reversalOf(mask: Mask, meta: JsonObject = {}): Promise<Artifact> {
  const dir = await newFolder('drawn');
  const to = (role: string) => path.join(dir, role);
  mkdirSync(to('pictures'));
  const labels = new Int32Array(voxelCount(mask.grid));
  for (const offset of mask.voxels) {
    const [x, y, z] = mmOf(mask.grid, offset);
    if (y < -30 && Math.abs(z) < 8) labels[offset] = 1;
    if (x > 18 && Math.abs(y) < 10 && z > 4) labels[offset] = 7;
  }
  await writeImage(to('regions.nii.gz'), { grid: mask.grid, data: labels, datatype: 'int32', description: 'regions' });
  const kernels = { V1: ['conv1_1/k7'], 'SMG, right': ['conv5_3/k276', 'conv5_3/k428'] };
  const names = Object.keys(kernels) as (keyof typeof kernels)[];
  await writeTable(
    to('regions.tsv'),
    ['index', 'name', 'voxels', 'subjects', 'peaks', 'kernels'],
    names.map((name, n) => [
      n ? 7 : 1,
      name,
      labels.filter((l) => l === (n ? 7 : 1)).length,
      8,
      3,
      kernels[name].join(','),
    ]),
  );
  const all = names.flatMap((name) => kernels[name]);
  const wave = (t: number) => Math.sin((2 * Math.PI * t) / 20);
  await writeTable(
    to('series.tsv'),
    [
      'time',
      'volume',
      ...names.flatMap((name) => [`region:${name}`, `spread:${name}`]),
      ...all.map((k) => `kernel:${k}`),
    ],
    Array.from({ length: 60 }, (_, t) => [
      2 * t,
      t,
      wave(t),
      0.4,
      wave(t),
      0.4,
      ...all.map((_, k) => (t > 57 ? null : wave(t + 2 + k))),
    ]),
  );
  const peaks = names.flatMap((name) =>
    [5, 25, 45].map((volume, p) => [name, p + 1, volume, 2 * volume, 2 * volume - 4, volume - 2, 1, 2]),
  );
  const columns = ['region', 'peak', 'volume', 'time', 'stimulus_time', 'frame', 'height', 'prominence'];
  await writeTable(to('peaks.tsv'), columns, peaks);
  const files = ['pictures/frame-0001.png', 'pictures/frame-0001_overlay.png'];
  const pixels = (red: number) =>
    Uint8Array.from({ length: 64 * 36 * 3 }, (_, i) => (i % 3 === 0 ? red : (i >> 2) % 200));
  files.forEach((file, n) => {
    writeFileSync(to(file), encode({ width: 64, height: 36, data: pixels(40 + 180 * n), channels: 3, depth: 8 }));
  });
  const pictures = peaks.flatMap(([region, peak, , , , frame]) => [
    [region!, peak!, frame!, null, 'frame', files[0]!, null],
    ...kernels[region as keyof typeof kernels].map((kernel) => [
      region!,
      peak!,
      frame!,
      kernel,
      'overlay',
      files[1]!,
      3.25,
    ]),
  ]);
  await writeTable(to('pictures.tsv'), ['region', 'peak', 'frame', 'kernel', 'kind', 'file', 'maximum'], pictures);
  const roles = ['regions.tsv', 'series.tsv', 'peaks.tsv', 'pictures.tsv', 'regions.nii.gz', ...files];
  return artifact('reversal', dir, roles, { delay: 4, tr: 2, standardise: 'both', signal: 'as it is', ...meta });
}

/** Runs the step with its defaults at 100 dpi. */
export async function draw(inputs: StepContext['inputs'], params: Partial<FiguresParams> = {}): Promise<Artifact> {
  return (await runStep(figuresStep, inputs, { dpi: 100, ...params }, { threads: 1 })).outputs.figures!;
}
