import { createHash } from 'node:crypto';
import { canonicalJson } from '../cache/canonical-json.js';
import { sha256 } from '../cache/digest.js';
import { Sketch } from '../numerics/sketch.js';
import type { Content } from './contents.js';

/** Random projections that a fingerprint keeps: distances are then known to about 25 %. */
const BUCKETS = 8;
/** Significant digits that projections and sums are written with; differences below that are not seen. */
const DIGITS = 10;
/** Numbers of a table below this count as 0. */
const TABLE_FLOOR = 1e-9;

/** A content in about 200 characters, enough to compare within a tolerance. */
export interface Fingerprint {
  /** sha256 of shape, facts, words and the decoded numbers; the first 16 hex digits. */
  readonly digest: string;
  readonly kind: Content['kind'];
  readonly shape: readonly number[];
  /** Digest of shape, facts and words: what must be equal even within a tolerance. */
  readonly form: string;
  /** Elements that are finite and not 0. */
  readonly filled: number;
  /** Elements that are NaN or infinite. */
  readonly nan: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly sd: number;
  /** Of the numbers; of `mixed` contents of asinh(x / 1e-9), whose differences are relative ones. */
  readonly sketch: readonly number[];
  /** Of the array that is 1 where an element is finite and not 0: distance² is the number of flips. Of `sparse` contents. */
  readonly support?: readonly number[];
}

/** Reads a content once and makes its fingerprint. */
export async function fingerprintOf(content: Content, signal?: AbortSignal): Promise<Fingerprint> {
  const form = { shape: content.shape, facts: content.facts, words: sha256(content.words) };
  const hash = createHash('sha256').update(canonicalJson(form));
  const sketch = new Sketch(BUCKETS);
  const support = new Sketch(BUCKETS);
  const mixed = content.kind === 'mixed' || content.kind === 'follows';
  let [count, filled, nan, min, max, sum, squares] = [0, 0, 0, Infinity, -Infinity, 0, 0];
  for await (const { values, indices } of content.blocks()) {
    signal?.throwIfAborted();
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    if (indices) hash.update(new Uint8Array(indices.buffer, indices.byteOffset, indices.byteLength));
    // One kind of array: loops over numbers of several kinds take four times as long.
    const numbers = new Float64Array(values);
    let [partSum, partSquares] = [0, 0];
    for (let i = 0; i < numbers.length; i++) {
      const value = numbers[i]!;
      if (!Number.isFinite(value)) {
        nan += 1;
        numbers[i] = 0;
        continue;
      }
      if (value !== 0) filled += 1;
      if (value < min) min = value;
      if (value > max) max = value;
      partSum += value;
      partSquares += value * value;
    }
    sum += partSum;
    squares += partSquares;
    const seen = mixed ? numbers.map(relative) : numbers;
    if (indices) {
      sketch.addAt(seen, indices);
      support.addAt(
        numbers.map((value) => (value === 0 ? 0 : 1)),
        indices,
      );
    } else sketch.add(seen, count);
    count += values.length;
  }
  const mean = sum / Math.max(1, count - nan);
  return {
    digest: hash.digest('hex').slice(0, 16),
    kind: content.kind,
    shape:
      content.kind === 'mixed' || content.kind === 'follows' || content.kind === 'picture' ? [count] : content.shape,
    form: sha256(canonicalJson(form)).slice(0, 12),
    filled,
    nan,
    min: rounded(count > nan ? min : 0),
    max: rounded(count > nan ? max : 0),
    mean: rounded(mean),
    sd: rounded(Math.sqrt(Math.max(0, squares / Math.max(1, count - nan) - mean * mean))),
    sketch: [...sketch.sums].map(rounded),
    ...(content.kind === 'sparse' ? { support: [...support.sums] } : {}),
  };
}

/** A number whose differences are relative: asinh(x / 1e-9) is ± log(2|x| / 1e-9) for all but the smallest x. */
export function relative(value: number): number {
  return Math.asinh(value / TABLE_FLOOR);
}

/** As a lock file keeps it. */
function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}
