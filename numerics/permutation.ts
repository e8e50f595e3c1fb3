import { connect, type Lattice, type Scratch } from './clusters.js';
import { tieTolerance } from './max-statistic.js';
import { type TfceRule, type TfceScratch, tfce } from './tfce.js';

/*
 * t of a linear model under permutations or sign flips of the subjects, for all voxels by one matrix product.
 *
 * With `r` [subject] the residuals of a voxel under the null model, scaled to length 1, `e` [subject] the direction of the
 * effect (length 1, orthogonal to the nuisance of the design, whose orthonormal rows are N), and P a permutation or a
 * diagonal of signs: `c = e'P r`, `m = |N P r|`, `u = c / sqrt(1 - m^2)` and `t = u sqrt(df) / sqrt(1 - u^2)` (Freedman &
 * Lane 1983, Journal of Business & Economic Statistics 1:292-298; Winkler et al. 2014, NeuroImage 92:381-397). u is the partial
 * correlation: it rises with t, so maxima, counts and clusters are found on u, without a root per voxel and permutation.
 */

/** What is asked of every permutation. */
export interface PermutationRule {
  readonly sides: 'one' | 'two';
  /** Degrees of freedom of t. */
  readonly df: number;
  /** t that forms clusters (`t >= height`); none are formed without it. */
  readonly clusterHeight?: number;
  readonly tfce?: TfceRule;
}

/** Largest statistics of some permutations [permutation]. Those that are not asked for are 0. */
export interface Maxima {
  /** Largest t, two-sided the largest |t|. */
  readonly t: Float64Array;
  /** Voxels of the largest cluster. */
  readonly extent: Float64Array;
  /** Largest mass of a cluster (see `Cluster.mass`), which need not be the cluster with the most voxels. */
  readonly mass: Float64Array;
  readonly tfce: Float64Array;
}

export function emptyMaxima(count: number): Maxima {
  const make = () => new Float64Array(count);
  return { t: make(), extent: make(), mass: make(), tfce: make() };
}

/** t of a partial correlation. Rounding may bring |u| to 1; t is then held at what the last bit of 1 allows. */
export function tOfCorrelation(u: number, df: number): number {
  const rest = 1 - u * u;
  return u * Math.sqrt(df / (rest > 2 ** -52 ? rest : 2 ** -52));
}

export function correlationOfT(t: number, df: number): number {
  return t / Math.sqrt(df + t * t);
}

/** Memory that one thread keeps between permutations. */
export interface PermutationScratch {
  readonly clusters: Scratch;
  readonly sizes: Int32Array;
  readonly masses: Float64Array;
  /** t [voxel], and its enhancement; only for TFCE. */
  readonly t?: Float64Array;
  readonly enhanced?: Float64Array;
  readonly tfce?: TfceScratch;
}

/**
 * Takes one permutation: `u` [voxel] is 0 or NaN where nothing is tested. Writes its maxima at `at`, and adds 1 to `counts`
 * [voxel] where it is at least as far out as the observed `u` (which is given by `beyond`, see `countFrom`).
 */
export function takePermutation(
  u: Float64Array,
  lattice: Lattice,
  rule: PermutationRule,
  scratch: PermutationScratch,
  { maxima, at, beyond, counts }: { maxima: Maxima; at: number; beyond: Float64Array; counts: Int32Array },
): void {
  const two = rule.sides === 'two';
  const { clusterHeight, df } = rule;
  const { list, sign } = scratch.clusters;
  const height = clusterHeight === undefined ? Number.POSITIVE_INFINITY : correlationOfT(clusterHeight, df);
  let largest = two ? 0 : -1;
  let passed = 0;
  for (let v = 0; v < u.length; v++) {
    const value = two ? Math.abs(u[v]!) : u[v]!;
    if (value > largest) largest = value;
    // Comparisons with NaN are false: voxels that are left out count for nothing.
    if (value >= beyond[v]!) counts[v]! += 1;
    if (value >= height) {
      passed += 1;
      list[passed] = v;
      sign[passed] = u[v]! > 0 ? 1 : -1;
    }
  }
  maxima.t[at] = tOfCorrelation(largest, df);
  if (passed > 0) takeClusters(u, lattice, rule, scratch, passed, maxima, at);
  if (rule.tfce) takeTfce(u, lattice, rule, scratch, maxima, at);
}

/** From which |u| (one-sided: u) on a permutation counts against a voxel: the observed one, less what rounding may take. */
export function countFrom(observed: Float64Array, sides: 'one' | 'two'): Float64Array {
  return observed.map((u) => {
    const value = sides === 'two' ? Math.abs(u) : u;
    return value - tieTolerance * Math.abs(value);
  });
}

function takeClusters(
  u: Float64Array,
  lattice: Lattice,
  { clusterHeight = 0, df }: PermutationRule,
  { clusters, sizes, masses }: PermutationScratch,
  passed: number,
  maxima: Maxima,
  at: number,
): void {
  connect(lattice, clusters, passed);
  const { list, parent } = clusters;
  let [extent, mass] = [0, 0];
  sizes.fill(0, 0, passed + 1);
  masses.fill(0, 0, passed + 1);
  for (let n = 1; n <= passed; n++) {
    const root = parent[n]!;
    sizes[root]! += 1;
    masses[root]! += tOfCorrelation(Math.abs(u[list[n]!]!), df) - clusterHeight;
    if (sizes[root]! > extent) extent = sizes[root]!;
    if (masses[root]! > mass) mass = masses[root]!;
  }
  maxima.extent[at] = extent;
  maxima.mass[at] = mass;
}

function takeTfce(
  u: Float64Array,
  lattice: Lattice,
  { sides, df, tfce: powers }: PermutationRule,
  scratch: PermutationScratch,
  maxima: Maxima,
  at: number,
): void {
  const { t, enhanced, tfce: memory } = scratch;
  for (let v = 0; v < u.length; v++) t![v] = tOfCorrelation(u[v]!, df);
  tfce(t!, lattice, powers!, sides, enhanced!, memory);
  let largest = 0;
  for (let v = 0; v < enhanced!.length; v++) {
    const value = Math.abs(enhanced![v]!);
    if (value > largest) largest = value;
  }
  maxima.tfce[at] = largest;
}
