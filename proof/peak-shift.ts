import { mmOf } from '../artifacts/grid.js';
import type { Kernel } from '../artifacts/kernels.js';
import type { Mask } from '../artifacts/mask.js';

/** How far the highest voxels of maps have moved. */
export interface PeakShift {
  /** Maps that have a peak before and after. */
  readonly maps: number;
  readonly moved: number;
  /** mm; 0 where none moved. */
  readonly farthest: number;
  /** The map whose peak moved farthest. */
  readonly where?: string;
}

/** Collects the peaks of maps, row by row: the voxel with the largest absolute value, the first of equals. */
export class PeakShifts {
  #maps = 0;
  #moved = 0;
  #farthest = 0;
  #where: string | undefined;

  constructor(
    readonly mask: Mask,
    readonly rows: readonly Pick<Kernel, 'name'>[],
  ) {}

  /** `a`, `b`: whole rows of arrays `[row, voxel]`, from the element `first` on. */
  addRows(a: ArrayLike<number>, b: ArrayLike<number>, first: number): void {
    const width = this.mask.voxels.length;
    for (let from = 0; from < a.length; from += width)
      this.add((first + from) / width, highest(a, from, from + width), highest(b, from, from + width));
  }

  /** `a`, `b`: index of the highest voxel among those of the mask; -1 where there is none. */
  add(row: number, a: number, b: number): void {
    if (a < 0 || b < 0) return;
    this.#maps += 1;
    if (a === b) return;
    this.#moved += 1;
    const { grid, voxels } = this.mask;
    const [p, q] = [mmOf(grid, voxels[a]!), mmOf(grid, voxels[b]!)];
    const distance = Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
    if (distance > this.#farthest) [this.#farthest, this.#where] = [distance, this.rows[row]!.name];
  }

  result(): PeakShift {
    const where = this.#where === undefined ? {} : { where: this.#where };
    return { maps: this.#maps, moved: this.#moved, farthest: this.#farthest, ...where };
  }
}

function highest(values: ArrayLike<number>, from: number, end: number): number {
  let [at, height] = [-1, 0];
  for (let i = from; i < end; i++) {
    const own = Math.abs(values[i]!);
    if (own > height && own < Infinity) [at, height] = [i - from, own];
  }
  return at;
}
