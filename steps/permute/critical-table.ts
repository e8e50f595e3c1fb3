import type { Kernel } from '../../artifacts/kernels.js';
import { criticalHeight, intervalOfP, maxStatisticP, sortedNull } from '../../numerics/max-statistic.js';
import type { Maxima } from '../../numerics/permutation.js';
import type { Inference } from './index.js';
import type { PermutationTest } from './permutation-test.js';

export type NullName = keyof Maxima;

/** The null distributions that are kept for what is inferred. */
export function nullNames(inference: readonly Inference[]): NullName[] {
  return inference.map((one) => (one === 'voxel' ? 't' : one));
}

/**
 * Columns of critical.tsv: kernel, statistic (`t`, `extent` in voxels, `mass`, `tfce`), its largest value in the observed map
 * with the corrected p of that value and its 95 % interval, and the least values (of `extent` whole voxels) whose p is at most 0.05, 0.01, 0.001.
 */
export const criticalColumns = [
  'name',
  'layer',
  'kernel',
  'statistic',
  'largest',
  'p_corrected',
  'p_low',
  'p_high',
  'critical_05',
  'critical_01',
  'critical_001',
  'permutations',
] as const;

export function* criticalRows(
  { name, layer, kernel, status }: Kernel,
  nulls: Readonly<Partial<Record<NullName, Float64Array>>>,
  kept: readonly NullName[],
  { count, exact }: Pick<PermutationTest, 'count' | 'exact'>,
): Generator<(string | number | null)[]> {
  if (status !== 'fitted') return;
  for (const statistic of kept) {
    const sorted = sortedNull(nulls[statistic]!);
    const largest = nulls[statistic]![0]!;
    const p = maxStatisticP(sorted, largest);
    const reached = [0.05, 0.01, 0.001].map((level) => criticalHeight(sorted, level));
    const critical = statistic === 'extent' ? reached.map(Math.ceil) : reached;
    yield [name, layer, kernel, statistic, largest, p, ...intervalOfP(p, count, exact), ...critical, count];
  }
}
