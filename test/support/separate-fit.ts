import { Matrix, pseudoInverse } from 'ml-matrix';

/**
 * One model at one voxel fitted on its own, by the textbook: design [x | Z], least squares by the pseudo-inverse of scaled
 * columns, then (ar1-nilearn) whitening of data and design and a second fit. Shares no code with `numerics/glm`.
 */
export function separateFit(
  y: ArrayLike<number>,
  x: ArrayLike<number>,
  nuisance: readonly ArrayLike<number>[],
  noise: 'ols' | 'ar1-nilearn',
): { effect: number; se: number; rho: number; df: number } {
  const time = y.length;
  const columns = [x, ...nuisance].map((column) => Array.from(column));
  const first = leastSquares(Array.from(y), columns);
  if (noise === 'ols') return { effect: first.effect, se: first.se, rho: 0, df: first.df };
  const r = first.residuals;
  let lag = 0;
  for (let t = 0; t + 1 < time; t++) lag += r[t]! * r[t + 1]!;
  const plain = lag / (time - 1) / (r.reduce((sum, value) => sum + value * value, 0) / time);
  const rho = Math.trunc(plain * 100) / 100;
  const whiten = (a: number[]) => a.map((value, t) => (t === 0 ? value : value - rho * a[t - 1]!));
  const second = leastSquares(whiten(Array.from(y)), columns.map(whiten));
  return { effect: second.effect, se: second.se, rho: plain, df: second.df };
}

function leastSquares(y: number[], columns: number[][]) {
  const norms = columns.map((column) => Math.hypot(...column));
  const design = new Matrix(columns.map((column, c) => column.map((value) => value / norms[c]!))).transpose();
  const inverse = pseudoInverse(design, 1e-10);
  const beta = inverse.mmul(Matrix.columnVector(y));
  const fitted = design.mmul(beta).to1DArray();
  const residuals = y.map((value, t) => value - fitted[t]!);
  const rank = Math.round(design.mmul(inverse).trace());
  const df = y.length - rank;
  const variance = residuals.reduce((sum, value) => sum + value * value, 0) / df;
  const unscaled = inverse.mmul(inverse.transpose()).get(0, 0);
  return { effect: beta.get(0, 0) / norms[0]!, se: Math.sqrt(variance * unscaled) / norms[0]!, residuals, df };
}
