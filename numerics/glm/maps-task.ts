import { unshared } from '../shared-memory.js';
import { estimatorFor } from './estimator.js';
import type { FitModel } from './model.js';
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
}

/** Pool task `glm.maps`: statistics of all kernels of one subject for a block of voxels, [kernel, voxel]. */
export async function run({ model, bold, voxels, statistics, dtype, totals }: MapsPayload): Promise<StatisticMaps> {
  const estimate = await estimatorFor(inThisThread(model));
  const maps = emptyMaps(statistics, dtype, model.kernels * voxels);
  const errors = statistics.some((statistic) => statistic !== 'effect');
  const variances = statistics.includes('residual_variance') || statistics.includes('r2');
  for (let firstKernel = 0; firstKernel < model.kernels; firstKernel += kernelsPerPass) {
    const kernels = Math.min(kernelsPerPass, model.kernels - firstKernel);
    await estimate({ bold, voxels, firstKernel, kernels, errors, variances }, (row) => {
      const { kernel, firstVoxel, effect, se, variance } = row;
      const r2 = totals && variance?.map((value, v) => 1 - (value * model.df) / totals[firstVoxel + v]!);
      const quality = { ...(variance && { variance }), ...(r2 && { r2 }) };
      placeRow(maps, kernel * voxels + firstVoxel, effect, se, model.df, quality);
    });
  }
  return maps;
}

export function inThisThread(model: FitModel): FitModel {
  return { ...model, regressors: unshared(model.regressors), nuisance: unshared(model.nuisance) };
}
