import { type LagOneMetric, type LagOneSeries, whitenedSide } from './lag-one.js';

/** How a voxel's and kernel's rho is taken from the residuals of the OLS fit, as one of a set of values. */
export interface RhoRule {
  /** The values [bin]. */
  readonly rho: Float64Array;
  /**
   * Writes the bin of `kernel` at every voxel to `out` [voxel]. `ratios` are `2 sum r_t r_(t+1) / sum r_t^2` of the
   * residuals `r` of the pair [voxel]; NaN gets some bin.
   */
  bins(kernel: number, ratios: Float64Array, out: Int32Array): void;
}

/**
 * What whitening makes of the series of some voxels, at every value of rho that one of them meets with some kernel: a row
 * for each voxel and value, made when it is first met.
 */
export class RhoRows {
  /** One row as an inner product's other side: weights for what the metric needs of a regressor (see `whitenedSide`) [row, width]. */
  weights: Float64Array;
  /** Projected whitened norm [row]. */
  norms: Float64Array;
  /** [row] */
  bin: Int32Array;
  count = 0;
  /** [voxel, bin], -1 where not met. */
  private readonly rowAt: Int32Array;

  constructor(
    private readonly metric: LagOneMetric,
    private readonly series: LagOneSeries,
  ) {
    const voxels = series.norm.length;
    this.rowAt = new Int32Array(voxels * metric.rho.length).fill(-1);
    // A voxel meets some fifteen values with the kernels of a network.
    const room = 16 * voxels;
    this.weights = new Float64Array(room * metric.width);
    this.norms = new Float64Array(room);
    this.bin = new Int32Array(room);
  }

  /** Writes the row of every voxel, whose bins are `bins` [voxel], to `rowOf` from `at` on. */
  find(bins: Int32Array, rowOf: Int32Array, at: number): void {
    const { rowAt } = this;
    const values = this.metric.rho.length;
    for (let v = 0; v < bins.length; v++) {
      const row = rowAt[v * values + bins[v]!]!;
      rowOf[at + v] = row >= 0 ? row : this.add(v, bins[v]!);
    }
  }

  private add(voxel: number, bin: number): number {
    const { metric } = this;
    const { width } = metric;
    if (this.count === this.norms.length) this.grow();
    const row = this.count++;
    this.norms[row] = whitenedSide(metric, bin, this.series, voxel, this.weights, row * width);
    this.bin[row] = bin;
    this.rowAt[voxel * metric.rho.length + bin] = row;
    return row;
  }

  private grow(): void {
    const twice = <A extends Float64Array | Int32Array>(from: A, to: A): A => {
      to.set(from);
      return to;
    };
    const length = 2 * this.norms.length;
    this.weights = twice(this.weights, new Float64Array(length * this.metric.width));
    this.norms = twice(this.norms, new Float64Array(length));
    this.bin = twice(this.bin, new Int32Array(length));
  }
}
