/** Adds up the frames of one window and gives their mean, exactly. `size` is the number of values per frame (pixels x 3). */
export class WindowAverage {
  readonly #sums: Uint32Array;
  #frames = 0;

  constructor(size: number) {
    this.#sums = new Uint32Array(size);
  }

  /** Frames added since the last `take`. 32 bits hold the sum of 16 million frames. */
  get frames(): number {
    return this.#frames;
  }

  add(frame: Uint8Array): void {
    const sums = this.#sums;
    for (let i = 0; i < sums.length; i++) sums[i]! += frame[i]!;
    this.#frames++;
  }

  /** The mean, rounded to the nearest integer, halves upwards: floor(sum / n + 1/2) in integers. Starts the next window. */
  take(): Uint8Array {
    const sums = this.#sums;
    const count = this.#frames;
    const mean = new Uint8Array(sums.length);
    for (let i = 0; i < sums.length; i++) mean[i] = Math.floor((2 * sums[i]! + count) / (2 * count));
    sums.fill(0);
    this.#frames = 0;
    return mean;
  }
}
