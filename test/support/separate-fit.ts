import { inverse, Matrix, pseudoInverse } from 'ml-matrix';

/**
 * One model at one voxel fitted on its own, by the textbook: design [x | Z], least squares by the pseudo-inverse of scaled
 * columns, then the noise model and a second fit. Shares no code with `numerics/glm`. `atEdge` says that rounding decides
 * which of two values rho takes.
 */
export function separateFit(
  y: ArrayLike<number>,
  x: ArrayLike<number>,
  nuisance: readonly ArrayLike<number>[],
  noise: 'ols' | 'ar1' | 'ar1-nilearn',
): { effect: number; se: number; rho: number; df: number; atEdge: boolean } {
  const columns = [x, ...nuisance].map((column) => Array.from(column));
  const first = leastSquares(Array.from(y), columns);
  const { effect, se, df } = first;
  if (noise === 'ols') return { effect, se, rho: 0, df, atEdge: false };
  return noise === 'ar1'
    ? corrected(Array.from(y), columns, first.residuals)
    : asNilearn(Array.from(y), columns, first);
}

function asNilearn(y: number[], columns: number[][], { residuals: r }: { residuals: number[] }) {
  const time = y.length;
  const plain = lagSum(r) / (time - 1) / (lagSum(r, 0) / time);
  const rho = Math.trunc(plain * 100) / 100;
  const whiten = (a: number[]) => a.map((value, t) => (t === 0 ? value : value - rho * a[t - 1]!));
  const { effect, se, df } = leastSquares(whiten(y), columns.map(whiten));
  return { effect, se, rho, df, atEdge: Math.abs(plain * 100 - Math.round(plain * 100)) < 1e-9 };
}

/**
 * The multiple of 1/100 (at most 0.99) whose expected lag-1 autocorrelation of the residuals is nearest, with the edges
 * half way between two of them (where it falls again, close to 1, the larger rho are not told apart and not taken); then
 * generalised least squares. All with matrices [time, time].
 */
function corrected(y: number[], columns: number[][], residuals: number[]) {
  const time = y.length;
  const identity = Matrix.eye(time);
  const design = scaled(columns).design;
  const former = identity.clone().sub(design.mmul(pseudoInverse(design, 1e-10)));
  const shift = new Matrix(time, time);
  for (let t = 0; t + 1 < time; t++) shift.set(t, t + 1, 1).set(t + 1, t, 1);
  const lagged = former.mmul(shift).mmul(former);
  const correlations = (rho: number) => {
    const v = new Matrix(time, time);
    for (let i = 0; i < time; i++) for (let j = 0; j < time; j++) v.set(i, j, rho ** Math.abs(i - j));
    return v;
  };
  // tr(A V) with V = rho^|i-j|, from the sums along the diagonals of A.
  const diagonals = (a: Matrix) => {
    const sums = new Float64Array(time);
    for (let i = 0; i < time; i++) for (let j = 0; j < time; j++) sums[Math.abs(i - j)]! += a.get(i, j);
    return sums;
  };
  const [ofLagged, ofFormer] = [diagonals(lagged), diagonals(former)];
  const traceOf = (sums: Float64Array, rho: number) => sums.reduce((sum, value, lag) => sum + value * rho ** lag, 0);
  const found = lagSum(residuals) / lagSum(residuals, 0);
  let bin = -99;
  let atEdge = false;
  let most = Number.NEGATIVE_INFINITY;
  for (let edge = -98.5; edge < 99; edge++) {
    most = Math.max(most, traceOf(ofLagged, edge / 100) / 2 / traceOf(ofFormer, edge / 100));
    if (found >= most) bin = edge + 0.5;
    atEdge ||= Math.abs(found - most) < 1e-11;
  }
  const rho = bin / 100;
  return { ...generalised(y, columns, correlations(rho)), rho, atEdge };
}

/** Generalised least squares of one model at one voxel whose rho is known. */
export function fitAtRho(
  y: ArrayLike<number>,
  x: ArrayLike<number>,
  nuisance: readonly ArrayLike<number>[],
  rho: number,
): { effect: number; se: number } {
  const time = y.length;
  const v = new Matrix(time, time);
  for (let i = 0; i < time; i++) for (let j = 0; j < time; j++) v.set(i, j, rho ** Math.abs(i - j));
  return generalised(
    Array.from(y),
    [x, ...nuisance].map((column) => Array.from(column)),
    v,
  );
}

function generalised(y: number[], columns: number[][], correlations: Matrix) {
  const precision = inverse(correlations);
  const { design: x, norms } = scaled(columns);
  const covariance = pseudoInverse(x.transpose().mmul(precision).mmul(x), 1e-13);
  const beta = covariance.mmul(x.transpose()).mmul(precision).mmul(Matrix.columnVector(y));
  const r = Matrix.columnVector(y).sub(x.mmul(beta));
  const df = y.length - Math.round(x.mmul(pseudoInverse(x, 1e-10)).trace());
  const variance = r.transpose().mmul(precision).mmul(r).get(0, 0) / df;
  const se = Math.sqrt(variance * covariance.get(0, 0)) / norms[0]!;
  return { effect: beta.get(0, 0) / norms[0]!, se, df };
}

function lagSum(r: readonly number[], lag = 1): number {
  let sum = 0;
  for (let t = 0; t + lag < r.length; t++) sum += r[t]! * r[t + lag]!;
  return sum;
}

function scaled(columns: number[][]) {
  const norms = columns.map((column) => Math.hypot(...column));
  return {
    design: new Matrix(columns.map((column, c) => column.map((value) => value / norms[c]!))).transpose(),
    norms,
  };
}

function leastSquares(y: number[], columns: number[][]) {
  const { design, norms } = scaled(columns);
  const solver = pseudoInverse(design, 1e-10);
  const beta = solver.mmul(Matrix.columnVector(y));
  const fitted = design.mmul(beta).to1DArray();
  const residuals = y.map((value, t) => value - fitted[t]!);
  const rank = Math.round(design.mmul(solver).trace());
  const df = y.length - rank;
  const variance = residuals.reduce((sum, value) => sum + value * value, 0) / df;
  const unscaled = solver.mmul(solver.transpose()).get(0, 0);
  return { effect: beta.get(0, 0) / norms[0]!, se: Math.sqrt(variance * unscaled) / norms[0]!, residuals, df };
}
