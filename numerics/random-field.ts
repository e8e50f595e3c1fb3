import { normalTail, tTail } from './distributions.js';
import { logGamma } from './gamma-functions.js';

/*
 * Familywise p by the theory of Gaussian random fields, with the formulas of SPM12 (spm_P_RF, spm_ECdensity): the expected
 * Euler characteristic of the part of a smooth map above a height (Worsley et al. 1996, Human Brain Mapping 4:58-73), and the
 * distribution of the sizes of clusters (Friston et al. 1994, Human Brain Mapping 1:210-220).
 */

/** A field of t with `df` degrees of freedom; of the normal distribution without. */
export interface Field {
  readonly df?: number;
}

/** Resel counts of dimension 0 to 3 (see `reselCounts`). */
export type Resels = readonly [number, number, number, number];

/** Euler characteristic densities of dimension 0 to 3 at `height`, per resel. That of dimension 0 is the tail of one voxel. */
export function eulerDensities(height: number, { df }: Field): [number, number, number, number] {
  const root = Math.sqrt(4 * Math.log(2));
  const [plane, space] = [root ** 2 / (2 * Math.PI) ** 1.5, root ** 3 / (2 * Math.PI) ** 2];
  if (df === undefined) {
    const fall = Math.exp((-height * height) / 2);
    return [normalTail(height), (root / (2 * Math.PI)) * fall, plane * fall * height, space * fall * (height ** 2 - 1)];
  }
  const fall = (1 + (height * height) / df) ** ((1 - df) / 2);
  const ratio = Math.exp(logGamma((df + 1) / 2) - logGamma(df / 2)) / Math.sqrt(df / 2);
  return [
    tTail(height, df),
    (root / (2 * Math.PI)) * fall,
    plane * fall * height * ratio,
    space * fall * (((df - 1) * height ** 2) / df - 1),
  ];
}

/** What of a search volume is expected above a height by chance. */
export interface ChanceClusters {
  /** Expected number of clusters. */
  readonly number: number;
  /** Expected size of one, in resels. */
  readonly size: number;
  /** Dimensions of the search volume. */
  readonly dimensions: number;
}

export function chanceClusters(height: number, resels: Resels, field: Field): ChanceClusters {
  const dimensions = resels.findLastIndex((count) => count > 0);
  // A density may be 0 or negative at low heights, where the theory does not hold.
  const densities = eulerDensities(height, field).map((density) => Math.max(density, Number.EPSILON));
  let number = 0;
  for (let d = 0; d <= dimensions; d++) number += resels[d]! * densities[d]!;
  return { number, size: densities[0]! / densities[dimensions]!, dimensions };
}

/** P that some voxel of the search volume is at least so high. */
export function peakP(height: number, resels: Resels, field: Field): number {
  return -Math.expm1(-chanceClusters(height, resels, field).number);
}

/** P that a cluster above the height that `chance` is of has at least `size` resels; 1 in a volume without extent. */
export function clusterSizeP(size: number, { size: expected, dimensions }: ChanceClusters): number {
  if (size <= 0 || dimensions === 0) return 1;
  const beta = (Math.exp(logGamma(dimensions / 2 + 1)) / expected) ** (2 / dimensions);
  return Math.exp(-beta * size ** (2 / dimensions));
}

/** P that the search volume has a cluster of at least `size` resels: Poisson clumping. */
export function clusterP(size: number, chance: ChanceClusters): number {
  return -Math.expm1(-(chance.number + Number.EPSILON) * clusterSizeP(size, chance));
}

/** The least number of voxels of a cluster with a `clusterP` of at most `p`. */
export function criticalExtent(p: number, chance: ChanceClusters, reselsPerVoxel: number): number {
  let [low, high] = [0, 1];
  const passes = (voxels: number) => clusterP(voxels * reselsPerVoxel, chance) <= p;
  while (!passes(high) && high < 2 ** 40) high *= 2;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (passes(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/**
 * Familywise p of a voxel: the smaller of random field theory's and Bonferroni's over `voxels`, as SPM takes it.
 */
export function voxelP(height: number, resels: Resels, voxels: number, field: Field): number {
  const tail = eulerDensities(height, field)[0];
  return Math.min(1, peakP(height, resels, field), tail * voxels);
}

/** The height with a `voxelP` of `p` (below 0.5). */
export function voxelHeight(p: number, resels: Resels, voxels: number, field: Field): number {
  // Above 1 all densities fall, so p does.
  let [low, high] = [1, 2];
  while (voxelP(high, resels, voxels, field) > p && high < 1e9) high *= 2;
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    if (voxelP(middle, resels, voxels, field) > p) low = middle;
    else high = middle;
  }
  return high;
}

/**
 * Resel counts of a mask: Euler characteristic, and length, area and volume in units of the smoothness, from the numbers of
 * voxels, edges, faces and cubes (Worsley et al. 1996, equation 3). `voxels` are offsets in file order, `fwhm` is in voxels.
 */
export function reselCounts(
  [nx, ny, nz]: readonly [number, number, number],
  voxels: Int32Array,
  fwhm: readonly [number, number, number],
): [number, number, number, number] {
  const inside = new Uint8Array(nx * ny * nz);
  for (const offset of voxels) inside[offset] = 1;
  let [edgeX, edgeY, edgeZ, faceXY, faceXZ, faceYZ, cubes] = [0, 0, 0, 0, 0, 0, 0];
  for (const offset of voxels) {
    const x = offset % nx;
    const y = Math.floor(offset / nx) % ny;
    const z = Math.floor(offset / (nx * ny));
    const at = (dx: number, dy: number, dz: number) =>
      x + dx < nx && y + dy < ny && z + dz < nz ? inside[offset + dx + nx * (dy + ny * dz)]! : 0;
    const [right, back, up] = [at(1, 0, 0), at(0, 1, 0), at(0, 0, 1)];
    edgeX += right;
    edgeY += back;
    edgeZ += up;
    const xy = right & back & at(1, 1, 0);
    const xz = right & up & at(1, 0, 1);
    const yz = back & up & at(0, 1, 1);
    faceXY += xy;
    faceXZ += xz;
    faceYZ += yz;
    cubes += xy & xz & yz & at(1, 1, 1);
  }
  const [rx, ry, rz] = [1 / fwhm[0], 1 / fwhm[1], 1 / fwhm[2]];
  return [
    voxels.length - (edgeX + edgeY + edgeZ) + (faceXY + faceXZ + faceYZ) - cubes,
    (edgeX - faceXY - faceXZ + cubes) * rx +
      (edgeY - faceXY - faceYZ + cubes) * ry +
      (edgeZ - faceXZ - faceYZ + cubes) * rz,
    (faceXY - cubes) * rx * ry + (faceXZ - cubes) * rx * rz + (faceYZ - cubes) * ry * rz,
    cubes * rx * ry * rz,
  ];
}
