/** Columns that keep less than this share of their norm once the columns before them are taken out count as collinear. */
export const collinearBelow = 1e-7;

export interface OrthonormalBasis {
  /** Orthonormal rows [rank, time] that span the same space as the columns. */
  readonly rows: Float64Array;
  readonly rank: number;
  /** Indices of the columns that are zero, or combinations of columns before them. */
  readonly dependent: readonly number[];
}

/**
 * Orthonormal basis of the space of some columns (each [time]), by Gram-Schmidt done twice per column, which is
 * orthogonal to rounding ("twice is enough": Giraud et al. 2005, Comput. Math. Appl. 50:1069-1075).
 *
 * Every column is scaled to unit norm first: motion squares and a constant differ by six decades, and a rank decided
 * on raw columns would be decided by their units. A column is dependent when less than `collinearBelow` of its norm is
 * new; the columns are taken in their order, so the later of two collinear ones is named. NaN in a column makes it
 * dependent.
 */
export function orthonormalBasis(columns: readonly Float64Array[], time: number): OrthonormalBasis {
  const rows = new Float64Array(columns.length * time);
  const dependent: number[] = [];
  let rank = 0;
  columns.forEach((column, index) => {
    const candidate = rows.subarray(rank * time, (rank + 1) * time);
    const norm = Math.sqrt(dot(column, column));
    for (let t = 0; t < time; t++) candidate[t] = column[t]! / norm;
    for (let pass = 0; pass < 2; pass++) {
      for (let r = 0; r < rank; r++) {
        const row = rows.subarray(r * time, (r + 1) * time);
        subtract(candidate, row, dot(candidate, row));
      }
      // A second pass over a remainder that is only rounding would make a direction out of it.
      if (!(Math.sqrt(dot(candidate, candidate)) > collinearBelow)) {
        dependent.push(index);
        return;
      }
    }
    const left = Math.sqrt(dot(candidate, candidate));
    for (let t = 0; t < time; t++) candidate[t]! /= left;
    rank++;
  });
  return { rows: rows.slice(0, rank * time), rank, dependent };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let t = 0; t < a.length; t++) sum += a[t]! * b[t]!;
  return sum;
}

function subtract(from: Float64Array, row: Float64Array, times: number): void {
  for (let t = 0; t < from.length; t++) from[t]! -= times * row[t]!;
}
