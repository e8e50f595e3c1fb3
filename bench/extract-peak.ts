import { onnxModel } from '../numerics/onnx-model.js';

/**
 * Single-precision products of the machine: ONNX Runtime's MatMul of square matrices on `threads` threads, the fastest
 * of many for `seconds`. GFLOP/s.
 */
export async function productPeak(size: number, threads: number, seconds: number): Promise<number> {
  const { default: ort } = await import('onnxruntime-node');
  const shape = [size, size];
  const data = Float32Array.from({ length: size * size }, (_, i) => Math.sin(i));
  const model = onnxModel({
    name: 'product',
    inputs: [{ name: 'a', type: 'float32', shape }],
    outputs: [{ name: 'product', type: 'float32', shape }],
    initializers: [{ name: 'b', type: 'float32', shape, data }],
    nodes: [{ op: 'MatMul', inputs: ['a', 'b'], outputs: ['product'] }],
  });
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: threads, interOpNumThreads: 1 });
  const a = new ort.Tensor('float32', data, shape);
  await session.run({ a });
  let fastest = Number.POSITIVE_INFINITY;
  const end = performance.now() + 1000 * seconds;
  while (performance.now() < end) {
    const began = performance.now();
    await session.run({ a });
    fastest = Math.min(fastest, performance.now() - began);
  }
  await session.release();
  return (2 * size ** 3) / fastest / 1e6;
}
