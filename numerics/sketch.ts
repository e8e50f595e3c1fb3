/**
 * A vector in a few numbers: every element, with a random sign, is added to one of `buckets` sums (count sketch). Each sum is
 * a random projection, and sums of two vectors differ by the projections of their difference d: the squares of these
 * differences add up to an unbiased estimate of |d|², with a relative standard deviation of about sqrt(2 / buckets). So how far
 * two arrays lie apart can be told from their sketches alone, when one of the arrays is long gone.
 *
 * Signs and buckets depend on the index of the element only, by integer arithmetic: the same everywhere.
 * Source: Charikar, Chen & Farach-Colton (2002), "Finding frequent items in data streams", ICALP; Alon, Matias & Szegedy
 * (1999), J Comput Syst Sci 58:137-147 (the estimate and its variance).
 */
export class Sketch {
  readonly sums: Float64Array;
  readonly #mask: number;

  /** `buckets`: a power of 2. */
  constructor(buckets: number) {
    this.sums = new Float64Array(buckets);
    this.#mask = buckets - 1;
  }

  /** Adds the elements `first`, `first + 1`, … of the vector. All must be finite. */
  add(values: Float64Array, first: number): void {
    // Sums of blocks first: rounding then grows with the number of blocks, not of elements.
    const part = new Float64Array(this.sums.length);
    for (let i = 0; i < values.length; i++) {
      addTo(part, this.#mask, first + i, values[i]!);
    }
    this.#addSums(part);
  }

  /** Adds single elements of the vector, by index. */
  addAt(values: Float64Array, indices: Float64Array): void {
    const part = new Float64Array(this.sums.length);
    for (let i = 0; i < values.length; i++) {
      addTo(part, this.#mask, indices[i]!, values[i]!);
    }
    this.#addSums(part);
  }

  #addSums(part: Float64Array): void {
    for (let bucket = 0; bucket < part.length; bucket++) this.sums[bucket]! += part[bucket]!;
  }
}

function addTo(sums: Float64Array, mask: number, index: number, value: number): void {
  const hash = hashOf(index);
  sums[hash & mask]! += hash < 0 ? -value : value;
}

/** Estimate of the Euclidean distance of the two vectors behind the sketches. */
export function sketchDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(sum);
}

/** 32 mixed bits of an index (the finaliser of MurmurHash3); the sign bit gives the sign, low bits the bucket. */
function hashOf(index: number): number {
  let hash = (index + 1) | 0;
  if (index >= 0x7fffffff)
    hash = ((index % 0x100000000) | 0) ^ Math.imul(Math.floor(index / 0x100000000) + 1, 0x9e3779b9);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
