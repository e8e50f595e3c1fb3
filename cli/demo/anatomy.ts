import { type Grid, makeGrid, mmOf, voxelCount } from '../../artifacts/grid.js';
import { seededRandom } from './random.js';

/** An ellipsoid in MNI-like millimetres (x to the right, y to the front, z up). */
interface Ellipsoid {
  readonly centre: readonly [number, number, number];
  readonly radii: readonly [number, number, number];
}

export interface Region {
  /** Value of its voxels in the atlas. */
  readonly index: number;
  readonly name: string;
  readonly parts: readonly Ellipsoid[];
}

const cerebrum: Ellipsoid = { centre: [0, -17, 17], radii: [67, 86, 60] };
const cerebellum: Ellipsoid = { centre: [0, -62, -34], radii: [46, 32, 22] };
const ventricles: readonly Ellipsoid[] = bothSides([13, -12, 20], [7, 24, 9]);

/** The atlas: blobs at about the places of the regions they are named after. Nothing anatomical is claimed. */
export const regions: readonly Region[] = [
  ['Visual cortex', bothSides([9, -84, 6], [12, 15, 15])],
  ['Posterior cingulate', bothSides([6, -46, 30], [9, 14, 14])],
  ['Fusiform gyrus', bothSides([36, -54, -14], [11, 19, 10])],
  ['Lateral occipital cortex', bothSides([42, -68, 12], [12, 13, 16])],
  ['Supramarginal gyrus', bothSides([53, -32, 36], [11, 15, 13])],
  ['Superior temporal gyrus', bothSides([54, -14, 2], [10, 19, 9])],
  ['Precentral gyrus', bothSides([38, -10, 52], [13, 11, 13])],
  ['Medial prefrontal cortex', bothSides([7, 50, 16], [9, 14, 17])],
].map(([name, parts], i) => ({ index: i + 1, name: name as string, parts: parts as readonly Ellipsoid[] }));

function bothSides(centre: readonly [number, number, number], radii: readonly [number, number, number]): Ellipsoid[] {
  return [
    { centre, radii },
    { centre: [-centre[0], centre[1], centre[2]], radii },
  ];
}

/** A grid in MNI-like space with cubic voxels of `size` mm that holds the whole brain and a margin of air. */
export function demoGrid(size: number): Grid {
  const low = [-78, -114, -66];
  const high = [78, 80, 88];
  const dim = low.map((from, axis) => Math.ceil((high[axis]! - from) / size)) as [number, number, number];
  const origin = low.map((from, axis) => (from + high[axis]! - (dim[axis]! - 1) * size) / 2);
  const affine = [size, 0, 0, origin[0]!, 0, size, 0, origin[1]!, 0, 0, size, origin[2]!, 0, 0, 0, 1];
  return makeGrid(dim, affine, 4);
}

/** Head of one subject on the grid, [z, y, x] in file order. */
export interface Head {
  /** 1 inside the brain. */
  readonly mask: Uint8Array;
  /** Mean signal: grey matter about 1000, white matter darker, fluid brighter, air 0. */
  readonly mean: Float32Array;
  /** 1 grey matter, 2 white matter, 3 fluid, 0 air. */
  readonly tissue: Uint8Array;
}

/** Draws a head; `name` seeds the small differences of size and folding between subjects. */
export function drawHead(grid: Grid, name: string): Head {
  const random = seededRandom(`${name}/head`);
  const stretch = [0, 1, 2].map(() => random.between(0.98, 1.02));
  const folds = Array.from({ length: 5 }, () => {
    const wave = [0, 1, 2].map(() => random.between(-0.25, 0.25));
    return [...wave, random.between(0, 2 * Math.PI)] as const;
  });
  const count = voxelCount(grid);
  const head = { mask: new Uint8Array(count), mean: new Float32Array(count), tissue: new Uint8Array(count) };
  for (let offset = 0; offset < count; offset++) {
    const [x, y, z] = mmOf(grid, offset);
    const at = [x / stretch[0]!, y / stretch[1]!, z / stretch[2]!] as const;
    const depth = Math.min(radius(cerebrum, ...at), radius(cerebellum, ...at));
    if (depth > 1) continue;
    const fold = folds.reduce((sum, [fx, fy, fz, phase]) => sum + Math.sin(fx! * x + fy! * y + fz! * z + phase!), 0);
    const fluid = ventricles.some((part) => radius(part, ...at) < 1);
    const tissue = fluid ? 3 : depth > 0.78 + 0.03 * fold ? 1 : 2;
    head.mask[offset] = 1;
    head.tissue[offset] = tissue;
    head.mean[offset] = [0, 1000, 780, 1250][tissue]! + 40 * fold;
  }
  return head;
}

/** Region of every voxel: its index in the atlas, 0 outside all regions. */
export function drawAtlas(grid: Grid): Uint8Array {
  const atlas = new Uint8Array(voxelCount(grid));
  for (let offset = 0; offset < atlas.length; offset++) {
    const [x, y, z] = mmOf(grid, offset);
    const region = regions.find(({ parts }) => parts.some((part) => radius(part, x, y, z) < 1));
    if (region && Math.min(radius(cerebrum, x, y, z), radius(cerebellum, x, y, z)) < 0.97) atlas[offset] = region.index;
  }
  return atlas;
}

/** 0 in the centre of the ellipsoid, 1 on its surface. */
function radius({ centre, radii }: Ellipsoid, x: number, y: number, z: number): number {
  return Math.hypot((x - centre[0]) / radii[0], (y - centre[1]) / radii[1], (z - centre[2]) / radii[2]);
}
