import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Artifact, Produced } from '../artifacts/artifact.js';
import { writeFit } from '../artifacts/fit.js';
import { makeGrid, voxelCount } from '../artifacts/grid.js';
import type { StepType } from '../engine/step-type.js';
import { residualise } from '../numerics/glm/residualise.js';
import { orthonormalBasis } from '../numerics/orthonormal.js';
import type { Pool } from '../numerics/pool.js';

/** Fits of made-up subjects in the size of a study, and the steps that work on them, for benchmarks. */
export interface FitsSize {
  readonly subjects: number;
  readonly voxels: number;
  readonly kernels: number;
  readonly time: number;
  /** Nuisance columns, the constant among them. */
  readonly columns: number;
  readonly noise: 'ols' | 'ar1-nilearn';
}

/** AR(1) series [series, time] of unit variance. */
export function autoregressiveSeries(count: number, time: number, rho: number): Float64Array<ArrayBuffer> {
  const out = new Float64Array(count * time);
  const innovation = Math.sqrt(1 - rho * rho);
  for (let i = 0; i < out.length; i++) {
    const gauss = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
    out[i] = i % time === 0 ? gauss : rho * out[i - 1]! + innovation * gauss;
  }
  return out;
}

/** All subjects have the series of the first, in another order of voxels: what a fit costs does not depend on the numbers. */
export async function writeFits(dir: string, size: FitsSize): Promise<Artifact[]> {
  const { subjects, voxels, kernels, time, columns, noise } = size;
  const drawn = autoregressiveSeries(columns - 1, time, 0.9);
  const nuisance = [new Float64Array(time).fill(1)];
  for (let c = 0; c < columns - 1; c++) nuisance.push(drawn.subarray(c * time, (c + 1) * time));
  const { rows, rank } = orthonormalBasis(nuisance, time);
  const residuals = async (count: number, rho: number) => {
    const all = autoregressiveSeries(count, time, rho);
    for (let first = 0; first < count; first += 4096) {
      const end = Math.min(count, first + 4096);
      const block = all.slice(first * time, end * time);
      all.set((await residualise(block, rows, { count: end - first, time, rank })).residuals, first * time);
    }
    return all;
  };
  const grid = makeGrid([61, 73, 61], [3, 0, 0, -90, 0, 3, 0, -126, 0, 0, 3, -72, 0, 0, 0, 1], 4);
  if (voxels > voxelCount(grid)) throw new RangeError(`more than ${voxelCount(grid)} voxels`);
  const data = {
    mask: { grid, voxels: Int32Array.from({ length: voxels }, (_, v) => v) },
    kernels: Array.from({ length: kernels }, (_, k) => ({
      ...{ name: `layer/k${k + 1}`, layer: 'layer', kernel: k + 1, status: 'fitted' },
    })),
    regressors: await residuals(kernels, 0.8),
    nuisance: rows,
    mean: new Float64Array(voxels).fill(1000),
    ...{ volumes: time, tr: 2, noise, df: time - rank - 1, rank },
  };
  const bold = await residuals(voxels, 0.3);
  const fits: Artifact[] = [];
  for (let s = 0; s < subjects; s++) {
    const label = `sub-${String(s + 1).padStart(2, '0')}`;
    const at = ((s * 1013) % voxels) * time;
    const turned = new Float64Array(bold.length);
    turned.set(bold.subarray(at));
    turned.set(bold.subarray(0, at), bold.length - at);
    const folder = path.join(dir, label);
    await mkdir(folder);
    fits.push(artifactOf('fit', await writeFit(folder, { ...data, bold: turned }), label));
  }
  return fits;
}

export function artifactOf(type: string, { files, meta }: Produced, label: string): Artifact {
  return { type, digest: '', meta: meta ?? {}, files, label, origin: label };
}

/** Runs a step in an empty folder, with its defaults but for `params`. */
export function runStep(
  step: StepType,
  inputs: Readonly<Record<string, Artifact | readonly Artifact[]>>,
  workDir: string,
  pool: Pool,
  params: Readonly<Record<string, unknown>> = {},
): Promise<Record<string, Produced>> {
  const defaults = Object.entries(step.params.properties).filter(([, schema]) => schema.default !== undefined);
  return step.run({
    params: { ...Object.fromEntries(defaults.map(([name, schema]) => [name, schema.default])), ...params },
    ...{ inputs, workDir, pool, instance: step.name, threads: pool.threads },
    signal: new AbortController().signal,
    progress: () => {},
    note: () => {},
  });
}
