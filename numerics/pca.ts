import { Matrix, SingularValueDecomposition } from 'ml-matrix';
import { meanOf, standardise } from './standardise.js';

export interface Pca {
  /** `[component]` share of the total variance, falling; min(samples, kernels) of them. NaN when there is no variance. */
  readonly share: Float64Array;
  /** Sum over kernels of the variance (over samples - 1) of what went in: squared units of the series, 1 when standardised. */
  readonly totalVariance: number;
  /** Kernels that do not vary. They add nothing. */
  readonly constant: number;
}

/**
 * Principal components of kernels over time: samples are observations, kernels are variables, each centred and, if
 * asked, divided by its standard deviation. The shares come from the singular values of the centred matrix, taken
 * along its shorter side, not from a covariance matrix, whose small eigenvalues lose half their digits.
 *
 * @param series `[sample, kernel]` row-major
 */
export function pca(series: Float64Array, samples: number, kernels: number, standardised: boolean): Pca {
  const columns = Array.from({ length: kernels }, (_, k) => centredColumn(series, samples, kernels, k, standardised));
  const constant = columns.filter((column) => column.every((value) => value === 0)).length;
  const components = Math.min(samples, kernels);
  const byKernel = new Matrix(columns as unknown as number[][]);
  const { diagonal } = new SingularValueDecomposition(kernels >= samples ? byKernel : byKernel.transpose(), {
    computeLeftSingularVectors: false,
    computeRightSingularVectors: false,
  });
  const squares = Float64Array.from({ length: components }, (_, c) => diagonal[c]! ** 2);
  const total = squares.reduce((sum, value) => sum + value, 0);
  return {
    share: squares.map((value) => (total > 0 ? value / total : Number.NaN)),
    totalVariance: total / (samples - 1),
    constant,
  };
}

function centredColumn(
  series: Float64Array,
  samples: number,
  kernels: number,
  k: number,
  standardised: boolean,
): Float64Array {
  const column = Float64Array.from({ length: samples }, (_, n) => series[n * kernels + k]!);
  const z = standardise(column);
  if (standardised || z.every((value) => value === 0)) return z;
  const mean = meanOf(column);
  return column.map((value) => value - mean);
}
