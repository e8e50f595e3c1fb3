/**
 * One-sample statistics over subjects, accumulated one subject at a time (Welford 1962, Technometrics 4:419-420), so that
 * only the block of one subject is in memory and a large mean costs no digits.
 */
export class OneSample {
  readonly mean: Float64Array;
  /** Sum of squared deviations from the mean. */
  private readonly squares: Float64Array;
  private subjects = 0;

  /** `size`: number of values per subject (voxels x kernels of a block). */
  constructor(size: number) {
    this.mean = new Float64Array(size);
    this.squares = new Float64Array(size);
  }

  /** `effects` [size] of the next subject. NaN makes the value NaN for good. */
  add(effects: Float64Array): void {
    this.subjects++;
    const { mean, squares } = this;
    const share = 1 / this.subjects;
    for (let i = 0; i < mean.length; i++) {
      const change = effects[i]! - mean[i]!;
      mean[i]! += change * share;
      squares[i]! += change * (effects[i]! - mean[i]!);
    }
  }

  /** Standard error of the mean, sd (n - 1) / sqrt(n). NaN for a single subject. */
  standardErrors(): Float64Array {
    const n = this.subjects;
    return this.squares.map((sum) => (n > 1 ? Math.sqrt(sum / (n - 1) / n) : Number.NaN));
  }
}
