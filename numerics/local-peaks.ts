import type { LabelledMap, Lattice, Scratch } from './clusters.js';

export interface PeakRule {
  /** Most peaks of a cluster. */
  readonly most: number;
  /** Least distance between two of them, in mm. */
  readonly distance: number;
}

/** A local maximum of the absolute statistic in a cluster. */
export interface LocalPeak {
  readonly label: number;
  /** 1 for the highest of its cluster, 2, 3, ... */
  readonly order: number;
  /** Index in the mask. */
  readonly voxel: number;
}

/**
 * The peaks of every cluster of a map: voxels that none of their neighbours exceeds (of equal neighbours the first in the file),
 * from the highest down, each as far from those before as `distance` asks. `affine` is 4 x 4, row-major, from voxel index to mm.
 */
export function localPeaks(
  values: Float32Array | Float64Array,
  labelled: LabelledMap,
  lattice: Lattice,
  { slot }: Pick<Scratch, 'slot'>,
  affine: readonly number[],
  { most, distance }: PeakRule,
): LocalPeak[] {
  if (most === 1) return labelled.clusters.map(({ label, peak }) => ({ label, order: 1, voxel: peak }));
  const found = localMaxima(values, labelled, lattice, slot);
  return labelled.clusters.flatMap(({ label }) => {
    const candidates = found.get(label)!;
    // A stable sort: of equals the first in the file stays first.
    candidates.sort((a, b) => Math.abs(values[b]!) - Math.abs(values[a]!));
    const kept: { voxel: number; mm: number[] }[] = [];
    for (const voxel of candidates) {
      if (kept.length === most) break;
      const mm = toMm(lattice, voxel, affine);
      if (kept.every((other) => Math.hypot(...mm.map((x, axis) => x - other.mm[axis]!)) >= distance)) {
        kept.push({ voxel, mm });
      }
    }
    return kept.map(({ voxel }, n) => ({ label, order: n + 1, voxel }));
  });
}

/** By label, in the order of the file. */
function localMaxima(
  values: Float32Array | Float64Array,
  { voxel, label }: LabelledMap,
  { place, backward }: Lattice,
  slot: Int32Array,
): Map<number, number[]> {
  for (let n = 0; n < voxel.length; n++) slot[place[voxel[n]!]!] = n + 1;
  const found = new Map<number, number[]>();
  for (let n = 0; n < voxel.length; n++) {
    const at = place[voxel[n]!]!;
    const height = Math.abs(values[voxel[n]!]!);
    let exceeded = false;
    for (let b = 0; b < backward.length && !exceeded; b++) {
      const before = slot[at + backward[b]!]!;
      const after = slot[at - backward[b]!]!;
      // Neighbours of one sign are in one cluster.
      exceeded =
        (before !== 0 && label[before - 1] === label[n] && Math.abs(values[voxel[before - 1]!]!) >= height) ||
        (after !== 0 && label[after - 1] === label[n] && Math.abs(values[voxel[after - 1]!]!) > height);
    }
    if (exceeded) continue;
    const others = found.get(label[n]!);
    if (others) others.push(voxel[n]!);
    else found.set(label[n]!, [voxel[n]!]);
  }
  for (let n = 0; n < voxel.length; n++) slot[place[voxel[n]!]!] = 0;
  return found;
}

function toMm({ dim: [nx, ny], voxels }: Lattice, voxel: number, a: readonly number[]): number[] {
  const offset = voxels[voxel]!;
  const [x, y, z] = [offset % nx, Math.floor(offset / nx) % ny, Math.floor(offset / (nx * ny))];
  return [0, 4, 8].map((row) => a[row]! * x + a[row + 1]! * y + a[row + 2]! * z + a[row + 3]!);
}
