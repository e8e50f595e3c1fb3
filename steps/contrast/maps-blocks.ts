import type { MapsWriter, StatisticFacts } from '../../artifacts/maps.js';
import type { Statistic, StatisticMaps } from '../../numerics/glm/statistic-maps.js';

/** Units of the statistics; `df` are the degrees of freedom of t. */
export function factsOf(statistics: readonly Statistic[], df: number): Record<string, StatisticFacts> {
  const bold = { units: 'BOLD units per unit of regressor' };
  const facts: Record<Statistic, StatisticFacts> = {
    effect: bold,
    se: bold,
    t: { units: '1', df },
    z: { units: '1' },
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
