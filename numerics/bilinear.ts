/**
 * Resizes a map `[y, x]` by bilinear interpolation between the centres of its cells; beyond the outermost centres the
 * nearest value holds. Enlarging by a whole number n puts n x n points into each cell.
 */
export function resizeBilinear(
  map: Float32Array,
  from: { readonly width: number; readonly height: number },
  to: { readonly width: number; readonly height: number },
): Float32Array {
  const columns = sources(from.width, to.width);
  const rows = sources(from.height, to.height);
  const out = new Float32Array(to.width * to.height);
  for (let y = 0; y < to.height; y++) {
    const { low: top, high: bottom, share: down } = rows[y]!;
    for (let x = 0; x < to.width; x++) {
      const { low: left, high: right, share: across } = columns[x]!;
      const above = mix(map[top * from.width + left]!, map[top * from.width + right]!, across);
      const below = mix(map[bottom * from.width + left]!, map[bottom * from.width + right]!, across);
      out[y * to.width + x] = mix(above, below, down);
    }
  }
  return out;
}

function mix(a: number, b: number, share: number): number {
  return a + (b - a) * share;
}

/** For every point the two cells it lies between, and how far it is on the way from the first to the second. */
function sources(from: number, to: number): { low: number; high: number; share: number }[] {
  return Array.from({ length: to }, (_, n) => {
    const at = Math.max(0, Math.min(from - 1, ((n + 0.5) * from) / to - 0.5));
    const low = Math.floor(at);
    return { low, high: Math.min(from - 1, low + 1), share: at - low };
  });
}
