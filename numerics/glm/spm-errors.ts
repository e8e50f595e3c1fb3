import { orthonormalBasis } from '../orthonormal.js';
import { timesTransposed } from '../products.js';

/** What the noise that a whitening leaves does to a model with a kernel's columns beside the nuisance; a row is a column. */
export interface SpmErrors {
  /** `tr(R N)`, by which the residual sum of squares is divided; the same for all columns of a kernel [row]. */
  readonly trace: Float64Array;
  /**
   * `d'N d / d'd` of the part `d` of a column that the kernel's others do not explain: the variance of its effect is that
   * over `d'd`, times that of the noise [row].
   */
  readonly spread: Float64Array;
  /** Effective degrees of freedom `tr(RN)^2 / tr(RNRN)` (Satterthwaite) [row]. */
  readonly df: Float64Array;
}

/**
 * `N` [time, time] is the covariance of the whitened noise: close to the identity, not equal to it, because SPM drops
 * small entries of the whitening matrix. `R = M - sum u u'` over an orthonormal basis `u` of a kernel's columns; `basis`
 * [rank, time] are the orthonormal rows that `M` takes out. `regressors` [row, time], `perKernel` rows to a kernel, are free
 * of them; rows that are 0 give NaN.
 */
export async function spmErrors(
  noise: Float64Array,
  basis: Float64Array,
  rank: number,
  regressors: Float64Array,
  time: number,
  perKernel = 1,
): Promise<SpmErrors> {
  const rows = regressors.length / time;
  const square = { m: time, n: time, k: time };
  // M N, from which tr(MN) and tr(MNMN).
  const explained = await timesTransposed(basis, noise, { m: rank, n: time, k: time });
  const projected = Float64Array.from(noise);
  for (let p = 0; p < rank; p++) {
    for (let i = 0; i < time; i++) {
      const weight = basis[p * time + i]!;
      for (let j = 0; j < time; j++) projected[i * time + j]! -= weight * explained[p * time + j]!;
    }
  }
  let ofNuisance = 0;
  for (let t = 0; t < time; t++) ofNuisance += projected[t * time + t]!;
  let squaresOfNuisance = 0;
  for (let i = 0; i < time; i++) {
    for (let j = 0; j < time; j++) squaresOfNuisance += projected[i * time + j]! * projected[j * time + i]!;
  }
  const { units, others } = kernelBases(regressors, time, perKernel);
  const images = await timesTransposed(units, noise, { ...square, m: rows });
  const taken = await timesTransposed(images, basis, { m: rows, n: rank, k: time });
  const imagesOfOthers = perKernel === 1 ? images : await timesTransposed(others, noise, { ...square, m: rows });
  const [trace, spread, df] = [0, 1, 2].map(() => new Float64Array(rows)) as [Float64Array, Float64Array, Float64Array];
  for (let first = 0; first < rows; first += perKernel) {
    // Of the kernel: u'N u, u'N M N u, (u'N v)^2, summed over its basis.
    let [own, image, cross] = [0, 0, 0];
    for (let i = first; i < first + perKernel; i++) {
      image += dot(images, i, images, i, time) - dot(taken, i, taken, i, rank);
      for (let j = first; j < first + perKernel; j++) {
        const form = dot(units, i, images, j, time);
        if (i === j) own += form;
        cross += form * form;
      }
    }
    for (let row = first; row < first + perKernel; row++) {
      const isEmpty = dot(regressors, row, regressors, row, time) === 0;
      spread[row] = isEmpty ? Number.NaN : dot(others, row, imagesOfOthers, row, time);
      trace[row] = isEmpty ? Number.NaN : ofNuisance - own;
      df[row] = trace[row]! ** 2 / (squaresOfNuisance - 2 * image + cross);
    }
  }
  return { trace, spread, df };
}

/**
 * For every kernel an orthonormal basis of its columns (`units`; fewer than its columns: rows of 0), and for every column the
 * unit vector along the part that the kernel's others leave (`others`; 0 where they leave nothing).
 */
function kernelBases(regressors: Float64Array, time: number, perKernel: number) {
  const [units, others] = [new Float64Array(regressors.length), new Float64Array(regressors.length)];
  for (let first = 0; first < regressors.length; first += perKernel * time) {
    const columns = Array.from({ length: perKernel }, (_, i) =>
      regressors.subarray(first + i * time, first + (i + 1) * time),
    );
    units.set(orthonormalBasis(columns, time).rows, first);
    columns.forEach((column, i) => {
      const rest = columns.filter((_, j) => j !== i);
      const all = orthonormalBasis([...rest, column], time);
      if (!all.dependent.includes(perKernel - 1)) {
        others.set(all.rows.subarray((all.rank - 1) * time, all.rank * time), first + i * time);
      }
    });
  }
  return { units, others };
}

function dot(left: Float64Array, i: number, right: Float64Array, j: number, length: number): number {
  let sum = 0;
  for (let t = 0; t < length; t++) sum += left[i * length + t]! * right[j * length + t]!;
  return sum;
}
