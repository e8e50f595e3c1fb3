import type { Artifact } from '../../artifacts/artifact.js';
import { UserError } from '../../artifacts/user-error.js';
import { normalQuantile, tQuantile } from '../../numerics/distributions.js';
import type { ThresholdParams } from './index.js';

export interface Height {
  /** In units of the statistic. */
  readonly threshold: number;
  /** null when the threshold was given as a value. */
  readonly p: number | null;
  /** Degrees of freedom of t, where they are known. */
  readonly df: number | null;
}

/** The height threshold: `value` as it is, else the quantile that leaves `p` (two-sided: `p / 2`) above it. */
export function heightThreshold(maps: Artifact, { statistic, p, value, sides }: ThresholdParams): Height {
  const df = degreesOfFreedom(maps, statistic);
  if (value !== undefined) return { threshold: value, p: null, df };
  const tail = sides === 'two' ? p / 2 : p;
  if (statistic === 'z') return { threshold: normalQuantile(tail), p, df };
  if (df === null) {
    throw new UserError({
      message: `${maps.origin} does not say the degrees of freedom of ${statistic}`,
      keys: ['p'],
      expected: 'maps of one number of degrees of freedom, or a threshold under `value`',
    });
  }
  return { threshold: tQuantile(tail, df), p, df };
}

function degreesOfFreedom(maps: Artifact, statistic: string): number | null {
  const statistics = maps.meta.statistics as Readonly<Record<string, { readonly df?: number } | undefined>> | undefined;
  const df = statistics?.[statistic]?.df ?? maps.meta.df;
  return typeof df === 'number' ? df : null;
}
