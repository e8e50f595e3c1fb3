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
  if (total === 1) return units.filter((_, i) => units.subarray(i - (i % time), i - (i % time) + time).some(Boolean));
  const columns = transposed(units, count, time);
  const products = await timesTransposed(columns, columns, { m: time, n: time, k: count });
  const eigen = new EigenvalueDecomposition(Matrix.from1DArray(time, time, products), { assumeSymmetric: true });
  const vectors = eigen.eigenvectorMatrix;
  const rows: Float64Array[] = [];
  let explained = 0;
  // Eigenvalues rise; what is below rounding is no direction.
  for (let c = time - 1; c >= 0 && rows.length < most && explained < share * total; c--) {
    const value = eigen.realEigenvalues[c]!;
    if (!(value > 1e-12 * total)) break;
    explained += value;
    rows.push(Float64Array.from(vectors.getColumn(c)));
  }
  const out = new Float64Array(rows.length * time);
  rows.forEach((row, i) => {
    out.set(row, i * time);
  });
  return out;
}
