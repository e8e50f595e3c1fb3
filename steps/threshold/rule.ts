import type { Artifact } from '../../artifacts/artifact.js';
import { UserError } from '../../artifacts/user-error.js';
import { type CountedCorrection, heightOfP, type NullDistribution, pOfHeight } from '../../numerics/height.js';
import { levelOf, type ThresholdParams } from './index.js';

/** What is known of a cluster or of a peak. */
export interface Found {
  /** The statistic of the peak. */
  readonly value: number;
  readonly size: number;
  readonly mass: number;
  /** The second map's largest value in the cluster, or its value at the peak; NaN for none. */
  readonly second: number;
  /** Corrected p that the map itself gave; NaN for none. */
  readonly corrected: number;
}

/** What maps must reach, and what is said of what did. */
export interface ThresholdRule {
  /** `[row]`, or the correction that finds it in every map. */
  readonly heights: Float64Array | CountedCorrection;
  /** `[row]` */
  readonly minExtents: Float64Array;
  readonly minMasses?: Float64Array;
  /** A second statistic of the maps that must be as large, absolute, with `[row]` heights. */
  readonly second?: { readonly statistic: string; readonly heights: Float64Array };
  /** Corrected p of a cluster in a row; null where nothing is corrected. */
  ofCluster(row: number, found: Found): number | null;
  /** Corrected p of a peak; null where nothing is corrected, or clusters are. */
  ofPeak(row: number, found: Found): number | null;
  /** The interval of a p that is an estimate. */
  readonly intervalOf?: (p: number) => readonly [number, number];
  /** The one height of all maps; null where maps differ. */
  readonly threshold: number | null;
}

/** What a rule is made for. */
export interface RuleContext {
  readonly maps: Artifact;
  readonly rows: number;
  readonly params: ThresholdParams;
  /** Of the statistic; undefined where it is not known. */
  readonly distribution: NullDistribution | undefined;
}

/** One height for all maps, nothing corrected. */
export function plainRule(context: RuleContext): ThresholdRule {
  const { params, rows } = context;
  const height = params.value ?? heightOfP(levelOf(params), requireDistribution(context), params.sides);
  return {
    heights: new Float64Array(rows).fill(height),
    minExtents: new Float64Array(rows).fill(params.min_extent),
    ofCluster: () => null,
    ofPeak: () => null,
    threshold: height,
  };
}

/** FDR or Bonferroni in every map for itself. */
export function ownRule(context: RuleContext): ThresholdRule {
  const { params, rows } = context;
  const correctedPeak = (_: number, { corrected }: Found) => corrected;
  return {
    heights: countedCorrection(context),
    minExtents: new Float64Array(rows).fill(params.min_extent),
    ofCluster: correctedPeak,
    ofPeak: correctedPeak,
    threshold: null,
  };
}

export function countedCorrection(context: RuleContext): CountedCorrection {
  const { params } = context;
  return {
    kind: params.correction === 'bonferroni' ? 'bonferroni' : 'fdr',
    level: levelOf(params),
    anyDependence: params.correction === 'fdr-by',
    distribution: requireDistribution(context),
    sides: params.sides,
  };
}

export function requireDistribution({ maps, params, distribution }: RuleContext): NullDistribution {
  if (distribution) return distribution;
  throw new UserError({
    message: `${maps.origin} does not say the degrees of freedom of ${params.statistic}`,
    keys: ['p'],
    expected: 'maps of one number of degrees of freedom, or a threshold under `value`',
    hint: 'Where every voxel has its own degrees of freedom, threshold z.',
  });
}

/** The distribution of a statistic of maps; undefined where it has none, or its degrees of freedom are not known. */
export function distributionOf(maps: Artifact, statistic: string): NullDistribution | undefined {
  if (statistic === 'z') return { of: 'z' };
  const statistics = maps.meta.statistics as Readonly<Record<string, { df?: number; df1?: number } | undefined>>;
  const facts = statistics?.[statistic];
  const df = facts?.df ?? maps.meta.df;
  if (typeof df !== 'number') return undefined;
  if (statistic === 't') return { of: 't', df };
  return statistic === 'F' && facts?.df1 !== undefined ? { of: 'F', df1: facts.df1, df } : undefined;
}

/** Uncorrected p of a peak; null where the distribution is not known. */
export function uncorrectedP({ distribution, params }: RuleContext, value: number): number | null {
  return distribution ? pOfHeight(value, distribution, params.sides) : null;
}
