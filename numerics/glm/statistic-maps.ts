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
 * Puts a row of effects and standard errors into the maps at `at`, with the statistics that follow from them. t is NaN
 * where the standard error is 0 or NaN: all subjects equal, or nothing fitted.
 */
export function placeRow(maps: StatisticMaps, at: number, effect: Float64Array, se: Float64Array, df: number): void {
  const { effect: effects, se: errors, t, z } = maps;
  if (effects) for (let i = 0; i < effect.length; i++) effects[at + i] = effect[i]!;
  if (errors) for (let i = 0; i < effect.length; i++) errors[at + i] = se[i]!;
  if (t) for (let i = 0; i < effect.length; i++) t[at + i] = tOf(effect[i]!, se[i]!);
  if (z) for (let i = 0; i < effect.length; i++) z[at + i] = zOfT(tOf(effect[i]!, se[i]!), df);
}

function tOf(effect: number, se: number): number {
  return se > 0 ? effect / se : Number.NaN;
}
