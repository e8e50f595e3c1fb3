/**
 * The series `[sample]` minus its mean, divided by its standard deviation (over n, not n - 1). A series without
 * variance gives zeros; one with NaN gives NaN.
 */
export function standardise(series: ArrayLike<number>): Float64Array {
  const mean = meanOf(series);
  const sd = standardDeviation(series);
  // The mean is exact to the last place, so no more than that remains of a constant series.
  const flat = sd <= 4 * Number.EPSILON * Math.abs(mean);
  return Float64Array.from(series, (value) => (flat ? 0 : (value - mean) / sd));
}

/** Over n, not n - 1. */
export function standardDeviation(series: ArrayLike<number>): number {
  const mean = meanOf(series);
  let squares = 0;
  for (let i = 0; i < series.length; i++) squares += (series[i]! - mean) ** 2;
  return Math.sqrt(squares / series.length);
}

/** Mean in two passes: the second takes away what the first lost by rounding. */
export function meanOf(series: ArrayLike<number>): number {
  const n = series.length;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += series[i]!;
  const rough = sum / n;
  let rest = 0;
  for (let i = 0; i < n; i++) rest += series[i]! - rough;
  return rough + rest / n;
}
