import type { Lattice } from './clusters.js';

export interface TfceRule {
  /** E: power of the cluster's extent (voxels). */
  readonly extentPower: number;
  /** H: power of the height. */
  readonly heightPower: number;
}

/** Memory that one thread keeps between maps. */
export interface TfceScratch {
  /** `[place]` number + 1 of the voxel that is in play at a place of the padded volume, 0 for none. */
  readonly slot: Int32Array;
  readonly order: Int32Array;
  readonly other: Int32Array;
  readonly keys: Uint32Array;
  readonly otherKeys: Uint32Array;
  readonly heights: Float64Array;
  readonly parent: Int32Array;
  readonly size: Int32Array;
  readonly from: Float64Array;
  readonly sum: Float64Array;
}

export function makeTfceScratch(lattice: Lattice): TfceScratch {
  const count = lattice.voxels.length;
  return {
    slot: new Int32Array(lattice.paddedSize),
    order: new Int32Array(count),
    other: new Int32Array(count),
    keys: new Uint32Array(count),
    otherKeys: new Uint32Array(count),
    heights: new Float64Array(count),
    parent: new Int32Array(count),
    size: new Int32Array(count),
    from: new Float64Array(count),
    sum: new Float64Array(count),
  };
}

/**
 * Threshold-free cluster enhancement (Smith & Nichols 2009, NeuroImage 44:83-98) of a map `values` [voxel]: for every voxel
 * of height h the integral over thresholds x from 0 to h of `extent(x)^E x^H dx`, with the extent of the cluster that holds
 * the voxel at threshold x. Negative values (only with `sides: two`) are enhanced apart and stay negative. NaN and what does
 * not count give 0. Writes to `out` [voxel].
 *
 * Between neighbouring heights of the map the extent is constant, so the integral is a sum of exact terms; there is no step
 * width. Voxels join from the highest down; a cluster keeps what all its voxels have gained since they joined, as an
 * offset to be added on the way from voxel to root, so each voxel costs a few unions, not a pass per threshold.
 */
export function tfce(
  values: Float32Array | Float64Array,
  lattice: Lattice,
  rule: TfceRule,
  sides: 'one' | 'two',
  out: Float64Array,
  scratch: TfceScratch = makeTfceScratch(lattice),
): Float64Array {
  out.fill(0);
  enhance(values, 1, lattice, rule, out, scratch);
  if (sides === 'two') enhance(values, -1, lattice, rule, out, scratch);
  return out;
}

function enhance(
  values: Float32Array | Float64Array,
  sign: 1 | -1,
  { place, backward }: Lattice,
  { extentPower, heightPower }: TfceRule,
  out: Float64Array,
  scratch: TfceScratch,
): void {
  const { slot, heights, parent, size, from, sum } = scratch;
  const count = byFallingHeight(values, sign, scratch);
  const order = scratch.order;
  const power = heightPower + 1;
  const root = (start: number) => {
    let n = start;
    while (parent[n] !== n) {
      const up = parent[n]!;
      const above = parent[up]!;
      if (above !== up) {
        sum[n]! += sum[up]!;
        parent[n] = above;
      }
      n = up;
    }
    return n;
  };
  // `from` of a root: the height^(H + 1) down to which its sum is complete.
  const settle = (n: number, level: number) => {
    if (from[n] === level) return;
    sum[n]! += size[n]! ** extentPower * (from[n]! - level);
    from[n] = level;
  };
  const join = (a: number, b: number, level: number) => {
    const [rootA, rootB] = [root(a), root(b)];
    if (rootA === rootB) return;
    settle(rootA, level);
    settle(rootB, level);
    const [kept, lost] = size[rootA]! >= size[rootB]! ? [rootA, rootB] : [rootB, rootA];
    parent[lost] = kept;
    sum[lost]! -= sum[kept]!;
    size[kept]! += size[lost]!;
  };
  for (let n = 0; n < count; n++) {
    const level = heights[n]! ** power;
    parent[n] = n;
    size[n] = 1;
    from[n] = level;
    sum[n] = 0;
    const at = place[order[n]!]!;
    slot[at] = n + 1;
    for (let b = 0; b < backward.length; b++) {
      const before = slot[at + backward[b]!]!;
      if (before !== 0) join(n, before - 1, level);
      const after = slot[at - backward[b]!]!;
      if (after !== 0) join(n, after - 1, level);
    }
  }
  for (let n = 0; n < count; n++) if (parent[n] === n) settle(n, 0);
  for (let n = 0; n < count; n++) {
    root(n); // Shortens the way.
    let total = sum[n]!;
    for (let m = n; parent[m] !== m; ) {
      m = parent[m]!;
      total += sum[m]!;
    }
    out[order[n]!] = (sign * total) / power;
    slot[place[order[n]!]!] = 0;
  }
}

/**
 * Lists the voxels of one sign (`order`, `heights`) by falling height, of equal heights by place; returns their number. A
 * radix sort by the height in single precision, then an insertion sort that settles what single precision cannot tell apart.
 */
function byFallingHeight(values: Float32Array | Float64Array, sign: 1 | -1, scratch: TfceScratch): number {
  const { heights, keys, otherKeys, order, other } = scratch;
  const single = new Float32Array(1);
  const bits = new Uint32Array(single.buffer);
  let count = 0;
  for (let v = 0; v < values.length; v++) {
    const height = sign * values[v]!;
    if (!(height > 0)) continue;
    single[0] = height;
    // Positive floats are ordered as their bits are; inverted, the highest come first.
    keys[count] = ~bits[0]!;
    order[count++] = v;
  }
  let [fromKeys, toKeys, fromOrder, toOrder] = [keys, otherKeys, order, other];
  const starts = new Int32Array(2049);
  for (const shift of [0, 11, 22]) {
    starts.fill(0);
    for (let i = 0; i < count; i++) starts[((fromKeys[i]! >>> shift) & 2047) + 1]!++;
    for (let d = 0; d < 2048; d++) starts[d + 1]! += starts[d]!;
    for (let i = 0; i < count; i++) {
      const to = starts[(fromKeys[i]! >>> shift) & 2047]!++;
      toKeys[to] = fromKeys[i]!;
      toOrder[to] = fromOrder[i]!;
    }
    [fromKeys, toKeys, fromOrder, toOrder] = [toKeys, fromKeys, toOrder, fromOrder];
  }
  // Three passes end in the second pair of arrays.
  order.set(fromOrder.subarray(0, count));
  for (let i = 0; i < count; i++) {
    const voxel = order[i]!;
    const height = sign * values[voxel]!;
    let at = i;
    while (at > 0 && heights[at - 1]! < height) {
      heights[at] = heights[at - 1]!;
      order[at] = order[at - 1]!;
      at -= 1;
    }
    heights[at] = height;
    order[at] = voxel;
  }
  return count;
}
