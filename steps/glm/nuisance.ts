import { UserError } from '../../artifacts/user-error.js';
import { cosineDrifts, polynomialDrifts, polynomialOrder } from '../../numerics/drift.js';
import { orthonormalBasis } from '../../numerics/orthonormal.js';
import type { NamedColumn } from './confounds.js';
import type { GlmParams } from './index.js';

export interface Nuisance {
  /** Orthonormal rows [rank, time]. */
  readonly rows: Float64Array;
  readonly rank: number;
  /** Names of columns that are 0 or combinations of others, and were left out. */
  readonly collinear: readonly string[];
  /** The columns that it comes from: drifts, and constant and confounds. */
  readonly drifts: readonly Float64Array[];
  readonly others: readonly Float64Array[];
}

/**
 * Constant, drifts and confounds of the volumes that are used. The constant comes first, then the drifts, so that of two
 * collinear columns the confound is the one that is named. Throws UserError where no degrees of freedom are left for a
 * model with `own` columns of a kernel.
 */
export function nuisanceOf(
  confounds: readonly NamedColumn[],
  { volumes, tr, own }: { readonly volumes: number; readonly tr: number; readonly own: number },
  params: DriftParams,
): Nuisance {
  const drifts = driftsOf(volumes, tr, params);
  const columns = [
    { name: 'constant', values: new Float64Array(volumes).fill(1) },
    ...drifts.map((values, index) => ({ name: `drift ${index + 1}`, values })),
    ...confounds,
  ];
  const { rows, rank, dependent } = orthonormalBasis(
    columns.map(({ values }) => values),
    volumes,
  );
  if (volumes - rank - own < 1) {
    throw new UserError({
      message: `no degrees of freedom: ${volumes} volumes for ${rank + own} columns (${own === 1 ? 'a kernel' : `${own} of a kernel`}, a constant, ${drifts.length} drifts, ${confounds.length} confounds)`,
      expected: 'more volumes than columns',
      hint: 'Use fewer confounds, or a longer cut-off period (high_pass).',
      keys: ['confounds'],
    });
  }
  const [constant, ...rest] = columns.map(({ values }) => values);
  const others = [constant!, ...rest.slice(drifts.length)];
  return { rows, rank, collinear: dependent.map((index) => columns[index]!.name), drifts, others };
}

type DriftParams = Pick<GlmParams, 'drift' | 'high_pass' | 'drift_order'>;

function driftsOf(volumes: number, tr: number, { drift, high_pass: period, drift_order: order }: DriftParams) {
  if (drift === 'polynomial') return polynomialDrifts(volumes, order ?? polynomialOrder(volumes, tr));
  return drift === 'none' || period === 0 ? [] : cosineDrifts(volumes, tr, period);
}
