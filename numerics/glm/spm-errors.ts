import { timesTransposed } from '../products.js';

/** What the noise that a whitening leaves does to a model with one regressor more than the nuisance. */
export interface SpmErrors {
  /** `tr(R N)`, by which the residual sum of squares is divided [kernel]. */
  readonly trace: Float64Array;
  /** `u'N u` of the regressor `u` of unit norm: the variance of its effect is `u'N u / x'x` times that of the noise [kernel]. */
  readonly spread: Float64Array;
  /** Effective degrees of freedom `tr(RN)^2 / tr(RNRN)` (Satterthwaite) [kernel]. */
  readonly df: Float64Array;
}

/**
 * `N` [time, time] is the covariance of the whitened noise: close to the identity, not equal to it, because SPM drops
 * small entries of the whitening matrix. `R = M - u u'`; `basis` [rank, time] are the orthonormal rows that `M` takes
 * out. `regressors` [kernel, time] are free of them; rows that are 0 give NaN.
 */
export async function spmErrors(
  noise: Float64Array,
  basis: Float64Array,
  rank: number,
  regressors: Float64Array,
  time: number,
): Promise<SpmErrors> {
  const kernels = regressors.length / time;
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
  const images = await timesTransposed(regressors, noise, { ...square, m: kernels });
  const taken = await timesTransposed(images, basis, { m: kernels, n: rank, k: time });
  const trace = new Float64Array(kernels);
  const spread = new Float64Array(kernels);
  const df = new Float64Array(kernels);
  for (let k = 0; k < kernels; k++) {
    let [norm, form, image] = [0, 0, 0];
    for (let t = k * time; t < (k + 1) * time; t++) {
      norm += regressors[t]! * regressors[t]!;
      form += regressors[t]! * images[t]!;
      image += images[t]! * images[t]!;
    }
    for (let p = k * rank; p < (k + 1) * rank; p++) image -= taken[p]! * taken[p]!;
    spread[k] = form / norm;
    trace[k] = ofNuisance - spread[k]!;
    df[k] = trace[k]! ** 2 / (squaresOfNuisance - (2 * image) / norm + spread[k]! ** 2);
  }
  return { trace, spread, df };
}
