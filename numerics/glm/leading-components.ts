import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { timesTransposed } from '../products.js';
import { transposed } from './residualise.js';

/**
 * The leading principal components over time of series [series, time], each scaled to unit norm first: as few as explain
 * `share` of their sum of squares, at most `most`. Orthonormal rows [component, time]. Series that are 0 do not count.
 */
export async function leadingComponents(
  series: Float64Array,
  time: number,
  { share, most }: { share: number; most: number },
): Promise<Float64Array> {
  const count = series.length / time;
  const units = new Float64Array(series.length);
  let total = 0;
  for (let start = 0; start < series.length; start += time) {
    let squares = 0;
    for (let t = start; t < start + time; t++) squares += series[t]! * series[t]!;
    if (!(squares > 0)) continue;
    total++;
    for (let t = start; t < start + time; t++) units[t] = series[t]! / Math.sqrt(squares);
  }
  // The eigenvectors along the shorter side: over time, or over series, which then are weights.
  const overTime = time <= count;
  const columns = transposed(units, count, time);
  const [side, inner, rows] = overTime ? [time, count, columns] : [count, time, units];
  const products = await timesTransposed(rows, rows, { m: side, n: side, k: inner });
  const eigen = new EigenvalueDecomposition(Matrix.from1DArray(side, side, products), { assumeSymmetric: true });
  const vectors: number[][] = [];
  let explained = 0;
  // Eigenvalues rise; what is below rounding is no direction.
  for (let c = side - 1; c >= 0 && vectors.length < most && explained < share * total; c--) {
    const value = eigen.realEigenvalues[c]!;
    if (!(value > 1e-12 * total)) break;
    explained += value;
    const scale = overTime ? 1 : 1 / Math.sqrt(value);
    vectors.push(eigen.eigenvectorMatrix.getColumn(c).map((weight) => weight * scale));
  }
  const found = Float64Array.from(vectors.flat());
  if (overTime) return found;
  return timesTransposed(found, columns, { m: vectors.length, n: time, k: count });
}
