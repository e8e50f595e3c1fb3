import { placeF, placeRow, type StatisticMaps } from './glm/statistic-maps.js';
import type { GroupSample } from './group.js';

/** A design over subjects in orthonormal coordinates, with one contrast. */
export interface GroupDesign {
  readonly subjects: number;
  /** Orthonormal rows [rank, subject] that span the columns; the constant is in their span. */
  readonly basis: Float64Array;
  readonly rank: number;
  readonly type: 't' | 'F';
  /** Rows of the contrast in the coordinates of the basis, each [rank]; those of F are orthonormal. */
  readonly contrast: readonly Float64Array[];
}

/**
 * A sum of squares below this share of the effects' own is rounding: nothing is left to test against. (The rounding of
 * a sum over subjects; effects are given to no more digits.)
 */
const smallestShare = 2 ** -48;

/**
 * Least squares over subjects, accumulated one subject at a time: kept are the products with the design's basis `Q` and
 * the sum of squares, whatever the number of subjects. The first subject's effect is taken from all and given back to the
 * estimates, so that effects that are large beside their spread cost no digits, and equal subjects leave exactly 0.
 */
export class LinearGroup implements GroupSample {
  private readonly shift: Float64Array;
  private readonly squares: Float64Array;
  /** `Q d` of the shifted effects [rank][value]. */
  private readonly products: readonly Float64Array[];
  private subject = -1;

  constructor(
    size: number,
    private readonly design: GroupDesign,
  ) {
    this.shift = new Float64Array(size);
    this.squares = new Float64Array(size);
    this.products = Array.from({ length: design.rank }, () => new Float64Array(size));
  }

  nextSubject(): void {
    this.subject++;
  }

  put(at: number, effects: Float64Array): void {
    const { shift, squares, products, subject } = this;
    if (subject === 0) {
      shift.set(effects, at);
      // A NaN has to stay one.
      for (let i = 0; i < effects.length; i++) squares[at + i] = effects[i]! - effects[i]!;
      return;
    }
    for (let i = 0; i < effects.length; i++) squares[at + i]! += (effects[i]! - shift[at + i]!) ** 2;
    products.forEach((product, r) => {
      const factor = this.design.basis[r * this.design.subjects + subject]!;
      for (let i = 0; i < effects.length; i++) product[at + i]! += factor * (effects[i]! - shift[at + i]!);
    });
  }

  place(maps: StatisticMaps, at: number, end: number): void {
    const { subjects, rank, basis, type, contrast } = this.design;
    const df = subjects - rank;
    const variance = new Float64Array(end - at);
    for (let i = at; i < end; i++) {
      let left = this.squares[i]!;
      for (const product of this.products) left -= product[i]! ** 2;
      // NaN passes on.
      variance[i - at] = left <= smallestShare * this.squares[i]! ? 0 : left / df;
    }
    // What the design makes of a constant, for the shift.
    const constant = Float64Array.from({ length: rank }, (_, r) => {
      let sum = 0;
      for (let s = 0; s < subjects; s++) sum += basis[r * subjects + s]!;
      return sum;
    });
    const estimates = contrast.map((row) => this.along(row, constant, at, end));
    if (type === 't') {
      const length = Math.sqrt(contrast[0]!.reduce((sum, value) => sum + value * value, 0));
      const se = variance.map((value) => length * Math.sqrt(value));
      placeRow(maps, at, estimates[0]!, se, df, { variance });
      return;
    }
    const f = variance.map((value, i) => {
      if (!(value > 0)) return Number.NaN;
      let sum = 0;
      for (const estimate of estimates) sum += estimate[i]! ** 2;
      return sum / contrast.length / value;
    });
    placeF(maps, at, f, contrast.length, df, { variance });
  }

  private along(row: Float64Array, constant: Float64Array, at: number, end: number): Float64Array {
    const ofShift = row.reduce((sum, value, r) => sum + value * constant[r]!, 0);
    // A contrast that a constant does not move would get the rounding of the sum above.
    const factor = Math.abs(ofShift) < 1e-12 * Math.hypot(...row) * Math.hypot(...constant) ? 0 : ofShift;
    const out = new Float64Array(end - at);
    for (let i = at; i < end; i++) {
      let sum = factor * this.shift[i]!;
      for (let r = 0; r < row.length; r++) sum += row[r]! * this.products[r]![i]!;
      out[i - at] = sum;
    }
    return out;
  }
}
