import { placeRow, type StatisticMaps } from './glm/statistic-maps.js';
import { plainRows, type RowMemory } from './rows.js';

/** Statistics over subjects, accumulated one subject at a time: what is kept does not grow with their number. */
export interface GroupSample {
  /** What is put from now on belongs to another subject. */
  nextSubject(): void;
  /** Effects of the current subject, for the values from `at` on. NaN makes a value NaN for good. `memory`: what they lie in. */
  put(at: number, effects: Float64Array, memory?: RowMemory): void;
  /** Writes the statistics of the values `at` to `end` into the maps, at the same place. */
  place(maps: StatisticMaps, at: number, end: number): void;
}

/** Mean and sum of squared deviations, updated (Welford 1962, Technometrics 4:419-420), so that a large mean costs no digits. */
export class OneSample implements GroupSample {
  readonly mean: Float64Array;
  /** Sum of squared deviations from the mean. */
  private readonly squares: Float64Array;
  private subjects = 0;

  /** `size`: number of values per subject (voxels x kernels of a block). Effects that lie in `memory` are put faster. */
  constructor(
    size: number,
    private readonly memory: RowMemory = plainRows,
  ) {
    this.mean = memory.float64(size).fill(0);
    this.squares = memory.float64(size).fill(0);
  }

  nextSubject(): void {
    this.subjects++;
  }

  put(at: number, effects: Float64Array, memory?: RowMemory): void {
    const rows = memory === this.memory ? memory : plainRows;
    rows.accumulate(effects, 1 / this.subjects, this.mean, this.squares, at);
  }

  /** Standard errors of the mean, sd (n - 1) / sqrt(n), of the values `first` to `end`. NaN for a single subject. */
  standardErrors(first: number, end: number): Float64Array {
    const n = this.subjects;
    return this.squares.subarray(first, end).map((sum) => (n > 1 ? Math.sqrt(sum / (n - 1) / n) : Number.NaN));
  }

  place(maps: StatisticMaps, at: number, end: number): void {
    placeRow(maps, at, this.mean.subarray(at, end), this.standardErrors(at, end), this.subjects - 1);
  }
}

/**
 * Difference of two groups without the assumption of one variance (Welch 1947, Biometrika 34:28-35): standard error
 * `sqrt(s1^2/n1 + s2^2/n2)`, degrees of freedom by Welch and Satterthwaite, one per value.
 */
export class Welch implements GroupSample {
  private readonly groups: readonly [OneSample, OneSample];
  private readonly counts: readonly [number, number];
  private subject = -1;

  /** `second` [subject]: whether a subject is in the group that is subtracted. */
  constructor(
    size: number,
    private readonly second: readonly boolean[],
    memory?: RowMemory,
  ) {
    this.groups = [new OneSample(size, memory), new OneSample(size, memory)];
    const count = second.filter((value) => value).length;
    this.counts = [second.length - count, count];
  }

  private get current(): OneSample {
    return this.groups[this.second[this.subject] ? 1 : 0];
  }

  nextSubject(): void {
    this.subject++;
    this.current.nextSubject();
  }

  put(at: number, effects: Float64Array, memory?: RowMemory): void {
    this.current.put(at, effects, memory);
  }

  place(maps: StatisticMaps, at: number, end: number): void {
    const [first, second] = this.groups;
    const [n1, n2] = this.counts;
    const errors = [first.standardErrors(at, end), second.standardErrors(at, end)] as const;
    const effect = first.mean.slice(at, end).map((mean, i) => mean - second.mean[at + i]!);
    const df = new Float64Array(end - at);
    const se = errors[0].map((error, i) => {
      const [a, b] = [error ** 2, errors[1][i]! ** 2];
      df[i] = (a + b) ** 2 / (a ** 2 / (n1 - 1) + b ** 2 / (n2 - 1));
      return Math.sqrt(a + b);
    });
    placeRow(maps, at, effect, se, df);
  }
}

/**
 * One effect of a subject from several runs (fixed effects), per value: `precision` weighs every run by 1 / se^2, with
 * the variance `1 / sum(1 / se^2)`; `mean` gives all the same weight, with the variance `sum(se^2) / runs^2`.
 */
export class FixedEffects {
  private readonly weighted: Float64Array;
  private readonly weights: Float64Array;
  private runs = 0;

  constructor(
    size: number,
    readonly weighting: 'precision' | 'mean',
  ) {
    this.weighted = new Float64Array(size);
    this.weights = new Float64Array(size);
  }

  /** Forgets the runs so far. */
  restart(): void {
    this.runs = 0;
    this.weighted.fill(0);
    this.weights.fill(0);
  }

  nextRun(): void {
    this.runs++;
  }

  /** `se` may be empty where only the effects of `mean` are asked for. A run without a standard error above 0 makes `precision` NaN. */
  put(at: number, effect: Float64Array, se: Float64Array): void {
    const { weighted, weights } = this;
    if (this.weighting === 'mean') {
      for (let i = 0; i < effect.length; i++) weighted[at + i]! += effect[i]!;
      for (let i = 0; i < se.length; i++) weights[at + i]! += se[i]! ** 2;
      return;
    }
    for (let i = 0; i < effect.length; i++) {
      const weight = se[i]! > 0 ? 1 / se[i]! ** 2 : Number.NaN;
      weighted[at + i]! += weight * effect[i]!;
      weights[at + i]! += weight;
    }
  }

  effects(at: number, end: number): Float64Array {
    const { weighted, weights, runs } = this;
    return weighted.slice(at, end).map((sum, i) => sum / (this.weighting === 'mean' ? runs : weights[at + i]!));
  }

  standardErrors(at: number, end: number): Float64Array {
    const { runs } = this;
    return this.weights
      .slice(at, end)
      .map((sum) => (this.weighting === 'mean' ? Math.sqrt(sum) / runs : Math.sqrt(1 / sum)));
  }
}
