import type { BoldData } from '../../artifacts/bold.js';
import { visitImage, voxelCount } from '../../artifacts/image.js';
import { type Mask, maskVoxels } from '../../artifacts/mask.js';
import { UserError } from '../../artifacts/user-error.js';

/** A voxel counts for the global mean of a volume when it is above the mean of the whole volume divided by this. */
const globalDivisor = 8;
/** Share of a volume's global mean that a voxel has to be above, in every volume (`mthresh`, 0.8). */
const threshold = 0.8;

/**
 * What SPM12 takes from the image before it fits: the voxels that are bright in every volume (within the mask, if there
 * is one), and the factor that brings the mean of the volumes' global means to 100.
 */
export async function spmMask(
  bold: BoldData,
  within: Mask | undefined,
  { first, count, signal }: { first: number; count: number; signal: AbortSignal },
): Promise<{ mask: Mask; scale: number }> {
  const { grid } = bold.header;
  const bright = new Uint8Array(voxelCount(grid));
  if (within) for (const voxel of within.voxels) bright[voxel] = 1;
  else bright.fill(1);
  let sum = 0;
  await visitImage(
    bold.file,
    (values, volume) => {
      if (volume < first || volume >= first + count) return;
      const global = globalMean(values);
      sum += global;
      for (let i = 0; i < bright.length; i++) if (!(values[i]! > threshold * global)) bright[i] = 0;
    },
    signal,
  );
  const voxels = maskVoxels(bright);
  if (voxels.length > 0) return { mask: { grid, voxels }, scale: (100 * count) / sum };
  throw new UserError({
    message: `no voxel${within ? ' of the mask' : ''} is above ${threshold} of the global mean in every volume`,
    place: { file: bold.file },
    expected: 'a BOLD image whose brain is brighter than its background, not demeaned',
    hint: 'With "noise: ar1" the image may have any mean.',
    keys: ['noise'],
  });
}

/** Mean of the voxels that are above an eighth of the mean of all. */
function globalMean(values: ArrayLike<number>): number {
  const mean = meanAbove(values, Number.NEGATIVE_INFINITY);
  return meanAbove(values, mean / globalDivisor);
}

function meanAbove(values: ArrayLike<number>, limit: number): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    if (!(values[i]! > limit) || !Number.isFinite(values[i]!)) continue;
    sum += values[i]!;
    count++;
  }
  return sum / count;
}
