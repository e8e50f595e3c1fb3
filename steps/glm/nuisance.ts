import { UserError } from '../../artifacts/user-error.js';
import { cosineDrifts } from '../../numerics/drift.js';
import { orthonormalBasis } from '../../numerics/orthonormal.js';
import type { NamedColumn } from './confounds.js';
import type { GlmParams } from './index.js';

export interface Nuisance {
  /** Orthonormal rows [rank, time]. */
  readonly rows: Float64Array;
  readonly rank: number;
  /** Names of columns that are 0 or combinations of others, and were left out. */
  readonly collinear: readonly string[];
}

/**
 * Constant, drifts and confounds of the volumes that are used. The constant comes first, then the drifts, so that of two
 * collinear columns the confound is the one that is named. Throws UserError where no degrees of freedom are left.
 */
export function nuisanceOf(
  confounds: readonly NamedColumn[],
  volumes: number,
  tr: number,
  { drift, high_pass: period }: Pick<GlmParams, 'drift' | 'high_pass'>,
): Nuisance {
  const drifts = drift === 'none' || period === 0 ? [] : cosineDrifts(volumes, tr, period);
  const columns = [
    { name: 'constant', values: new Float64Array(volumes).fill(1) },
    ...drifts.map((values, index) => ({ name: `drift ${index + 1}`, values })),
    ...confounds,
  ];
  const { rows, rank, dependent } = orthonormalBasis(
    columns.map(({ values }) => values),
    volumes,
  );
  if (volumes - rank - 1 < 1) {
    throw new UserError({
      message: `no degrees of freedom: ${volumes} volumes for ${rank + 1} columns (a kernel, a constant, ${drifts.length} drifts, ${confounds.length} confounds)`,
      expected: 'more volumes than columns',
      hint: 'Use fewer confounds, or a longer cut-off period (high_pass).',
      keys: ['confounds'],
    });
  }
  return { rows, rank, collinear: dependent.map((index) => columns[index]!.name) };
}
