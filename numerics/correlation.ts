import { standardise } from './standardise.js';

/**
 * Pearson correlation of every pair of series `[series][sample]`, as `[series, series]` row-major. A series without
 * variance has no correlation with anything: NaN, on the diagonal too.
 */
export function correlationMatrix(series: readonly ArrayLike<number>[]): Float64Array {
  const n = series.length;
  const z = series.map(standardise);
  const flat = z.map((row) => row.every((value) => value === 0));
  const r = new Float64Array(n * n).fill(Number.NaN);
  for (let a = 0; a < n; a++) {
    if (flat[a]) continue;
    for (let b = 0; b <= a; b++) {
      if (flat[b]) continue;
      let sum = 0;
      for (let i = 0; i < z[a]!.length; i++) sum += z[a]![i]! * z[b]![i]!;
      const value = sum / z[a]!.length;
      r[a * n + b] = r[b * n + a] = Number.isNaN(value) ? value : Math.max(-1, Math.min(1, value));
    }
  }
  return r;
}
