/** Voxels are neighbours when they share a face (6), a face or an edge (18), or a face, an edge or a corner (26). */
export type Connectivity = 6 | 18 | 26;

/** What the labelling needs to know of a mask; made once, used for every map. */
export interface Lattice {
  readonly dim: readonly [number, number, number];
  /** `[voxel]` offsets of the mask's voxels in the file, `x + nx*(y + ny*z)`, increasing. */
  readonly voxels: Int32Array;
  /** `[voxel]` the same places in a volume with one empty layer all round, so that no neighbour is out of bounds. */
  readonly place: Int32Array;
  readonly paddedSize: number;
  /** Steps in the padded volume to the neighbours that come earlier in file order (half of all neighbours). */
  readonly backward: Int32Array;
}

export interface ClusterRule {
  /** Smallest statistic that passes (`value >= threshold`); above 0. */
  readonly threshold: number;
  /** `two` also takes `-value >= threshold`; positive and negative voxels never share a cluster. */
  readonly sides: 'one' | 'two';
  /** Clusters with fewer voxels are left out. 1 keeps all. */
  readonly minExtent: number;
  /** Clusters of less mass are left out. Default: none. */
  readonly minMass?: number;
}

export interface Cluster {
  /** 1, 2, ... for positive clusters, -1, -2, ... for negative ones, each by falling size. */
  readonly label: number;
  readonly size: number;
  /** Sum over the voxels of what their absolute statistic is above the threshold (Bullmore et al. 1999, IEEE TMI 18:32-42). */
  readonly mass: number;
  /** Index of the peak in the mask, and the statistic there (negative in a negative cluster). */
  readonly peak: number;
  readonly peakValue: number;
  /** Mean voxel position (i, j, k), weighted by the absolute statistic (as FSL's COG). NaN where a statistic is infinite. */
  readonly centre: readonly [number, number, number];
}

export interface LabelledMap {
  /** `[passed]` index in the mask of each voxel of a kept cluster, increasing. */
  readonly voxel: Int32Array;
  /** `[passed]` its cluster's label. */
  readonly label: Int32Array;
  /** By falling size, then falling absolute peak, then the peak's place in the file. */
  readonly clusters: readonly Cluster[];
}

/** Memory that one thread keeps between maps. */
export interface Scratch {
  readonly slot: Int32Array;
  readonly list: Int32Array;
  readonly parent: Int32Array;
  readonly sign: Int8Array;
}

export function makeLattice(
  dim: readonly [number, number, number],
  voxels: Int32Array,
  connectivity: Connectivity,
): Lattice {
  const [nx, ny, nz] = dim;
  const rowStep = nx + 2;
  const sliceStep = rowStep * (ny + 2);
  const place = Int32Array.from(voxels, (offset) => {
    const x = offset % nx;
    const y = Math.floor(offset / nx) % ny;
    const z = Math.floor(offset / (nx * ny));
    return x + 1 + rowStep * (y + 1) + sliceStep * (z + 1);
  });
  const axesThatMayDiffer = { 6: 1, 18: 2, 26: 3 }[connectivity];
  const backward: number[] = [];
  for (let dz = -1; dz <= 0; dz++)
    for (let dy = -1; dy <= 1; dy++)
      for (let dx = -1; dx <= 1; dx++) {
        const differing = Math.abs(dx) + Math.abs(dy) + Math.abs(dz);
        const step = dx + rowStep * dy + sliceStep * dz;
        if (step < 0 && differing <= axesThatMayDiffer) backward.push(step);
      }
  return {
    dim: [nx, ny, nz],
    voxels,
    place,
    paddedSize: sliceStep * (nz + 2),
    backward: Int32Array.from(backward),
  };
}

export function makeScratch(lattice: Lattice): Scratch {
  const count = lattice.voxels.length + 1;
  return {
    slot: new Int32Array(lattice.paddedSize),
    list: new Int32Array(count),
    parent: new Int32Array(count),
    sign: new Int8Array(count),
  };
}

/**
 * Connected clusters of one map `values` `[voxel]`. NaN never passes. The work is one pass over the map and a
 * union-find over the voxels that pass, so thousands of sparse maps cost little more than being read.
 */
export function labelClusters(
  values: Float32Array | Float64Array,
  lattice: Lattice,
  rule: ClusterRule,
  scratch: Scratch = makeScratch(lattice),
): LabelledMap {
  const passed = listPassed(values, rule, scratch);
  connect(lattice, scratch, passed);
  const found = measure(values, lattice, rule.threshold, scratch, passed);
  const { minExtent, minMass = 0 } = rule;
  const kept = found.filter(({ size, mass }) => size >= minExtent && mass >= minMass).sort(bySizeThenPeak);
  const labelOf = new Int32Array(passed + 1);
  const counters = { 1: 0, '-1': 0 };
  const clusters = kept.map(({ root, sign, ...cluster }) => {
    counters[sign] += 1;
    const label = sign * counters[sign];
    labelOf[root] = label;
    return { label, ...cluster };
  });

  const total = clusters.reduce((sum, cluster) => sum + cluster.size, 0);
  const voxel = new Int32Array(total);
  const label = new Int32Array(total);
  let next = 0;
  for (let n = 1; n <= passed; n++) {
    const own = labelOf[scratch.parent[n]!]!;
    if (own === 0) continue;
    voxel[next] = scratch.list[n]!;
    label[next] = own;
    next += 1;
  }
  return { voxel, label, clusters };
}

/** Lists the voxels that pass, numbered from 1 in `list`, with their `sign`. */
function listPassed(
  values: Float32Array | Float64Array,
  { threshold, sides }: ClusterRule,
  { list, sign }: Scratch,
): number {
  const two = sides === 'two';
  let passed = 0;
  for (let v = 0; v < values.length; v++) {
    const value = values[v]!;
    const side = value >= threshold ? 1 : two && -value >= threshold ? -1 : 0;
    if (side === 0) continue;
    passed += 1;
    list[passed] = v;
    sign[passed] = side;
  }
  return passed;
}

/**
 * Leaves in `parent` the number of the first voxel of each one's cluster. `list` and `sign` hold the voxels that pass,
 * numbered from 1, in the order of the mask.
 */
export function connect({ place, backward }: Lattice, { slot, list, parent, sign }: Scratch, passed: number): void {
  for (let n = 1; n <= passed; n++) {
    parent[n] = n;
    const at = place[list[n]!]!;
    for (let b = 0; b < backward.length; b++) {
      const other = slot[at + backward[b]!]!;
      if (other !== 0 && sign[other] === sign[n]) join(parent, n, other);
    }
    slot[at] = n;
  }
  for (let n = 1; n <= passed; n++) {
    slot[place[list[n]!]!] = 0;
    // A parent never comes after its child, so it already points at its root.
    parent[n] = parent[parent[n]!]!;
  }
}

function join(parent: Int32Array, a: number, b: number): void {
  const rootA = findRoot(parent, a);
  const rootB = findRoot(parent, b);
  if (rootA < rootB) parent[rootB] = rootA;
  else parent[rootA] = rootB;
}

function findRoot(parent: Int32Array, start: number): number {
  let n = start;
  while (parent[n] !== n) {
    parent[n] = parent[parent[n]!]!;
    n = parent[n]!;
  }
  return n;
}

interface FoundCluster extends Omit<Cluster, 'label'> {
  readonly root: number;
  readonly sign: 1 | -1;
}

function measure(
  values: Float32Array | Float64Array,
  { dim: [nx, ny], voxels }: Lattice,
  threshold: number,
  { list, parent, sign }: Scratch,
  passed: number,
): FoundCluster[] {
  const open = new Map<
    number,
    { size: number; mass: number; peak: number; highest: number; weight: number; sums: number[] }
  >();
  for (let n = 1; n <= passed; n++) {
    const v = list[n]!;
    const height = Math.abs(values[v]!);
    const offset = voxels[v]!;
    let cluster = open.get(parent[n]!);
    if (!cluster) {
      cluster = { size: 0, mass: 0, peak: v, highest: -1, weight: 0, sums: [0, 0, 0] };
      open.set(n, cluster);
    }
    cluster.size += 1;
    cluster.mass += height - threshold;
    if (height > cluster.highest) {
      cluster.highest = height;
      cluster.peak = v;
    }
    cluster.weight += height;
    cluster.sums[0]! += height * (offset % nx);
    cluster.sums[1]! += height * (Math.floor(offset / nx) % ny);
    cluster.sums[2]! += height * Math.floor(offset / (nx * ny));
  }
  return [...open].map(([root, { size, mass, peak, weight, sums }]) => ({
    root,
    sign: sign[root] as 1 | -1,
    size,
    mass,
    peak,
    peakValue: values[peak]!,
    centre: [sums[0]! / weight, sums[1]! / weight, sums[2]! / weight] as const,
  }));
}

function bySizeThenPeak(a: FoundCluster, b: FoundCluster): number {
  return b.size - a.size || Math.abs(b.peakValue) - Math.abs(a.peakValue) || a.peak - b.peak;
}
