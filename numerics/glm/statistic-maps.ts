import { zOfT } from '../distributions.js';

/** `effect` and its standard error `se` in BOLD units per unit of the regressor, `t = effect / se`, `z` with the same tail as t. */
export type Statistic = 'effect' | 'se' | 't' | 'z';

/** Maps of a block, [kernel, voxel] each, in the precision that they are stored in. */
export type StatisticMaps = Partial<Record<Statistic, Float32Array | Float64Array>>;

export type MapsDtype = 'float32' | 'float64';

/** Kernels per product: 512 columns of 8 bytes for some hundred voxels stay in the cache. */
export const kernelsPerPass = 512;

/** Empty maps for a block. */
export function emptyMaps(statistics: readonly Statistic[], dtype: MapsDtype, size: number): StatisticMaps {
  const make = () => (dtype === 'float32' ? new Float32Array(size) : new Float64Array(size));
  return Object.fromEntries(statistics.map((statistic) => [statistic, make()]));
}

/**
 * Puts effects and standard errors [voxel, kernel] of kernels from `firstKernel` on into the maps [kernel, voxel], with
 * the statistics that follow from them. t is NaN where the standard error is 0 or NaN: all
 * subjects equal, or nothing fitted.
 */
export function placeStatistics(
  maps: StatisticMaps,
  { effect, se }: { effect: Float64Array; se: Float64Array },
  { voxels, firstKernel, kernels, df }: { voxels: number; firstKernel: number; kernels: number; df: number },
): void {
  for (const [statistic, map] of Object.entries(maps) as [Statistic, Float32Array | Float64Array][]) {
    const formula = formulas[statistic];
    for (let k = 0; k < kernels; k++) {
      const row = (firstKernel + k) * voxels;
      for (let v = 0; v < voxels; v++) map[row + v] = formula(effect[v * kernels + k]!, se[v * kernels + k]!, df);
    }
  }
}

const formulas: Record<Statistic, (effect: number, se: number, df: number) => number> = {
  effect: (effect) => effect,
  se: (_, se) => se,
  t: tOf,
  z: (effect, se, df) => zOfT(tOf(effect, se), df),
};

function tOf(effect: number, se: number): number {
  return se > 0 ? effect / se : Number.NaN;
}
