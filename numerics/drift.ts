/**
 * Cosine drifts of a high-pass filter, `[drift][volume]`, without the constant: the discrete cosine basis of SPM
 * (spm_filter) and of nilearn's `create_cosine_drift`, `sqrt(2 / T) cos(pi k (t + 1/2) / T)` for k = 1 to
 * `floor(2 T TR / period)`, at most T - 1. Every drift has unit norm.
 *
 * `period`: cut-off in s; slower than this is taken out. `tr` in s.
 */
export function cosineDrifts(volumes: number, tr: number, period: number): Float64Array[] {
  const order = Math.min(volumes - 1, Math.floor((2 * volumes * tr) / period));
  return Array.from({ length: Math.max(0, order) }, (_, index) =>
    Float64Array.from(
      { length: volumes },
      (_, volume) => Math.sqrt(2 / volumes) * Math.cos((Math.PI * (index + 1) * (volume + 0.5)) / volumes),
    ),
  );
}
