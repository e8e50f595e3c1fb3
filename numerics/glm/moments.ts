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

/** Variance times T of a series whitened as nilearn does it: first row as it is, then `y_t - rho y_(t-1)`. `at` is where its moments begin. */
export function whitenedTotal(moments: Float64Array, at: number, mean: number, rho: number, time: number): number {
  const [squares, neighbours, first, last] = [moments[at]!, moments[at + 1]!, moments[at + 2]!, moments[at + 3]!];
  if (rho === 0) return squares;
  // Of y = mean + c: sums over t = 2..T of the whitened values and of their squares, and the first row.
  const level = (1 - rho) * mean;
  const changes = squares - first * first + rho * rho * (squares - last * last) - 2 * rho * neighbours;
  // sum of c_2..c_T is -c_1, that of c_1..c_(T-1) is -c_T.
  const drift = -first + rho * last;
  const sum = mean + first + (time - 1) * level + drift;
  const sumSquares = (mean + first) ** 2 + (time - 1) * level * level + 2 * level * drift + changes;
  return sumSquares - (sum * sum) / time;
}
