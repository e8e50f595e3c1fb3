import { timesTransposed } from '../products.js';

/**
 * `A^-1/2` of a symmetric positive definite matrix [size, size], by the coupled Newton-Schulz iteration (Higham 2008,
 * Functions of Matrices, 6.35): products only, so that a large one takes no longer than its products. `largest` is an
 * upper bound of the eigenvalues.
 */
export async function inverseRoot(matrix: Float64Array, size: number, largest: number): Promise<Float64Array> {
  const dimensions = { m: size, n: size, k: size };
  let root = matrix.map((value) => value / largest);
  let inverse = Float64Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0));
  let before = Number.POSITIVE_INFINITY;
  for (let iteration = 0; iteration < 100; iteration++) {
    // All are polynomials of one symmetric matrix, hence symmetric: a product with a transpose is the product.
    const step = await timesTransposed(inverse, root, dimensions);
    let apart = 0;
    for (let i = 0; i < step.length; i++) {
      const one = i % (size + 1) === 0 ? 1 : 0;
      apart = Math.max(apart, Math.abs(step[i]! - one));
      step[i] = 1.5 * one - 0.5 * step[i]!;
    }
    // Quadratic at the end: when it no longer gets closer, rounding is all that is left.
    if (apart < 1e-8 && apart >= before) break;
    before = apart;
    root = (await timesTransposed(root, step, dimensions)) as typeof root;
    inverse = (await timesTransposed(step, inverse, dimensions)) as typeof inverse;
  }
  return inverse.map((value) => value / Math.sqrt(largest));
}
