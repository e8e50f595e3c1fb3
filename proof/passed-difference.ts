import { ArrayComparison } from '../numerics/array-difference.js';
import type { Block, Content } from './contents.js';
import { type NumberDifference, withPlaces } from './number-difference.js';
import type { PeakShift, PeakShifts } from './peak-shift.js';

/** How what passed a threshold differs. Voxels that passed with another sign count as vanished and appeared. */
export interface PassedDifference {
  /** Voxels that passed, over all maps. */
  readonly locked: number;
  readonly found: number;
  readonly vanished: number;
  readonly appeared: number;
  /** 2 both / (locked + found); 1 where nothing passed in either. */
  readonly dice: number;
}

export interface PassedComparison {
  readonly passed: PassedDifference;
  readonly peaks: PeakShift;
  /** Of the values in voxels that passed in both. */
  readonly numbers: NumberDifference;
}

/** Compares two `sparse` contents on one mask, block by block. */
export async function comparePassed(
  was: Content,
  is: Content,
  peaks: PeakShifts,
  signal?: AbortSignal,
): Promise<PassedComparison> {
  const [a, b] = [new Entries(was), new Entries(is)];
  const comparison = new ArrayComparison();
  const width = was.shape[1]!;
  let [locked, found, both, row] = [0, 0, 0, 0];
  let [peakA, peakB] = [NONE, NONE];
  const endRow = () => {
    peaks.add(row, peakA.voxel, peakB.voxel);
    [peakA, peakB] = [NONE, NONE];
  };
  try {
    do {
      signal?.throwIfAborted();
      await Promise.all([a.fill(), b.fill()]);
      const [x, y, indices]: [number[], number[], number[]] = [[], [], []];
      // Until one of the blocks is used up.
      while (a.ready && b.ready) {
        const index = Math.min(a.index, b.index);
        if (index === Infinity) break;
        if (Math.floor(index / width) !== row) {
          endRow();
          row = Math.floor(index / width);
        }
        const [valueA, valueB] = [a.index === index ? a.take() : 0, b.index === index ? b.take() : 0];
        if (valueA !== 0) locked += 1;
        if (valueB !== 0) found += 1;
        peakA = higher(peakA, index - row * width, valueA);
        peakB = higher(peakB, index - row * width, valueB);
        if (valueA * valueB <= 0) continue;
        both += 1;
        x.push(valueA);
        y.push(valueB);
        indices.push(index);
      }
      comparison.add(x, y, indices);
    } while (!a.ended || !b.ended);
    endRow();
  } finally {
    await Promise.all([a.close(), b.close()]);
  }
  return {
    passed: {
      locked,
      found,
      vanished: locked - both,
      appeared: found - both,
      dice: locked + found === 0 ? 1 : (2 * both) / (locked + found),
    },
    peaks: peaks.result(),
    numbers: await withPlaces(comparison.result(), (at) => is.place(at)),
  };
}

interface Peak {
  readonly voxel: number;
  readonly height: number;
}

const NONE: Peak = { voxel: -1, height: 0 };

function higher(peak: Peak, voxel: number, value: number): Peak {
  return Math.abs(value) > peak.height ? { voxel, height: Math.abs(value) } : peak;
}

/** Reads a sparse content entry by entry. After the last one comes, without end, one with the index Infinity. */
class Entries {
  readonly #blocks: AsyncIterator<Block>;
  #block: Block | undefined;
  #at = 0;
  ended = false;

  constructor(content: Content) {
    this.#blocks = content.blocks()[Symbol.asyncIterator]();
  }

  /** Reads the next block where there is none at hand. */
  async fill(): Promise<void> {
    while (!this.ready) {
      const next = await this.#blocks.next();
      [this.#block, this.#at, this.ended] = [next.value, 0, next.done === true];
    }
  }

  get ready(): boolean {
    return this.ended || (this.#block !== undefined && this.#at < this.#block.values.length);
  }

  get index(): number {
    return this.ended ? Infinity : this.#block!.indices![this.#at]!;
  }

  take(): number {
    return this.#block!.values[this.#at++]!;
  }

  async close(): Promise<void> {
    await this.#blocks.return?.();
  }
}
