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

/**
 * Polynomial drifts, `[drift][volume]`, without the constant: polynomials of time of degree 1 to `order` (at most T - 1),
 * orthogonal to the constant and to each other over the volumes, with unit norm (discrete Legendre polynomials). The
 * same space as nilearn's `drift_model='polynomial'` and AFNI's `-polort`.
 */
export function polynomialDrifts(volumes: number, order: number): Float64Array[] {
  const middle = (volumes - 1) / 2;
  const drifts = [new Float64Array(volumes).fill(1 / Math.sqrt(volumes))];
  // Each is time times the one before, less its share in all before (Stieltjes): powers of time would cancel out.
  for (let degree = 1; degree <= Math.min(order, volumes - 1); degree++) {
    const next = drifts[degree - 1]!.map((value, volume) => value * ((volume - middle) / Math.max(middle, 1)));
    for (let pass = 0; pass < 2; pass++) {
      for (const drift of drifts) {
        const share = next.reduce((sum, value, volume) => sum + value * drift[volume]!, 0);
        for (let volume = 0; volume < volumes; volume++) next[volume]! -= share * drift[volume]!;
      }
    }
    const norm = Math.sqrt(next.reduce((sum, value) => sum + value * value, 0));
    drifts.push(next.map((value) => value / norm));
  }
  return drifts.slice(1);
}

/** AFNI's rule for the order of polynomial drifts (3dDeconvolve, `-polort A`): one, and one more for every 150 s. */
export function polynomialOrder(volumes: number, tr: number): number {
  return 1 + Math.floor((volumes * tr) / 150);
}
