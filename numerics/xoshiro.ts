/**
 * The generator xoshiro128** 1.1: 32-bit integer arithmetic only, so the same seed gives the same numbers everywhere.
 * Source: Blackman & Vigna (2021), "Scrambled linear pseudorandom number generators", ACM TOMS 47:36;
 * https://prng.di.unimi.it/xoshiro128starstar.c. The state is filled from a seed by splitmix32.
 */
export class Xoshiro128 {
  #s0 = 0;
  #s1 = 0;
  #s2 = 0;
  #s3 = 0;

  /** `seed`: an integer, of which the lower 32 bits count; or the four words of the state themselves. */
  constructor(seed: number | readonly [number, number, number, number]) {
    [this.#s0, this.#s1, this.#s2, this.#s3] = typeof seed === 'number' ? splitmix32(seed) : seed;
  }

  /** An integer from 0 to 2^32 - 1. */
  next(): number {
    const product = Math.imul(this.#s1, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = this.#s1 << 9;
    this.#s2 ^= this.#s0;
    this.#s3 ^= this.#s1;
    this.#s1 ^= this.#s2;
    this.#s0 ^= this.#s3;
    this.#s2 ^= shifted;
    this.#s3 = (this.#s3 << 11) | (this.#s3 >>> 21);
    return result;
  }

  /**
   * A number that is nearly standard normal: the sum of twelve uniform 16-bit integers (Irwin-Hall), centred, over
   * 2^16. Mean 0, variance 1 (less 2^-32), never beyond 6, kurtosis 0.1 below the normal. Exact in integers, where
   * logarithms and cosines would differ in their last bits between JavaScript engines.
   */
  nearlyNormal(): number {
    let sum = 0;
    for (let i = 0; i < 6; i++) {
      const bits = this.next();
      sum += (bits >>> 16) + (bits & 0xffff);
    }
    return (sum - 12 * 32767.5) / 65536;
  }
}

/** Four words from one: Steele's splitmix in 32 bits, with the mixer of MurmurHash3. */
function splitmix32(seed: number): [number, number, number, number] {
  let counter = seed | 0;
  const word = () => {
    counter = (counter + 0x9e3779b9) | 0;
    let mixed = counter;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return mixed ^ (mixed >>> 16);
  };
  return [word(), word(), word(), word()];
}
