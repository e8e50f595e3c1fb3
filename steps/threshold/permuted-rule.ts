import type { Artifact } from '../../artifacts/artifact.js';
import { readNpy } from '../../artifacts/npy.js';
import { UserError } from '../../artifacts/user-error.js';
import { criticalHeight, intervalOfP, maxStatisticP, sortedNull } from '../../numerics/max-statistic.js';
import { levelOf, type ThresholdParams } from './index.js';
import type { Found, RuleContext, ThresholdRule } from './rule.js';

/** What the maps say of their permutations; see the steps `permute` and `surrogates`. */
interface PermutationFacts {
  readonly rearranged: 'signs' | 'subjects' | 'phases' | 'shifts';
  readonly count: number;
  readonly exact: boolean;
  readonly sides: 'one' | 'two';
  readonly connectivity: number;
  readonly clusterHeight: number | null;
}

const nullOf = { 'fwe-voxel': 't', 'fwe-cluster-extent': 'extent', 'fwe-cluster-mass': 'mass', tfce: 'tfce' } as const;

/** Corrected by the largest statistics of permutations, which the maps bring along. */
export async function permutedRule(context: RuleContext, leftOut: readonly boolean[]): Promise<ThresholdRule> {
  const { maps, rows, params } = context;
  const name = nullOf[params.correction as keyof typeof nullOf];
  const facts = permutationOf(maps, params, name);
  const sorted = await nullsOf(maps, name, rows, leftOut, params.family);
  const critical = Float64Array.from(sorted, (maxima) => criticalHeight(maxima, levelOf(params)));
  const pOf = (row: number, value: number) => maxStatisticP(sorted[row]!, Math.abs(value));
  const rule = {
    minExtents: new Float64Array(rows).fill(params.min_extent),
    intervalOf: (p: number) => intervalOfP(p, facts.count, facts.exact),
  };
  const ofVoxel = (row: number, { value }: Found) => pOf(row, value);
  if (name === 't') {
    return { ...rule, heights: critical, ofCluster: ofVoxel, ofPeak: ofVoxel, threshold: same(critical) };
  }
  if (name === 'tfce') {
    const ofSecond = (row: number, { second }: Found) => pOf(row, second);
    const heights = new Float64Array(rows).fill(Number.MIN_VALUE);
    return {
      ...rule,
      heights,
      second: { statistic: 'tfce', heights: critical },
      ofCluster: ofSecond,
      ofPeak: ofSecond,
      threshold: null,
    };
  }
  const height = facts.clusterHeight!;
  const heights = new Float64Array(rows).fill(height);
  if (name === 'extent') {
    const minExtents = critical.map((least) => Math.max(params.min_extent, least));
    const ofCluster = (row: number, { size }: Found) => pOf(row, size);
    return { ...rule, heights, minExtents, ofCluster, ofPeak: () => null, threshold: height };
  }
  const ofCluster = (row: number, { mass }: Found) => pOf(row, mass);
  return { ...rule, heights, minMasses: critical, ofCluster, ofPeak: () => null, threshold: height };
}

function permutationOf(maps: Artifact, params: ThresholdParams, name: string): PermutationFacts {
  const facts = maps.meta.permutation as unknown as PermutationFacts | undefined;
  if (!facts) {
    throw new UserError({
      message: `${maps.origin} has no permutations, which the correction ${params.correction} takes p from`,
      keys: ['correction'],
      expected: name === 't' ? 'maps of the step "permute" or of the step "surrogates"' : 'maps of the step "permute"',
    });
  }
  if (!maps.files[`null_${name}.npy`]) {
    const there = { t: 'voxel', extent: 'extent', mass: 'mass', tfce: 'tfce' }[name];
    throw new UserError({
      message: `${maps.origin} has no permutations for the correction ${params.correction}`,
      keys: ['correction'],
      expected:
        facts.rearranged === 'phases' || facts.rearranged === 'shifts'
          ? '"correction: fwe-voxel", the one that maps of the step "surrogates" have'
          : `"${there}" under "inference" of the step "permute"`,
    });
  }
  if (facts.sides !== params.sides) {
    throw new UserError({
      message: `${maps.origin} was permuted ${facts.sides}-sided, and the threshold is ${params.sides}-sided`,
      keys: ['sides'],
      expected: `sides: ${facts.sides}`,
    });
  }
  const clusters = name === 'extent' || name === 'mass';
  if (clusters && facts.connectivity !== params.connectivity) {
    throw new UserError({
      message: `the clusters of ${maps.origin} have connectivity ${facts.connectivity}, those of the threshold ${params.connectivity}`,
      keys: ['connectivity'],
      expected: `connectivity: ${facts.connectivity}`,
    });
  }
  return facts;
}

/** `[row]` largest statistics by rising size; of one family, those over all its maps. */
async function nullsOf(
  maps: Artifact,
  name: string,
  rows: number,
  leftOut: readonly boolean[],
  family: ThresholdParams['family'],
): Promise<Float64Array[]> {
  const { shape, data } = await readNpy(maps.files[`null_${name}.npy`]!);
  const count = shape[1]!;
  const own = Array.from({ length: rows }, (_, row) => data.subarray(row * count, (row + 1) * count));
  if (family === 'map') return own.map(sortedNull);
  const largest = new Float64Array(count);
  own.forEach((maxima, row) => {
    if (!leftOut[row]) for (let i = 0; i < count; i++) largest[i] = Math.max(largest[i]!, maxima[i]!);
  });
  return Array<Float64Array>(rows).fill(sortedNull(largest));
}

/** The one value of all rows, or null. */
function same(values: Float64Array): number | null {
  return values.length > 0 && values.every((value) => value === values[0] && Number.isFinite(value))
    ? values[0]!
    : null;
}
