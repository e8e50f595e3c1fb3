import type { Mask } from '../../artifacts/mask.js';
import type { StepContext } from '../../engine/step-type.js';
import { inBlocks } from '../../numerics/blocks.js';
import type { InterestPayload } from '../../numerics/glm/interest-task.js';
import type { RhoPayload } from '../../numerics/glm/rho-task.js';
import { smoothWithin } from '../../numerics/glm/smooth-within.js';
import type { Nuisance } from './nuisance.js';

/** Series per task: 5 MB at 163 volumes. */
const blockSize = 4096;

/**
 * rho of every voxel, one for all kernels, smoothed over the mask by `fwhm` mm [voxel]. The effects are taken out first,
 * as the leading components of the regressors: left in, a strong one would count as noise. One by one per kernel they
 * cannot be taken out here, where all kernels share the map.
 */
export async function smoothedRho(
  {
    bold,
    mask,
    regressors,
    nuisance,
    time,
  }: {
    /** Without the nuisance [voxel, time] and [kernel, time]. */
    readonly bold: Float64Array;
    readonly regressors: Float64Array;
    readonly mask: Mask;
    readonly nuisance: Pick<Nuisance, 'rows' | 'rank'>;
    readonly time: number;
  },
  fwhm: number,
  { pool, signal }: Pick<StepContext, 'pool' | 'signal'>,
): Promise<Float64Array> {
  const payload: InterestPayload = { regressors, time, spare: time - nuisance.rank };
  const interest = await pool.run<{ rows: Float64Array }>('glm.interest', payload, { signal });
  const basis = new Float64Array(nuisance.rows.length + interest.rows.length);
  basis.set(nuisance.rows);
  basis.set(interest.rows, nuisance.rows.length);
  const rank = basis.length / time;
  const total = mask.voxels.length;
  const rho = new Float64Array(total);
  await inBlocks(
    { total, size: blockSize, ahead: pool.threads + 1 },
    async (first, end) => {
      signal.throwIfAborted();
      const block: RhoPayload = { series: bold.slice(first * time, end * time), count: end - first, time, basis, rank };
      const transfer = [block.series.buffer as ArrayBuffer];
      return pool.run<{ rho: Float64Array }>('glm.rho', block, { transfer, signal });
    },
    (found, first) => rho.set(found.rho, first),
  );
  return smoothWithin(rho, mask.voxels, mask.grid, fwhm);
}
