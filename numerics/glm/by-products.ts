import { timesTransposed } from '../products.js';
import { rowBytes } from '../row-code.js';
import type { RowMemory } from '../rows.js';
import type { Block, Estimator, FitModel } from './model.js';

/** A product at a time: 128 kernels x 512 voxels of 8 bytes stay in the cache until they are used, with what is made of them. */
const [kernelsPerProduct, voxelsPerProduct] = [128, 512];

/** The voxels of a block, in the form in which a model's estimates are products of regressors and series. */
export interface ProductSeries {
  /** `z` such that the model's inner product of a regressor and the voxel is `x'z` [voxel, time]. */
  readonly series: Float64Array;
  /** The model's inner product of the voxel with itself [voxel]. */
  readonly norms: Float64Array;
}

/** Writes estimates of `kernel` at the voxels from `firstVoxel` of the block on; `products` are taken from `at` on. */
export type EstimateRow = (
  kernel: number,
  firstVoxel: number,
  products: Float64Array,
  at: number,
  norms: Float64Array,
  effect: Float64Array,
  se: Float64Array,
) => void;

/** What `byProducts` takes of a `RowMemory`. */
export const productRowBytes = rowBytes(kernelsPerProduct * voxelsPerProduct, 8) + 3 * rowBytes(voxelsPerProduct, 8);

/** Voxels of a row that an `EstimateRow` gets at most. */
export const voxelsPerRow = voxelsPerProduct;

/**
 * Estimates that follow from one matrix product, tile by tile. `inverse(kernel, voxel)` is one over the model's inner
 * product of the regressor with itself: what a standard error is divided by to give the residual variance.
 */
export function byProducts(
  { time, regressors }: Pick<FitModel, 'time' | 'regressors'>,
  memory: RowMemory,
  prepare: (block: Block) => Promise<ProductSeries>,
  estimate: EstimateRow,
  inverse: (kernel: number, voxel: number) => number,
): Estimator {
  const scratch = memory.float64(kernelsPerProduct * voxelsPerProduct);
  const [normRow, effectRow, errorRow] = [0, 1, 2].map(() => memory.float64(voxelsPerProduct));
  let known: { readonly bold: Float64Array; readonly voxels: ProductSeries } | undefined;

  return async (block, use) => {
    // A block comes once for every range of kernels.
    if (known?.bold !== block.bold) known = { bold: block.bold, voxels: await prepare(block) };
    const { series, norms } = known.voxels;
    const end = block.firstKernel + block.kernels;
    for (let firstKernel = block.firstKernel; firstKernel < end; firstKernel += kernelsPerProduct) {
      const kernels = Math.min(kernelsPerProduct, end - firstKernel);
      const left = regressors.subarray(firstKernel * time, (firstKernel + kernels) * time);
      for (let firstVoxel = 0; firstVoxel < block.voxels; firstVoxel += voxelsPerProduct) {
        const voxels = Math.min(voxelsPerProduct, block.voxels - firstVoxel);
        const right = series.subarray(firstVoxel * time, (firstVoxel + voxels) * time);
        const products = scratch.subarray(0, kernels * voxels);
        await timesTransposed(left, right, { m: kernels, n: voxels, k: time }, products);
        normRow!.set(norms.subarray(firstVoxel, firstVoxel + voxels));
        const effect = effectRow!.subarray(0, voxels);
        const se = errorRow!.subarray(0, block.errors ? voxels : 0);
        for (let k = 0; k < kernels; k++) {
          const kernel = firstKernel + k;
          estimate(kernel, firstVoxel, products, k * voxels, normRow!, effect, se);
          const row = { kernel, firstVoxel, effect, se, memory };
          if (!block.variances) use(row);
          else use({ ...row, variance: se.map((error, v) => (error * error) / inverse(kernel, firstVoxel + v)) });
        }
      }
    }
  };
}

/** Of every row of [row, time]. */
export function sumsOfSquares(values: Float64Array, rows: number, time: number): Float64Array {
  const sums = new Float64Array(rows);
  for (let r = 0; r < rows; r++) {
    let sum = 0;
    for (let i = r * time; i < (r + 1) * time; i++) sum += values[i]! * values[i]!;
    sums[r] = sum;
  }
  return sums;
}
