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

  /** What is put from now on belongs to another subject. */
  nextSubject(): void {
    this.subjects++;
  }

  /** Effects of the current subject, for the values from `at` on. NaN makes a value NaN for good. */
  put(at: number, effects: Float64Array): void {
    const { mean, squares } = this;
    const share = 1 / this.subjects;
    for (let i = 0; i < effects.length; i++) {
      const change = effects[i]! - mean[at + i]!;
      mean[at + i]! += change * share;
      squares[at + i]! += change * (effects[i]! - mean[at + i]!);
    }
  }

  /** Standard errors of the mean, sd (n - 1) / sqrt(n), of the values `first` to `end`. NaN for a single subject. */
  standardErrors(first: number, end: number): Float64Array {
    const n = this.subjects;
    return this.squares.subarray(first, end).map((sum) => (n > 1 ? Math.sqrt(sum / (n - 1) / n) : Number.NaN));
  }
}
