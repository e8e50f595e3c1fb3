import { rhoOfResiduals } from './ar1.js';
import { residualise } from './residualise.js';

export interface RhoPayload {
  /** Free of the nuisance [series, time]; overwritten. */
  readonly series: Float64Array;
  readonly count: number;
  readonly time: number;
  /** Orthonormal rows of the nuisance and of the effects that are taken out before rho is estimated [rank, time]. */
  readonly basis: Float64Array;
  readonly rank: number;
}

/** Pool task `glm.rho`: rho of voxels, the same for all kernels, with their effects taken out. */
export async function run({ series, count, time, basis, rank }: RhoPayload): Promise<{ rho: Float64Array }> {
  const { residuals } = await residualise(series, basis, { count, time, rank, whitened: true });
  return { rho: await rhoOfResiduals(residuals, { nuisance: basis, rank, time }) };
}
