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
 * Puts effects and standard errors [kernel, voxel] of kernels from `firstKernel` on into the maps, with the statistics
 * that follow from them. t is NaN where the standard error is 0 or NaN: all subjects equal, or nothing fitted.
 */
export function placeStatistics(
  maps: StatisticMaps,
  { effect, se }: { effect: Float64Array; se: Float64Array },
  { voxels, firstKernel, kernels, df }: { voxels: number; firstKernel: number; kernels: number; df: number },
): void {
  const first = firstKernel * voxels;
  const count = kernels * voxels;
  maps.effect?.set(effect.subarray(0, count), first);
  maps.se?.set(se.subarray(0, count), first);
  const { t, z } = maps;
  if (t) for (let i = 0; i < count; i++) t[first + i] = tOf(effect[i]!, se[i]!);
  if (z) for (let i = 0; i < count; i++) z[first + i] = zOfT(tOf(effect[i]!, se[i]!), df);
}

function tOf(effect: number, se: number): number {
  return se > 0 ? effect / se : Number.NaN;
}
