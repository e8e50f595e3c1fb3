import type { Mask } from '../../artifacts/mask.js';
import type { StepContext } from '../../engine/step-type.js';
import { inBlocks } from '../../numerics/blocks.js';
import { labelClusters, makeLattice } from '../../numerics/clusters.js';
import { maxStatisticP, sortedNull } from '../../numerics/max-statistic.js';
import {
  correlationOfT,
  countFrom,
  emptyMaxima,
  type Maxima,
  type PermutationRule,
} from '../../numerics/permutation.js';
import { rearrangedRows, toNullResiduals } from '../../numerics/permutation-model.js';
import type { PermutationBlock, PermutedBlock } from '../../numerics/permutation-task.js';
import { toShared } from '../../numerics/shared-memory.js';
import { tfce } from '../../numerics/tfce.js';
import type { Inference, PermuteParams } from './index.js';
import type { PermutationTest } from './permutation-test.js';
import { bySubjectOfVoxel } from './subject-effects.js';

/** What is known of one map after all permutations, by name of the statistic `[voxel]`. */
export interface PermutedMap {
  readonly maps: Readonly<Record<string, Float64Array>>;
  /** Largest statistics of all permutations; that of the observed data is the first. */
  readonly nulls: Maxima;
}

/** Bytes of products per task. */
const taskBytes = 24 << 20;

/** Permutations per task: depends on the data only, because where blocks begin is part of the result's bits. */
function blockSize(voxels: number, rows: number): number {
  return Math.max(1, Math.min(64, Math.floor(taskBytes / (voxels * rows * 8))));
}

/** The statistics that are written for what is inferred. */
export function statisticsOf(inference: readonly Inference[]): string[] {
  const names: Record<Inference, string[]> = {
    voxel: ['p_fwe'],
    extent: ['p_fwe_extent'],
    mass: ['p_fwe_mass'],
    tfce: ['tfce', 'p_fwe_tfce'],
  };
  return ['t', 'p_uncorrected', ...inference.flatMap((one) => names[one])];
}

/** All permutations of one kernel. `effects` [subject, voxel]; `done` is called with the number of permutations made. */
export async function permuteMap(
  effects: Float64Array,
  test: PermutationTest,
  rule: PermutationRule,
  mask: Mask,
  params: Pick<PermuteParams, 'inference' | 'connectivity'>,
  { pool, signal }: Pick<StepContext, 'pool' | 'signal'>,
  done: (permutations: number) => void,
): Promise<PermutedMap> {
  const { model, rearranged, count } = test;
  const { subjects, df } = model;
  const voxels = mask.voxels.length;
  const t = test.tOf(effects);
  const nulls = emptyMaxima(count);
  if (!t.some(Number.isFinite)) return nothing(statisticsOf(params.inference), nulls, voxels);
  const observed = observe(t, rule, mask, params, nulls);
  const rows = 1 + model.nuisance.length / subjects;
  const shared = {
    data: toShared(toNullResiduals(bySubjectOfVoxel(effects, subjects, voxels), model, t)),
    beyond: toShared(
      countFrom(
        t.map((value) => (Number.isFinite(value) ? correlationOfT(value, df) : Number.NaN)),
        rule.sides,
      ),
    ),
    voxels: mask.voxels,
  };
  const counts = new Int32Array(voxels);
  await inBlocks(
    { total: count - 1, size: blockSize(voxels, rows), ahead: pool.threads + 1 },
    (first, end) => {
      signal.throwIfAborted();
      const block: PermutationBlock = {
        ...shared,
        subjects,
        // The first rearrangement is the observed map itself.
        weights: rearrangedRows(model, rearranged, first + 1, end + 1),
        permutations: end - first,
        nuisance: rows - 1,
        rule,
        dim: mask.grid.dim,
        connectivity: params.connectivity,
      };
      return pool.run<PermutedBlock>('permutation.block', block, { signal });
    },
    (block, first, end) => {
      for (const name of ['t', 'extent', 'mass', 'tfce'] as const) nulls[name].set(block[name], first + 1);
      for (let v = 0; v < voxels; v++) counts[v]! += block.counts[v]!;
      done(end + 1);
    },
  );
  const uncorrected = t.map((value, v) => (Number.isFinite(value) ? (1 + counts[v]!) / count : Number.NaN));
  const maps: Record<string, Float64Array> = { t, p_uncorrected: uncorrected };
  if (params.inference.includes('voxel')) maps.p_fwe = pOf(t, nulls.t, rule.sides === 'two');
  if (observed.extent) maps.p_fwe_extent = clusterPOf(observed.extent, nulls.extent, t);
  if (observed.mass) maps.p_fwe_mass = clusterPOf(observed.mass, nulls.mass, t);
  if (observed.tfce) {
    maps.tfce = observed.tfce.map((value, v) => (Number.isFinite(t[v]!) ? value : Number.NaN));
    maps.p_fwe_tfce = pOf(maps.tfce, nulls.tfce, rule.sides === 'two');
  }
  return { maps, nulls };
}

/** Of a map without any t. */
function nothing(statistics: readonly string[], nulls: Maxima, voxels: number): PermutedMap {
  for (const maxima of Object.values(nulls)) maxima.fill(Number.NaN);
  return {
    maps: Object.fromEntries(statistics.map((name) => [name, new Float64Array(voxels).fill(Number.NaN)])),
    nulls,
  };
}

/** Size, mass and enhancement at every voxel of the observed map; leaves its largest values in the first place of `nulls`. */
function observe(
  t: Float64Array,
  { sides, clusterHeight, tfce: powers }: PermutationRule,
  mask: Mask,
  { inference, connectivity }: Pick<PermuteParams, 'inference' | 'connectivity'>,
  nulls: Maxima,
): { extent?: Float64Array; mass?: Float64Array; tfce?: Float64Array } {
  const lattice = makeLattice(mask.grid.dim, mask.voxels, connectivity);
  const largest = (values: Iterable<number>) => {
    let most = 0;
    for (const value of values) if (value > most) most = value;
    return most;
  };
  nulls.t[0] = largest(sides === 'two' ? t.map(Math.abs) : t);
  const found: { extent?: Float64Array; mass?: Float64Array; tfce?: Float64Array } = {};
  if (clusterHeight !== undefined) {
    const { voxel, label, clusters } = labelClusters(t, lattice, { threshold: clusterHeight, sides, minExtent: 1 });
    const byLabel = new Map(clusters.map((cluster) => [cluster.label, cluster]));
    const mapOf = (what: 'size' | 'mass') => {
      const map = new Float64Array(t.length);
      voxel.forEach((v, entry) => {
        map[v] = byLabel.get(label[entry]!)![what];
      });
      return map;
    };
    nulls.extent[0] = largest(clusters.map(({ size }) => size));
    nulls.mass[0] = largest(clusters.map(({ mass }) => mass));
    if (inference.includes('extent')) found.extent = mapOf('size');
    if (inference.includes('mass')) found.mass = mapOf('mass');
  }
  if (powers) {
    found.tfce = tfce(t, lattice, powers, sides, new Float64Array(t.length));
    nulls.tfce[0] = largest(found.tfce.map(Math.abs));
  }
  return found;
}

function pOf(values: Float64Array, maxima: Float64Array, absolute: boolean): Float64Array {
  const sorted = sortedNull(maxima);
  return values.map((value) => maxStatisticP(sorted, absolute ? Math.abs(value) : value));
}

/** p of the cluster at every voxel: 1 where there is none, NaN where there is no t. */
function clusterPOf(measure: Float64Array, maxima: Float64Array, t: Float64Array): Float64Array {
  const sorted = sortedNull(maxima);
  return measure.map((value, v) => {
    if (!Number.isFinite(t[v]!)) return Number.NaN;
    return value > 0 ? maxStatisticP(sorted, value) : 1;
  });
}
