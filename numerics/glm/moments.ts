/** Numbers per series in `seriesMoments`. */
export const momentsPerSeries = 4;

/**
 * What the total variance of a series needs, plain or whitened: with `c` the series less its mean, `c'c`,
 * `sum c_t c_(t+1)`, `c_1` and `c_T`. From `series` [series, time] to [series, 4].
 */
export function seriesMoments(series: Float64Array, time: number): Float64Array {
  const count = series.length / time;
  const out = new Float64Array(count * momentsPerSeries);
  for (let i = 0; i < count; i++) {
    const start = i * time;
    let sum = 0;
    for (let t = start; t < start + time; t++) sum += series[t]!;
    const mean = sum / time;
    let squares = 0;
    let neighbours = 0;
    let before = 0;
    for (let t = start; t < start + time; t++) {
      const value = series[t]! - mean;
      squares += value * value;
      neighbours += value * before;
      before = value;
    }
    out.set([squares, neighbours, series[start]! - mean, before], i * momentsPerSeries);
  }
  return out;
}

/**
 * Sum of squares about the mean of a series whitened as nilearn does it: first row as it is, then `y_t - rho y_(t-1)`.
 * `at` is where the moments of the series begin, `mean` its mean.
 */
export function whitenedTotal(moments: Float64Array, at: number, mean: number, rho: number, time: number): number {
  const [squares, neighbours, first, last] = [moments[at]!, moments[at + 1]!, moments[at + 2]!, moments[at + 3]!];
  // Less (1 - rho) mean, the first row is `rho mean + c_1` and the others are `c_t - rho c_(t-1)`; c sums to 0.
  const start = rho * mean + first;
  const others = squares - first * first + rho * rho * (squares - last * last) - 2 * rho * neighbours;
  const sum = start - first + rho * last;
  return start * start + others - (sum * sum) / time;
}

/**
 * Sum of squares of a series about the constant, both whitened with a scaled first row, `sqrt(1 - rho^2) y_1`, then
 * `y_t - rho y_(t-1)`.
 */
export function scaledTotal(moments: Float64Array, at: number, rho: number, time: number): number {
  const [squares, neighbours, first, last] = [moments[at]!, moments[at + 1]!, moments[at + 2]!, moments[at + 3]!];
  const own = (1 + rho * rho) * squares - 2 * rho * neighbours - rho * rho * (first * first + last * last);
  const withConstant = (1 - rho * rho) * first + (1 - rho) * (rho * last - first);
  const constant = 1 - rho * rho + (time - 1) * (1 - rho) ** 2;
  return own - withConstant ** 2 / constant;
}
