import { byteLanes } from '../../numerics/byte-lanes.js';

/** Frames whose sums fit into 16 bits: 257 x 255 = 65535. */
const FRAMES_IN_16_BITS = 257;

/**
 * Adds up the frames of one window and gives their mean, exactly. Sums have 16 bits; before one could overflow, all go to
 * sums of 32 bits, which hold 16 million frames.
 */
export class WindowAverage {
  readonly #size: number;
  readonly #lanes: ReturnType<typeof byteLanes>;
  /** Sums of the frames that are in the lanes no more; null when all are. */
  #sums: Uint32Array | null = null;
  #inLanes = 0;
  #frames = 0;

  /** `size`: values per frame (pixels x 3). */
  constructor(size: number) {
    this.#size = size;
    this.#lanes = byteLanes(size);
  }

  /** Two frames; what is decoded into them need not be copied to be added. */
  get buffers(): readonly [Uint8Array, Uint8Array] {
    return this.#lanes.buffers;
  }

  /** Frames added since the last `take`. */
  get frames(): number {
    return this.#frames;
  }

  /** A frame that is not in `buffers` is copied into the first of them. */
  add(frame: Uint8Array): void {
    if (this.#inLanes === FRAMES_IN_16_BITS) this.#empty();
    this.#lanes.add(frame);
    this.#inLanes++;
    this.#frames++;
  }

  /** The mean, rounded to the nearest integer, halves upwards: floor(sum / n + 1/2) in integers. Starts the next window. */
  take(): Uint8Array {
    const count = this.#frames;
    const meanOf = (sum: number) => Math.floor((2 * sum + count) / (2 * count));
    const mean = new Uint8Array(this.#size);
    if (this.#sums === null) {
      // A look into a table of all sums that can occur costs less than a division.
      const means = Uint8Array.from({ length: 255 * count + 1 }, (_, sum) => meanOf(sum));
      const { even, odd } = this.#lanes;
      for (let i = 0; 2 * i < mean.length; i++) {
        mean[2 * i] = means[even[i]!]!;
        mean[2 * i + 1] = means[odd[i]!]!;
      }
      this.#lanes.clear();
    } else {
      const sums = this.#empty();
      for (let i = 0; i < mean.length; i++) mean[i] = meanOf(sums[i]!);
      this.#sums = null;
    }
    this.#inLanes = 0;
    this.#frames = 0;
    return mean;
  }

  /** Moves the lanes to the sums, which it gives. */
  #empty(): Uint32Array {
    const { even, odd } = this.#lanes;
    const sums = this.#sums ?? new Uint32Array(this.#size);
    for (let i = 0; 2 * i < sums.length; i++) {
      sums[2 * i]! += even[i]!;
      sums[2 * i + 1]! += odd[i]!;
    }
    this.#lanes.clear();
    this.#inLanes = 0;
    this.#sums = sums;
    return sums;
  }
}
