/** Symmetric Toeplitz matrices of a narrow band, given by their first row up to the last lag that is not 0. */

/** Inverse of a positive definite one [time, time], by a banded Cholesky factor; undefined when it is not positive definite. */
export function toeplitzInverse(lags: Float64Array, time: number): Float64Array | undefined {
  const band = lags.length - 1;
  const factor = cholesky(lags, time);
  if (!factor) return undefined;
  const out = new Float64Array(time * time);
  const width = band + 1;
  for (let column = 0; column < time; column++) {
    const x = out.subarray(column * time, (column + 1) * time);
    x[column] = 1;
    // L z = e, from where e begins; then L'x = z.
    for (let i = column; i < time; i++) {
      let sum = x[i]!;
      for (let j = Math.max(column, i - band); j < i; j++) sum -= factor[i * width + (j - i + band)]! * x[j]!;
      x[i] = sum / factor[i * width + band]!;
    }
    for (let i = time - 1; i >= 0; i--) {
      let sum = x[i]!;
      for (let j = i + 1; j <= Math.min(time - 1, i + band); j++) sum -= factor[j * width + (i - j + band)]! * x[j]!;
      x[i] = sum / factor[i * width + band]!;
    }
  }
  return out;
}

/** Whether all eigenvalues are positive. */
export function isPositiveDefinite(lags: Float64Array, time: number): boolean {
  return cholesky(lags, time) !== undefined;
}

/** Lower factor: row i holds the columns i - band to i [time, band + 1]. */
function cholesky(lags: Float64Array, time: number): Float64Array | undefined {
  const band = lags.length - 1;
  const width = band + 1;
  const factor = new Float64Array(time * width);
  for (let i = 0; i < time; i++) {
    for (let j = Math.max(0, i - band); j <= i; j++) {
      let sum = lags[i - j]!;
      for (let k = Math.max(0, i - band); k < j; k++) {
        sum -= factor[i * width + (k - i + band)]! * factor[j * width + (k - j + band)]!;
      }
      if (j < i) factor[i * width + (j - i + band)] = sum / factor[j * width + band]!;
      else if (sum > 0) factor[i * width + band] = Math.sqrt(sum);
      else return undefined;
    }
  }
  return factor;
}

/** A general matrix [rows, time] times a symmetric Toeplitz matrix. */
export function timesToeplitz(matrix: Float64Array, lags: Float64Array, time: number): Float64Array {
  const out = new Float64Array(matrix.length);
  const band = lags.length - 1;
  for (let start = 0; start < matrix.length; start += time) {
    for (let t = 0; t < time; t++) {
      let sum = 0;
      const last = Math.min(time - 1, t + band);
      for (let s = Math.max(0, t - band); s <= last; s++) sum += matrix[start + s]! * lags[Math.abs(s - t)]!;
      out[start + t] = sum;
    }
  }
  return out;
}

/** The matrix written out [time, time]. */
export function toeplitz(lags: Float64Array, time: number): Float64Array {
  return Float64Array.from({ length: time * time }, (_, i) => lags[Math.abs((i % time) - Math.floor(i / time))] ?? 0);
}
