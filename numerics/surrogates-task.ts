import { type GroupPayload, runFixedEffects, run as testOverSubjects } from './glm/group-task.js';
import { tieTolerance } from './max-statistic.js';

/** A block of voxels under all surrogates of some kernels: one kernel's surrogates after the other are the kernels of the models. */
export interface SurrogatesPayload extends Omit<GroupPayload, 'statistics' | 'dtype' | 'kernels'> {
  /** Kernels that have surrogates, and their number of surrogates, of which the first is the observed regressor. */
  readonly observed: number;
  readonly count: number;
  readonly sides: 'one' | 'two';
}

export interface SurrogatesBlock {
  /** Observed t [kernel, voxel]. */
  readonly t: Float64Array;
  /** Surrogates whose t is at least as large, the observed one included [kernel, voxel]. */
  readonly counts: Int32Array;
  /** Largest t in the block, two-sided the largest |t| [kernel, surrogate]; -Infinity where no voxel has one. */
  readonly maxima: Float64Array;
}

/**
 * Pool task `surrogates.block`: the test over subjects (of one subject, its own t) with every surrogate in the place of the
 * regressor, by the products that fit all kernels at once. Voxels whose observed t is not finite are left out.
 */
export async function run(payload: SurrogatesPayload): Promise<SurrogatesBlock> {
  const { observed, count, voxels, sides } = payload;
  const t = await tOfAll(payload);
  const own = new Float64Array(observed * voxels);
  const counts = new Int32Array(observed * voxels);
  const maxima = new Float64Array(observed * count).fill(Number.NEGATIVE_INFINITY);
  for (let k = 0; k < observed; k++) {
    const first = k * count * voxels;
    own.set(t.subarray(first, first + voxels), k * voxels);
    const sized = sides === 'two' ? Math.abs : (value: number) => value;
    const beyond = own.subarray(k * voxels, (k + 1) * voxels).map((value) => {
      const size = sized(value);
      // Comparisons with NaN are false.
      return Number.isFinite(size) ? size - tieTolerance * Math.abs(size) : Number.NaN;
    });
    for (let s = 0; s < count; s++) {
      const row = first + s * voxels;
      let largest = Number.NEGATIVE_INFINITY;
      for (let v = 0; v < voxels; v++) {
        if (Number.isNaN(beyond[v]!)) continue;
        const value = sized(t[row + v]!);
        // A surrogate without a t here (explained by the nuisance of a subject) must not make p smaller.
        if (!(value < beyond[v]!)) counts[k * voxels + v]! += 1;
        if (!(value <= largest)) largest = Number.isNaN(value) ? Number.POSITIVE_INFINITY : value;
      }
      maxima[k * count + s] = largest;
    }
  }
  return { t: own, counts, maxima };
}

/** t [kernel and surrogate, voxel]. */
async function tOfAll(payload: SurrogatesPayload): Promise<Float64Array> {
  const { subjects, weighting, voxels, observed, count } = payload;
  const asked = { kernels: observed * count, voxels, weighting, statistics: ['t'], dtype: 'float64' } as const;
  const [only] = subjects;
  const maps =
    subjects.length > 1
      ? await testOverSubjects({ ...asked, subjects, test: payload.test })
      : // t does not depend on the degrees of freedom that p would be taken from.
        await runFixedEffects({ ...asked, runs: only!.runs, df: 1 });
  return maps.t as Float64Array;
}
