import { Xoshiro128 } from './xoshiro.js';

/** Orders of subjects for a test of groups or of a covariate. */
export interface Shuffles {
  /** `[shuffle, subject]` whose place in the design a subject's data take. Row 0 is the identity. */
  readonly order: Int32Array;
  readonly count: number;
  /** Whether these are all that differ. */
  readonly exact: boolean;
}

/**
 * All orders that make a difference when they are no more than `count`, else `count` different ones drawn with `seed`.
 * `kinds` [subject]: subjects of the same kind have the same row in the design, so it does not matter whose place of a kind
 * is taken.
 */
export function shuffles(kinds: ArrayLike<number>, count: number, seed: number): Shuffles {
  const subjects = kinds.length;
  const all = arrangements(kinds);
  const wanted = Math.min(count, all);
  const order = new Int32Array(wanted * subjects);
  const drawn = new Set<string>();
  let made = 0;
  const keep = (places: ArrayLike<number>) => {
    const key = Array.from(places, (place) => kinds[place]!).join();
    if (drawn.has(key)) return;
    drawn.add(key);
    order.set(Array.from(places), made * subjects);
    made += 1;
  };
  const places = Int32Array.from({ length: subjects }, (_, s) => s);
  keep(places);
  if (all <= count) {
    for (const next of everyOrder(kinds)) keep(next);
    return { order, count: made, exact: true };
  }
  const random = new Xoshiro128(seed);
  while (made < wanted) {
    // Fisher-Yates; a draw from 2^32 for at most some hundred subjects is even to 1e-7.
    for (let s = subjects - 1; s > 0; s--) {
      const other = random.next() % (s + 1);
      [places[s], places[other]] = [places[other]!, places[s]!];
    }
    keep(places);
  }
  return { order, count: made, exact: false };
}

/** n! over the product of the factorials of how often each kind occurs; Infinity beyond doubles. */
function arrangements(kinds: ArrayLike<number>): number {
  const seen = new Map<number, number>();
  let result = 1;
  for (let s = 0; s < kinds.length; s++) {
    const often = (seen.get(kinds[s]!) ?? 0) + 1;
    seen.set(kinds[s]!, often);
    result *= (s + 1) / often;
  }
  return Math.round(result);
}

/** Every order that makes a difference, by the next greater sequence of kinds, places of a kind in their own order. */
function* everyOrder(kinds: ArrayLike<number>): Generator<Int32Array> {
  const places = Array.from({ length: kinds.length }, (_, s) => s);
  places.sort((a, b) => kinds[a]! - kinds[b]! || a - b);
  for (;;) {
    yield Int32Array.from(places);
    let at = places.length - 2;
    while (at >= 0 && kinds[places[at]!]! >= kinds[places[at + 1]!]!) at -= 1;
    if (at < 0) return;
    let next = places.length - 1;
    while (kinds[places[next]!]! <= kinds[places[at]!]!) next -= 1;
    [places[at], places[next]] = [places[next]!, places[at]!];
    for (let [a, b] = [at + 1, places.length - 1]; a < b; a++, b--) [places[a], places[b]] = [places[b]!, places[a]!];
  }
}
