import { pOfF, pOfT, zOfF, zOfT } from '../distributions.js';
import { plainRows, type RowFunctions, type RowMemory } from '../rows.js';

/**
 * - `effect` and its standard error `se`, in BOLD units per unit of the regressor; `t = effect / se`
 * - `F`: that of an F contrast; `t^2` for a single effect
 * - `p`: P(T > t), or P(F > f); never 0 (see `pOfT`). `z`: the normal deviate with the same tail, exact far out
 * - `r2`: share of the variance of the series that the model explains, `residual_variance = RSS / df`
 * - `df`: degrees of freedom of t, where they differ between voxels
 */
export type Statistic = 'effect' | 'se' | 't' | 'F' | 'z' | 'p' | 'r2' | 'residual_variance' | 'df';

/** Maps of a block, [kernel, voxel] each, in the precision that they are stored in. */
export type StatisticMaps = Partial<Record<Statistic, Float32Array | Float64Array>>;

export type MapsDtype = 'float32' | 'float64';

/** Kernels per product: 512 columns of 8 bytes for some hundred voxels stay in the cache. */
export const kernelsPerPass = 512;

/** Empty maps for a block. p is always in double precision: single precision ends at 1e-45. */
export function emptyMaps(
  statistics: readonly Statistic[],
  dtype: MapsDtype,
  size: number,
  memory: RowMemory = plainRows,
): StatisticMaps {
  const make = (statistic: Statistic) =>
    dtype === 'float32' && statistic !== 'p' ? memory.float32(size) : memory.float64(size);
  return Object.fromEntries(statistics.map((statistic) => [statistic, make(statistic)]));
}

/** What does not follow from effect and standard error. */
export interface FitQuality {
  readonly variance?: Float64Array;
  readonly r2?: Float64Array;
}

/**
 * Puts a row of effects and standard errors into the maps at `at`, with the statistics that follow from them; `df` is
 * one number or one per voxel. t is NaN where the standard error is 0 or NaN: all subjects equal, or nothing fitted.
 */
export function placeRow(
  maps: StatisticMaps,
  at: number,
  effect: Float64Array,
  se: Float64Array,
  df: number | Float64Array,
  quality: FitQuality = {},
  rows: RowFunctions = plainRows,
): void {
  const { effect: effects, se: errors, t, F, z, p } = maps;
  const single = effects instanceof Float32Array && errors instanceof Float32Array && t instanceof Float32Array;
  if (single) rows.placeAll(effect, se, effects, errors, t, at);
  else {
    if (effects) rows.place(effect, effects, at);
    if (errors) rows.place(se, errors, at);
    if (t) rows.placeRatio(effect, se, t, at);
  }
  if (F) for (let i = 0; i < effect.length; i++) F[at + i] = tOf(effect[i]!, se[i]!) ** 2;
  const dfAt = (i: number) => (typeof df === 'number' ? df : df[i]!);
  if (z) for (let i = 0; i < effect.length; i++) z[at + i] = zOfT(tOf(effect[i]!, se[i]!), dfAt(i));
  if (p) for (let i = 0; i < effect.length; i++) p[at + i] = pOfT(tOf(effect[i]!, se[i]!), dfAt(i));
  if (maps.df) for (let i = 0; i < effect.length; i++) maps.df[at + i] = dfAt(i);
  placeQuality(maps, at, quality);
}

/** Puts a row of F with `df1` and `df2` degrees of freedom into the maps: it has no effect, no standard error and no t (NaN). */
export function placeF(
  maps: StatisticMaps,
  at: number,
  f: Float64Array,
  df1: number,
  df2: number,
  quality: FitQuality = {},
): void {
  for (const statistic of ['effect', 'se', 't'] as const) maps[statistic]?.fill(Number.NaN, at, at + f.length);
  const { F, z, p } = maps;
  if (F) F.set(f, at);
  if (z) for (let i = 0; i < f.length; i++) z[at + i] = zOfF(f[i]!, df1, df2);
  if (p) for (let i = 0; i < f.length; i++) p[at + i] = pOfF(f[i]!, df1, df2);
  placeQuality(maps, at, quality);
}

function placeQuality(maps: StatisticMaps, at: number, { variance, r2 }: FitQuality): void {
  if (maps.residual_variance) {
    if (!variance) throw new Error('this estimator does not say the residual variance');
    maps.residual_variance.set(variance, at);
  }
  if (maps.r2) {
    if (!r2) throw new Error('r2 was asked for where it is not computed');
    maps.r2.set(r2, at);
  }
}

function tOf(effect: number, se: number): number {
  return se > 0 ? effect / se : Number.NaN;
}
