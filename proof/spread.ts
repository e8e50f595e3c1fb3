import type { Fingerprint } from './fingerprint.js';
import { DEFAULT_TOLERANCE, distanceOf, type Tolerance } from './judge.js';
import type { Lock, LockedContent, LockedValue } from './lock-file.js';

/** How far the contents of results came from the locked ones, at most, by result and content. */
export type Spreads = Map<string, Map<string, Tolerance>>;

/** Takes in what another computation gave. */
export function widen(spreads: Spreads, lock: Lock, results: Readonly<Record<string, LockedValue>>): void {
  for (const [id, { contents }] of Object.entries(lock.results)) {
    const own = spreads.get(id) ?? new Map<string, Tolerance>();
    spreads.set(id, own);
    for (const [name, locked] of Object.entries(contents)) {
      if (locked.kind === 'follows') continue;
      const [known, now] = [own.get(name), spreadOf(locked, results[id]?.contents[name])];
      own.set(name, {
        relative: Math.max(known?.relative ?? 0, now.relative),
        flipped: Math.max(known?.flipped ?? 0, now.flipped),
        ...(known?.words || now.words ? { words: 'free' } : {}),
      });
    }
  }
}

/** From one computation. Where shapes, words or what is finite change, nothing else can be said. */
function spreadOf(locked: Fingerprint, found: Fingerprint | undefined): Tolerance {
  if (!found || found.form !== locked.form || found.kind !== locked.kind || found.nan !== locked.nan)
    return { relative: 0, flipped: 0, words: 'free' };
  if (found.digest === locked.digest) return { relative: 0, flipped: 0 };
  const { relative, flippedShare } = distanceOf(locked, found);
  return { relative: locked.kind === 'sparse' && flippedShare > 0 ? 0 : relative, flipped: flippedShare };
}

/**
 * The tolerance that a spread asks for: the spread itself, to two digits and upwards, but never less than the default, since
 * noise on the inputs is not all that moves last digits. undefined where the default does.
 */
export function toleranceOfSpread({ relative, flipped, words }: Tolerance): Tolerance | undefined {
  if (!words && relative <= DEFAULT_TOLERANCE.relative && flipped <= DEFAULT_TOLERANCE.flipped) return undefined;
  return {
    relative: Math.max(DEFAULT_TOLERANCE.relative, upwards(relative)),
    flipped: Math.max(DEFAULT_TOLERANCE.flipped, Math.min(1, upwards(flipped))),
    ...(words ? { words } : {}),
  };
}

/** A lock with the tolerances that were learned. */
export function withSpreads(lock: Lock, spreads: Spreads, learned: NonNullable<Lock['learned']>): Lock {
  const results = Object.entries(lock.results).map(([id, value]): [string, LockedValue] => {
    const contents = Object.entries(value.contents).map(([name, content]): [string, LockedContent] => {
      const spread = spreads.get(id)?.get(name);
      const tolerance = spread && toleranceOfSpread(spread);
      return [name, { ...content, ...(tolerance ? { tolerance } : {}) }];
    });
    return [id, { ...value, contents: Object.fromEntries(contents) }];
  });
  const { inputs, results: _, ...head } = lock;
  return { ...head, learned, inputs, results: Object.fromEntries(results) };
}

/** 1.23e-4 becomes 1.3e-4. */
function upwards(value: number): number {
  if (value <= 0) return 0;
  const unit = 10 ** (Math.floor(Math.log10(value)) - 1);
  return Number((Math.ceil(value / unit) * unit).toPrecision(2));
}
