import { parentPort, workerData } from 'node:worker_threads';
import { Matrix } from 'ml-matrix';
import { timesTransposed } from '../numerics/products.js';

/** One thread of bench/glm.ts: GFLOP/s of double-precision products by three ways, each for about `seconds`. */

const { way, seconds } = workerData as { way: 'onnxruntime' | 'ml-matrix' | 'loop'; seconds: number };
const size = way === 'onnxruntime' ? 1024 : 256;
const numbers = () => Float64Array.from({ length: size * size }, (_, i) => Math.sin(i));
const [left, right, out] = [numbers(), numbers(), numbers()];
const [a, b] = [Matrix.from1DArray(size, size, left), Matrix.from1DArray(size, size, right)];

function loop(): void {
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      let sum = 0;
      for (let k = 0; k < size; k++) sum += left[i * size + k]! * right[j * size + k]!;
      out[i * size + j] = sum;
    }
  }
}

const ways = {
  onnxruntime: () => timesTransposed(left, right, { m: size, n: size, k: size }, out),
  'ml-matrix': () => a.mmul(b),
  loop,
};

await ways[way]();
let products = 0;
const began = performance.now();
while (performance.now() - began < seconds * 1000) {
  await ways[way]();
  products++;
}
parentPort!.postMessage((2 * size ** 3 * products) / (performance.now() - began) / 1e6);
