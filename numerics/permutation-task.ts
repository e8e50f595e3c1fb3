import { type Connectivity, makeLattice, makeScratch } from './clusters.js';
import { emptyMaxima, type Maxima, type PermutationRule, takePermutation } from './permutation.js';
import { timesTransposed } from './products.js';
import { unshared } from './shared-memory.js';
import { makeTfceScratch } from './tfce.js';

/** Some of the permutations of one map, for one worker. */
export interface PermutationBlock {
  /** `[voxel, subject]` residuals under the null model, each row of length 1, or 0 for a voxel that is left out. May be shared. */
  readonly data: Float64Array;
  readonly subjects: number;
  /** `[permutation, 1 + nuisance, subject]` permuted direction of the effect, then the permuted rows of the nuisance. */
  readonly weights: Float64Array;
  readonly permutations: number;
  readonly nuisance: number;
  /** `[voxel]` see `countFrom`; NaN for a voxel that is left out. May be shared. */
  readonly beyond: Float64Array;
  readonly rule: PermutationRule;
  readonly dim: readonly [number, number, number];
  /** `[voxel]` file offsets, increasing. May be shared. */
  readonly voxels: Int32Array;
  readonly connectivity: Connectivity;
}

export interface PermutedBlock extends Maxima {
  /** `[voxel]` permutations of the block that reach the observed statistic. */
  readonly counts: Int32Array;
}

/** Pool task `permutation.block`. */
export async function run(block: PermutationBlock): Promise<PermutedBlock> {
  const { subjects, permutations, nuisance, beyond, rule } = block;
  const lattice = makeLattice(block.dim, block.voxels, block.connectivity);
  const total = block.voxels.length;
  const scratch = {
    clusters: makeScratch(lattice),
    sizes: new Int32Array(total + 1),
    masses: new Float64Array(total + 1),
    ...(rule.tfce && {
      t: new Float64Array(total),
      enhanced: new Float64Array(total),
      tfce: makeTfceScratch(lattice),
    }),
  };
  const rows = 1 + nuisance;
  const products = await timesTransposed(block.weights, unshared(block.data), {
    m: permutations * rows,
    n: total,
    k: subjects,
  });
  const maxima = emptyMaxima(permutations);
  const counts = new Int32Array(total);
  for (let at = 0; at < permutations; at++) {
    const u = products.subarray(at * rows * total, (at * rows + 1) * total);
    if (nuisance > 0) makePartial(u, products.subarray((at * rows + 1) * total, (at + 1) * rows * total));
    takePermutation(u, lattice, rule, scratch, { maxima, at, beyond, counts });
  }
  return { ...maxima, counts };
}

/** From products with the effect's direction to partial correlations: `taken` [nuisance, voxel] is what the nuisance takes. */
function makePartial(u: Float64Array, taken: Float64Array): void {
  const total = u.length;
  for (let v = 0; v < total; v++) {
    let sum = 0;
    for (let i = v; i < taken.length; i += total) sum += taken[i]! * taken[i]!;
    u[v]! /= Math.sqrt(Math.max(2 ** -52, 1 - sum));
  }
}
