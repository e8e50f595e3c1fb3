import { parentPort, workerData } from 'node:worker_threads';
import { Matrix } from 'ml-matrix';
import { timesTransposed } from '../numerics/products.js';

/** One thread of bench/glm.ts: double-precision products by one of three ways, for about `seconds`. */
export interface PeakOptions {
  readonly way: 'onnxruntime' | 'ml-matrix' | 'loop';
  readonly seconds: number;
}

export interface Peak {
  /** GFLOP/s */
  readonly perSecond: number;
  /** GFLOP per second that the process had on a processor; of this thread where no other works. */
  readonly perCpuSecond: number;
}

const { way, seconds } = workerData as PeakOptions;
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
const used = process.cpuUsage();
const began = performance.now();
while (performance.now() - began < seconds * 1000) {
  await ways[way]();
  products++;
}
const elapsed = performance.now() - began;
const { user, system } = process.cpuUsage(used);
const gigaflops = (2 * size ** 3 * products) / 1e9;
const peak: Peak = { perSecond: (gigaflops / elapsed) * 1e3, perCpuSecond: (gigaflops / (user + system)) * 1e6 };
parentPort!.postMessage(peak);
