import { rowBytes } from '../row-code.js';
import { type MapsFiles, openMapsFiles } from './maps-files.js';
import type { FitModel } from './model.js';
import { withEstimator } from './prepared.js';
import {
  emptyMaps,
  kernelsPerPass,
  type MapsDtype,
  placeRow,
  type Statistic,
  type StatisticMaps,
} from './statistic-maps.js';

export interface MapsPayload {
  readonly model: FitModel;
  /** Residualised series [voxel, time]. */
  readonly bold: Float64Array;
  readonly voxels: number;
  readonly statistics: readonly Statistic[];
  readonly dtype: MapsDtype;
  /** Sums of squares of the voxels' series about their means [voxel], for `r2` (of `ols`). */
  readonly totals?: Float64Array;
  /** rho of the voxels, where it is one for all kernels (see `Block`). */
  readonly rho?: Float64Array;
  /** Where the maps are written; without it they are returned. */
  readonly into?: MapsFiles;
}

/** Pool task `glm.maps`: statistics of all kernels of one subject for a block of voxels, [kernel, voxel]; none where they are written. */
export async function run(payload: MapsPayload): Promise<StatisticMaps> {
  const { model, bold, voxels, statistics, dtype, totals, rho, into } = payload;
  const perPass = Math.min(kernelsPerPass, model.kernels);
  const bytes = statistics.length * rowBytes(perPass * voxels, dtype === 'float32' ? 4 : 8);
  const errors = statistics.some((statistic) => statistic !== 'effect');
  const variances = statistics.includes('residual_variance') || statistics.includes('r2');
  const all = into ? undefined : emptyMaps(statistics, dtype, model.kernels * voxels);
  const files = into && openMapsFiles(into);
  try {
    await withEstimator(model, bytes, async ({ estimate, memory }) => {
      const maps = emptyMaps(statistics, dtype, perPass * voxels, memory);
      for (let firstKernel = 0; firstKernel < model.kernels; firstKernel += kernelsPerPass) {
        const kernels = Math.min(kernelsPerPass, model.kernels - firstKernel);
        const block = { bold, voxels, firstKernel, kernels, errors, variances, ...(rho && { rho }) };
        await estimate(block, (row) => {
          const { kernel, firstVoxel, effect, se, variance } = row;
          const functions = row.memory === memory ? memory : undefined;
          const r2 = totals && variance?.map((value, v) => 1 - (value * model.df) / totals[firstVoxel + v]!);
          const quality = variance && { variance, ...(r2 && { r2 }) };
          placeRow(maps, (kernel - firstKernel) * voxels + firstVoxel, effect, se, model.df, quality, functions);
        });
        files?.write(maps, firstKernel, kernels, voxels);
        if (all) copy(maps, all, firstKernel * voxels, kernels * voxels);
      }
    });
  } finally {
    files?.close();
  }
  return all ?? {};
}

function copy(maps: StatisticMaps, to: StatisticMaps, at: number, length: number): void {
  for (const statistic of Object.keys(maps) as Statistic[]) {
    to[statistic]!.set(maps[statistic]!.subarray(0, length), at);
  }
}
