/*
 * Large arrays that every worker reads are put into shared memory once, instead of being copied with every task. Native
 * code cannot work on shared memory, so a task copies what it hands on.
 */

/** A copy that all threads see. */
export function toShared(values: Float64Array): Float64Array {
  const shared = new Float64Array(new SharedArrayBuffer(values.byteLength));
  shared.set(values);
  return shared;
}

/** The same numbers in memory of this thread: a copy if they are shared, else the array itself. */
export function unshared(values: Float64Array): Float64Array {
  return values.buffer instanceof ArrayBuffer ? values : Float64Array.from(values);
}
