/** How two maps of the same voxels differ. */
export interface MapDifference {
  /** Voxels that are finite in both; only these count. */
  readonly voxels: number;
  /** Pearson's r; NaN where one of the maps is constant. */
  readonly correlation: number;
  readonly maxAbsolute: number;
  /** Where that is: index into the maps; -1 without voxels. */
  readonly maxAt: number;
  readonly meanAbsolute: number;
  /** Of b - a. */
  readonly mean: number;
}

/** Compares map `b` with map `a`, both `[voxel]`. NaN and infinities are left out. Two passes, so that means do not cancel. */
export function mapDifference(a: ArrayLike<number>, b: ArrayLike<number>): MapDifference {
  let [voxels, sumA, sumB, absolute, maxAbsolute, maxAt] = [0, 0, 0, 0, 0, -1];
  for (let v = 0; v < a.length; v++) {
    const difference = b[v]! - a[v]!;
    if (!Number.isFinite(difference)) continue;
    voxels += 1;
    sumA += a[v]!;
    sumB += b[v]!;
    const size = Math.abs(difference);
    absolute += size;
    if (size > maxAbsolute || maxAt < 0) [maxAbsolute, maxAt] = [size, v];
  }
  const [meanA, meanB] = [sumA / voxels, sumB / voxels];
  let [squaresA, squaresB, products] = [0, 0, 0];
  for (let v = 0; v < a.length; v++) {
    if (!Number.isFinite(b[v]! - a[v]!)) continue;
    const [x, y] = [a[v]! - meanA, b[v]! - meanB];
    squaresA += x * x;
    squaresB += y * y;
    products += x * y;
  }
  const scale = Math.sqrt(squaresA) * Math.sqrt(squaresB);
  return {
    voxels,
    correlation: scale > 0 ? Math.max(-1, Math.min(1, products / scale)) : Number.NaN,
    maxAbsolute,
    maxAt,
    meanAbsolute: voxels === 0 ? 0 : absolute / voxels,
    mean: voxels === 0 ? 0 : meanB - meanA,
  };
}
