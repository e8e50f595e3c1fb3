/** One element of two arrays. */
export interface ElementPair {
  /** Index into the arrays. */
  readonly at: number;
  readonly a: number;
  readonly b: number;
}

/** How two arrays of the same shape differ. */
export interface ArrayDifference {
  /** Elements that are finite in both; only these are compared. */
  readonly compared: number;
  /** Of them, those that are not equal. */
  readonly differing: number;
  /** Elements that are finite in one of the arrays only. */
  readonly unpaired: number;
  /** Largest |b - a|, and where; absent where nothing differs. */
  readonly maxAbsolute: number;
  readonly largest?: ElementPair;
  /** Largest |b - a| / max(|a|, |b|), from 0 to 2, and where. Large as a rule where both are next to nothing. */
  readonly maxRelative: number;
  readonly relative?: ElementPair;
  /** Decimal digits in common: -log10 of the relative difference, from 0 to 16 and to 0.1; the median over the elements that differ. */
  readonly digits: number;
  /** Pearson's r; NaN where one of the arrays is constant. */
  readonly correlation: number;
}

/** Of a tenth of a digit each. */
const BINS = 161;

/**
 * Compares two arrays that are read block by block. Sums of squares are those of blocks about their own means, put together by
 * Chan, Golub & LeVeque (1983), The American Statistician 37:242-247, so that large means do not cancel.
 */
export class ArrayComparison {
  readonly #bins = new Float64Array(BINS);
  #sums: Sums = { n: 0, meanA: 0, meanB: 0, squaresA: 0, squaresB: 0, products: 0 };
  #differing = 0;
  #unpaired = 0;
  #absolute = 0;
  #relative = 0;
  #largest: ElementPair | undefined;
  #largestRelative: ElementPair | undefined;

  /** Adds the elements `at`, `at + 1`, … of both arrays, or those with the indices `at`. NaN and infinities are left out. */
  add(a: ArrayLike<number>, b: ArrayLike<number>, at: number | ArrayLike<number>): void {
    const pair = (i: number): ElementPair => ({ at: typeof at === 'number' ? at + i : at[i]!, a: a[i]!, b: b[i]! });
    for (let i = 0; i < a.length; i++) {
      const [x, y] = [a[i]!, b[i]!];
      const difference = Math.abs(y - x);
      if (!Number.isFinite(difference)) {
        if (Number.isFinite(x) !== Number.isFinite(y)) this.#unpaired += 1;
        continue;
      }
      if (difference === 0) continue;
      this.#differing += 1;
      if (difference > this.#absolute) [this.#absolute, this.#largest] = [difference, pair(i)];
      const relative = difference / Math.max(Math.abs(x), Math.abs(y));
      if (relative > this.#relative) [this.#relative, this.#largestRelative] = [relative, pair(i)];
      this.#bins[Math.max(0, Math.min(BINS - 1, Math.floor(-10 * Math.log10(relative))))]! += 1;
    }
    this.#sums = together(this.#sums, sumsOf(a, b));
  }

  result(): ArrayDifference {
    const { n, squaresA, squaresB, products } = this.#sums;
    const scale = Math.sqrt(squaresA) * Math.sqrt(squaresB);
    return {
      compared: n,
      differing: this.#differing,
      unpaired: this.#unpaired,
      maxAbsolute: this.#absolute,
      ...(this.#largest && { largest: this.#largest }),
      maxRelative: this.#relative,
      ...(this.#largestRelative && { relative: this.#largestRelative }),
      digits: medianBin(this.#bins) / 10,
      correlation: scale > 0 ? Math.max(-1, Math.min(1, products / scale)) : Number.NaN,
    };
  }
}

interface Sums {
  readonly n: number;
  readonly meanA: number;
  readonly meanB: number;
  readonly squaresA: number;
  readonly squaresB: number;
  readonly products: number;
}

function sumsOf(a: ArrayLike<number>, b: ArrayLike<number>): Sums {
  let [n, sumA, sumB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    if (!Number.isFinite(b[i]! - a[i]!)) continue;
    n += 1;
    sumA += a[i]!;
    sumB += b[i]!;
  }
  const [meanA, meanB] = [sumA / Math.max(1, n), sumB / Math.max(1, n)];
  let [squaresA, squaresB, products] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    if (!Number.isFinite(b[i]! - a[i]!)) continue;
    const [x, y] = [a[i]! - meanA, b[i]! - meanB];
    squaresA += x * x;
    squaresB += y * y;
    products += x * y;
  }
  return { n, meanA, meanB, squaresA, squaresB, products };
}

function together(p: Sums, q: Sums): Sums {
  const n = p.n + q.n;
  if (n === 0) return p;
  const [shiftA, shiftB] = [q.meanA - p.meanA, q.meanB - p.meanB];
  const weight = (p.n * q.n) / n;
  return {
    n,
    meanA: p.meanA + (shiftA * q.n) / n,
    meanB: p.meanB + (shiftB * q.n) / n,
    squaresA: p.squaresA + q.squaresA + shiftA * shiftA * weight,
    squaresB: p.squaresB + q.squaresB + shiftB * shiftB * weight,
    products: p.products + q.products + shiftA * shiftB * weight,
  };
}

/** The highest bin that has at least half of all in it or above. */
function medianBin(bins: Float64Array): number {
  const half = bins.reduce((sum, count) => sum + count, 0) / 2;
  let above = 0;
  for (let bin = bins.length - 1; bin > 0; bin--) {
    above += bins[bin]!;
    if (above >= half) return bin;
  }
  return 0;
}
