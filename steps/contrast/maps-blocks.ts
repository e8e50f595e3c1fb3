import type { MapsWriter, StatisticFacts } from '../../artifacts/maps.js';
import type { Statistic, StatisticMaps } from '../../numerics/glm/statistic-maps.js';

/**
 * Units of the statistics, with the degrees of freedom: `df` those of t and below the line of F, `df1` those above it.
 * `noise` is that of the fit: for `spm` the image was scaled.
 */
export function factsOf(
  statistics: readonly Statistic[],
  { df, df1, noise }: { readonly df?: number; readonly df1?: number; readonly noise?: string },
): Record<string, StatisticFacts> {
  const unit = noise === 'spm' ? '% of the grand mean' : 'BOLD units';
  const bold = { units: `${unit} per unit of regressor` };
  const below = df === undefined ? {} : { df };
  const facts: Record<Statistic, StatisticFacts> = {
    effect: bold,
    se: bold,
    t: { units: '1', ...below },
    F: { units: '1', ...below, ...(df1 !== undefined && { df1 }) },
    z: { units: '1' },
    p: { units: '1' },
    r2: { units: '1' },
    residual_variance: { units: noise === 'spm' ? `(${unit})^2` : 'BOLD units squared' },
    df: { units: '1' },
  };
  return Object.fromEntries(statistics.map((statistic) => [statistic, facts[statistic]]));
}

/** Puts a block of voxels [kernel, voxel] into the arrays. */
export async function writeMapsBlock(
  writer: MapsWriter,
  maps: StatisticMaps,
  firstVoxel: number,
  voxels: number,
): Promise<void> {
  for (const [statistic, values] of Object.entries(maps)) {
    await writer.arrays[statistic]!.writeBlock(0, firstVoxel, voxels, values);
  }
}
