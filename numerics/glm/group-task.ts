import { OneSample } from '../group.js';
import { estimatorFor } from './estimator.js';
import { inThisThread } from './maps-task.js';
import type { FitModel } from './model.js';
import {
  emptyMaps,
  kernelsPerPass,
  type MapsDtype,
  placeRow,
  type Statistic,
  type StatisticMaps,
} from './statistic-maps.js';

export interface GroupPayload {
  /** In the order of the list; each with the residualised series [voxel, time] of the same voxels. */
  readonly subjects: readonly { readonly model: FitModel; readonly bold: Float64Array }[];
  readonly voxels: number;
  readonly statistics: readonly Statistic[];
  readonly dtype: MapsDtype;
}

/**
 * Pool task `group.maps`: one-sample statistics over subjects of the effects of all kernels for a block of voxels,
 * [kernel, voxel]. One subject's estimates are made and used up, kernel block by kernel block, before the next
 * subject's: kept are the mean and the sum of squares of the block, for any number of subjects.
 */
export async function run({ subjects, voxels, statistics, dtype }: GroupPayload): Promise<StatisticMaps> {
  const total = subjects[0]!.model.kernels;
  const sample = new OneSample(total * voxels);
  for (const { model, bold } of subjects) {
    const estimate = await estimatorFor(inThisThread(model));
    sample.nextSubject();
    for (let firstKernel = 0; firstKernel < total; firstKernel += kernelsPerPass) {
      const kernels = Math.min(kernelsPerPass, total - firstKernel);
      await estimate({ bold, voxels, firstKernel, kernels, errors: false }, ({ kernel, firstVoxel, effect }) =>
        sample.put(kernel * voxels + firstVoxel, effect),
      );
    }
  }
  const maps = emptyMaps(statistics, dtype, total * voxels);
  for (let at = 0; at < total * voxels; at += voxels) {
    placeRow(
      maps,
      at,
      sample.mean.subarray(at, at + voxels),
      sample.standardErrors(at, at + voxels),
      subjects.length - 1,
    );
  }
  return maps;
}
