import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { onnxModel } from './onnx-model.js';

/**
 * Matrix products in double precision, on one thread, by ONNX Runtime's native kernels (about thirty times a plain
 * JavaScript loop). One session per thread, made on first use; inside the pool every worker has its own.
 *
 * `left` [m, k] and `right` [n, k], row-major, give `left right'` [m, n]: both operands have the dimension that is
 * summed over last, which is how series are stored (`[voxel, time]`, `[kernel, time]`), so nothing is transposed.
 * The result is written to `out` when given (length m*n). Arrays may be views, but not on a SharedArrayBuffer
 * (see shared-memory.ts). The same sizes and values give the same bits, on any thread.
 */
export async function timesTransposed(
  left: Float64Array,
  right: Float64Array,
  { m, n, k }: { m: number; n: number; k: number },
  out: Float64Array = new Float64Array(m * n),
): Promise<Float64Array> {
  if (m === 0 || n === 0) return out;
  if (k === 0) return out.fill(0);
  loaded ??= load();
  const { Tensor, session } = await loaded;
  const feeds = { left: new Tensor('float64', left, [m, k]), right: new Tensor('float64', right, [n, k]) };
  await session.run(feeds, { product: new Tensor('float64', out, [m, n]) });
  return out;
}

let loaded: Promise<{ Tensor: typeof Tensor; session: InferenceSession }> | undefined;

async function load() {
  const { InferenceSession, Tensor } = await import('onnxruntime-node');
  const model = onnxModel({
    name: 'product',
    inputs: [
      { name: 'left', type: 'float64', shape: ['m', 'k'] },
      { name: 'right', type: 'float64', shape: ['n', 'k'] },
    ],
    outputs: [{ name: 'product', type: 'float64', shape: ['m', 'n'] }],
    nodes: [{ op: 'Gemm', inputs: ['left', 'right'], outputs: ['product'], attributes: { transB: 1 } }],
  });
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  return { Tensor, session };
}
