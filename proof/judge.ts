import { sketchDistance } from '../numerics/sketch.js';
import type { Fingerprint } from './fingerprint.js';

/** How far a content may be from the locked one. */
export interface Tolerance {
  /** Root mean square difference, as a share of the standard deviation (of tables: relative difference of the numbers). */
  readonly relative: number;
  /** Voxels above threshold (elements other than 0) that may appear or vanish, as a share of those that there are. */
  readonly flipped: number;
  /** Names and shapes change under rounding (a selection at a tie): nothing can be demanded. Learned by `--perturb` only. */
  readonly words?: 'free';
}

/**
 * Single precision rounds to 6e-8; a sum of products in another order, as kernels for other processors do it, differs by some
 * 1e-6 of what is summed. Ten times that passes. One in a thousand passing voxels may lie within that of the threshold.
 */
export const DEFAULT_TOLERANCE: Tolerance = { relative: 1e-5, flipped: 1e-3 };

/** Pixels: a tenth of their standard deviation is a line that moved a little, not another picture. */
const PICTURE_TOLERANCE = 0.1;

export interface Distance {
  /** Root mean square difference over the standard deviation; of `mixed` contents the relative difference. */
  readonly relative: number;
  /** Of arrays, estimated from means, standard deviations and their distance; absent for a constant array. */
  readonly correlation?: number;
  /** Elements that are 0 in one and not in the other. */
  readonly flipped: number;
  /** Their share of the elements that are not 0. */
  readonly flippedShare: number;
  /** Dice coefficient of the elements that are not 0; 1 where all or none are. */
  readonly dice: number;
}

export type Status = 'identical' | 'within' | 'different' | 'missing' | 'new';

export interface Judgement {
  readonly status: Status;
  readonly tolerance: Tolerance;
  readonly distance?: Distance;
  /** Why it is different, in words. */
  readonly because?: string;
}

/** Compares a content with its locked fingerprint. Estimates from projections are good to about 25 %. */
export function judge(locked: Fingerprint, found: Fingerprint, tolerance: Tolerance): Judgement {
  if (locked.digest === found.digest && locked.form === found.form) return { status: 'identical', tolerance };
  if (locked.kind === 'follows') return { status: 'within', tolerance };
  const free = tolerance.words === 'free';
  if (locked.form !== found.form || locked.kind !== found.kind) {
    const same = String(locked.shape) === String(found.shape);
    const because = same
      ? 'names, words or header fields differ'
      : `shape [${found.shape.join(', ')}], locked [${locked.shape.join(', ')}]`;
    return free ? { status: 'within', tolerance, because } : { status: 'different', tolerance, because };
  }
  const distance = distanceOf(locked, found);
  const allowed = locked.kind === 'picture' ? Math.max(PICTURE_TOLERANCE, tolerance.relative) : tolerance.relative;
  const faults: string[] = [];
  if (locked.nan !== found.nan) faults.push(`${found.nan} not finite, locked ${locked.nan}`);
  // What appears or vanishes at a threshold counts as flipped, not as a difference of its whole height.
  const judgedByFlips = locked.kind === 'sparse' && distance.flipped > 0;
  if (!judgedByFlips && distance.relative > allowed)
    faults.push(`differs by ${short(distance.relative)}, ${short(allowed)} allowed`);
  const flips = Math.max(tolerance.flipped * Math.max(locked.filled, found.filled), 0);
  if (locked.kind === 'sparse' && distance.flipped > flips)
    faults.push(`${Math.round(distance.flipped)} flipped, ${Math.floor(flips)} allowed`);
  if (faults.length === 0 || free) return { status: 'within', tolerance, distance };
  return { status: 'different', tolerance, distance, because: faults.join('; ') };
}

/** How far apart the contents of two fingerprints of the same form are. */
export function distanceOf(a: Fingerprint, b: Fingerprint): Distance {
  const size = Math.max(1, a.kind === 'sparse' ? a.filled : a.shape.reduce((product, n) => product * n, 1));
  const rms = sketchDistance(a.sketch, b.sketch) / Math.sqrt(size);
  const scale = a.kind === 'mixed' ? 1 : a.sd || Math.abs(a.mean) || 1;
  const flipped = a.support && b.support ? Math.round(sketchDistance(a.support, b.support) ** 2) : 0;
  const both = a.filled + b.filled;
  const spread = 2 * a.sd * b.sd;
  const products = a.sd ** 2 + b.sd ** 2 + (a.mean - b.mean) ** 2 - rms ** 2;
  return {
    relative: rms / scale,
    ...(a.kind === 'array' && spread > 0 ? { correlation: Math.max(-1, Math.min(1, products / spread)) } : {}),
    flipped,
    flippedShare: flipped / Math.max(1, a.filled),
    dice: both === 0 ? 1 : Math.max(0, 1 - flipped / both),
  };
}

/** A number as people read it. */
export function short(value: number): string {
  if (value === 0) return '0';
  return Math.abs(value) >= 0.01 && Math.abs(value) < 1000
    ? String(Number(value.toPrecision(3)))
    : value.toExponential(1);
}
