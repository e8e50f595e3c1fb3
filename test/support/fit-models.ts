import { estimatorFor } from '../../numerics/glm/estimator.js';
import type { Noise } from '../../numerics/glm/model.js';
import { residualise } from '../../numerics/glm/residualise.js';
import { orthonormalBasis } from '../../numerics/orthonormal.js';

/** Effects and standard errors [kernel, voxel] of all models, by way of residualised series and one estimator. */
export async function fitModels(
  voxels: readonly ArrayLike<number>[],
  kernels: readonly ArrayLike<number>[],
  nuisance: readonly ArrayLike<number>[],
  noise: Noise,
): Promise<{ effect: Float64Array; se: Float64Array; df: number; rank: number }> {
  const time = voxels[0]!.length;
  const basis = orthonormalBasis(
    nuisance.map((column) => Float64Array.from(column)),
    time,
  );
  const joined = (rows: readonly ArrayLike<number>[]) => Float64Array.from(rows.flatMap((row) => Array.from(row)));
  const size = { time, rank: basis.rank };
  const bold = await residualise(joined(voxels), basis.rows, { count: voxels.length, ...size });
  const regressors = await residualise(joined(kernels), basis.rows, { count: kernels.length, ...size });
  const df = time - basis.rank - 1;
  const estimate = await estimatorFor({
    noise,
    df,
    time,
    kernels: kernels.length,
    rank: basis.rank,
    regressors: regressors.residuals,
    nuisance: basis.rows,
  });
  const effect = new Float64Array(voxels.length * kernels.length);
  const se = new Float64Array(voxels.length * kernels.length);
  const block = { bold: bold.residuals, voxels: voxels.length, firstKernel: 0, kernels: kernels.length, errors: true };
  await estimate(block, (row) => {
    effect.set(row.effect, row.kernel * voxels.length + row.firstVoxel);
    se.set(row.se, row.kernel * voxels.length + row.firstVoxel);
  });
  return { effect, se, df, rank: basis.rank };
}

/** Autoregressive series of one seed: the same numbers on every machine. */
export function autoregressive(count: number, time: number, rho: number, seed: number): Float64Array[] {
  let state = seed;
  const uniform = () => {
    // mulberry32
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const gauss = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return Array.from({ length: count }, () => {
    let value = gauss();
    return Float64Array.from({ length: time }, () => {
      value = rho * value + Math.sqrt(1 - rho * rho) * gauss();
      return value;
    });
  });
}
