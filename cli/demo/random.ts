/** A stream of random numbers that is the same on every machine for the same seed. */
export interface Random {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Uniform in [low, high). */
  between(low: number, high: number): number;
  /** Standard normal. */
  normal(): number;
  pick<T>(list: readonly T[]): T;
}

/**
 * Random numbers for a named part of the demo. Every part (film, subject, noise) has its own name and so its own
 * stream: drawing one more number in one part changes no other.
 *
 * Generator: sfc32 (Doty-Humphrey's Small Fast Counting generator, 128 bits of state, passes PractRand);
 * normal numbers by Marsaglia's polar method.
 */
export function seededRandom(name: string): Random {
  const next = sfc32(...hash128(name));
  // The method makes two numbers at a time; the second waits here (a typed array: no allocation per number).
  const spare = new Float64Array(1);
  let waiting = false;
  const normal = () => {
    if (waiting) {
      waiting = false;
      return spare[0]!;
    }
    let a: number;
    let b: number;
    let square: number;
    do {
      a = 2 * next() - 1;
      b = 2 * next() - 1;
      square = a * a + b * b;
    } while (square >= 1 || square === 0);
    const scale = Math.sqrt((-2 * Math.log(square)) / square);
    spare[0] = b * scale;
    waiting = true;
    return a * scale;
  };
  return {
    uniform: next,
    between: (low, high) => low + (high - low) * next(),
    normal,
    pick: (list) => list[Math.floor(next() * list.length)]!,
  };
}

function sfc32(a: number, b: number, c: number, d: number): () => number {
  const next = () => {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 4294967296;
  };
  // The first outputs still show the seed; the author of sfc discards about this many.
  for (let i = 0; i < 15; i++) next();
  return next;
}

/** Four 32-bit FNV-1a hashes of the text with different starts: enough to tell the demo's dozen streams apart. */
function hash128(text: string): [number, number, number, number] {
  const hash = (start: number) => {
    let value = start;
    for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 16777619);
    return value | 0;
  };
  return [hash(0x811c9dc5), hash(0x9e3779b9), hash(0x85ebca6b), hash(0xc2b2ae35)];
}
