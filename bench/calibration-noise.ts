import { timesTransposed } from '../numerics/products.js';
import { Xoshiro128 } from '../numerics/xoshiro.js';

/** Noise and regressors of bench/calibration.ts. Every series has unit variance. */

export type Gauss = () => number;

export function gaussOf(seed: number): Gauss {
  const generator = new Xoshiro128(seed);
  const uniform = () => (generator.next() + 0.5) / 2 ** 32;
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** `y_t = a y_(t-1) + e_t + b e_(t-1)`, stationary from the first value on [series, time]. `a` is one number, or one per series. */
export function arma(gauss: Gauss, count: number, time: number, a: number | Float64Array, b = 0): Float64Array {
  const out = new Float64Array(count * time);
  for (let i = 0; i < count; i++) {
    const own = typeof a === 'number' ? a : a[i]!;
    // The AR part before the first value, and the innovation that it shares with it.
    let innovation = gauss();
    const variance = (1 + 2 * own * b + b * b) / (1 - own * own);
    let value = innovation + Math.sqrt(Math.max(variance - 1, 0)) * gauss();
    for (let t = 0; t < time; t++) {
      const next = gauss();
      value = own * value + next + b * innovation;
      innovation = next;
      out[i * time + t] = value / Math.sqrt(variance);
    }
  }
  return out;
}

/** Half white noise, half noise whose power falls as 1/f [series, time]. */
export async function pinkAndWhite(gauss: Gauss, count: number, time: number): Promise<Float64Array> {
  const waves = new Float64Array(time * 2 * time);
  let power = 0;
  for (let f = 1; f <= time; f++) power += 1 / f;
  for (let f = 1; f <= time; f++) {
    const amplitude = Math.sqrt(1 / f / power / 2);
    for (let t = 0; t < time; t++) {
      const angle = (Math.PI * ((f * t) % (2 * time))) / time;
      waves[t * 2 * time + 2 * (f - 1)] = amplitude * Math.cos(angle);
      waves[t * 2 * time + 2 * f - 1] = amplitude * Math.sin(angle);
    }
  }
  const weights = Float64Array.from({ length: count * 2 * time }, gauss);
  const out = await timesTransposed(weights, waves, { m: count, n: time, k: 2 * time });
  return out.map((value) => value + Math.sqrt(0.5) * gauss());
}
