import { timesTransposed } from '../products.js';
import { type LagOneMetric, type LagOneSeries, whitenedSide } from './lag-one.js';

/** A value of rho that fewer than this share of a voxel's kernels have costs less pair by pair than as a row of a product. */
const rareShare = 1 / 16;

/** What whitening makes of the series of some voxels, each at the values of rho that it meets: rows (voxel, bin). */
export interface WhitenedRows {
  /** Weights for what the metric needs of a regressor, `(Z S x, x_T, x_1)` [row, width]. */
  readonly weights: Float64Array;
  /** Projected whitened norm [row]. */
  readonly norms: Float64Array;
  /** Column of a row in `products`, or -1 where its few pairs are better made one by one [row]. */
  readonly place: Int32Array;
  readonly places: number;
  /** What the nuisance takes from a pair's product [kernel, place]. */
  readonly products: Float64Array;
  /** That of the regressors [kernel, width]. */
  readonly ends: Float64Array;
  readonly width: number;
}

/** `rows` name the voxel, the index of rho in the metric, and the number of kernels that have it. */
export async function whitenedRows(
  metric: LagOneMetric,
  rows: { count: number; voxel: Int32Array; bin: Int32Array; pairs: Int32Array },
  voxelSide: LagOneSeries,
  ends: Float64Array,
  kernels: number,
): Promise<WhitenedRows> {
  const { count } = rows;
  const { width } = metric;
  const weights = new Float64Array(count * width);
  const often = new Float64Array(count * width);
  const norms = new Float64Array(count);
  const place = new Int32Array(count).fill(-1);
  let places = 0;
  for (let row = 0; row < count; row++) {
    norms[row] = whitenedSide(metric, rows.bin[row]!, voxelSide, rows.voxel[row]!, weights, row * width);
    if (rows.pairs[row]! < kernels * rareShare) continue;
    often.set(weights.subarray(row * width, (row + 1) * width), places * width);
    place[row] = places++;
  }
  const size = { m: kernels, n: places, k: width };
  const products = await timesTransposed(ends, often.subarray(0, places * width), size);
  return { weights, norms, place, places, products, ends, width };
}
