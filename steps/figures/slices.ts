import { type Grid, ijkOf, mmToVoxel, toMm } from '../../artifacts/grid.js';
import { colorOf, lut } from './colormaps.js';
import { type AnatomicalAxis, type Orientation, orientationOf } from './orientation.js';
import type { Raster } from './raster.js';

export type Plane = 'axial' | 'coronal' | 'sagittal';

/** Across and up a page, and through it: left to right or posterior to anterior across (neurological convention). */
const LAYOUT: Record<Plane, { across: AnatomicalAxis; up: AnatomicalAxis; through: AnatomicalAxis }> = {
  axial: { across: 0, up: 1, through: 2 },
  coronal: { across: 0, up: 2, through: 1 },
  sagittal: { across: 1, up: 2, through: 0 },
};
const axisLetter = ['x', 'y', 'z'] as const;
/** Letters at the left and right edge of a panel. */
export const edgeLetters = { axial: ['L', 'R'], coronal: ['L', 'R'], sagittal: ['P', 'A'] } as const;

/** Values on a grid, in file order (x fastest). NaN where there is none. */
export interface Volume {
  readonly grid: Grid;
  readonly data: Float32Array | Float64Array;
}

/** Parallel slices of a grid, as they lie on the page. Slices are voxel planes: statistics are never interpolated. */
export interface SliceView {
  readonly plane: Plane;
  readonly grid: Grid;
  readonly orientation: Orientation;
  /** `x`, `y` or `z`: the coordinate that tells the slices apart. */
  readonly letter: 'x' | 'y' | 'z';
  /** Number of slices, from the most left, posterior or inferior one. */
  readonly slices: number;
  /** Voxels across and down a panel (the crop). */
  readonly columns: number;
  readonly rows: number;
  /** Size of a panel, mm. */
  readonly widthMm: number;
  readonly heightMm: number;
  /** Voxel index [i, j, k] at a slice, column from the left, row from the top. Fractions are allowed. */
  voxel(slice: number, column: number, row: number): [number, number, number];
}

/** `mask` (file offsets): panels are cropped to its box and a margin of two voxels. Without it they show the whole grid. */
export function sliceView(grid: Grid, plane: Plane, mask?: ArrayLike<number>): SliceView {
  const orientation = orientationOf(grid);
  const { across, up, through } = LAYOUT[plane];
  const [a, u, t] = [across, up, through].map((axis) => orientation.voxelAxis[axis]!) as [number, number, number];
  const box = maskBox(grid, mask);
  const columns = box[a]![1] - box[a]![0] + 1;
  const rows = box[u]![1] - box[u]![0] + 1;
  return {
    plane,
    grid,
    orientation,
    letter: axisLetter[through],
    slices: grid.dim[t]!,
    columns,
    rows,
    widthMm: columns * grid.voxelSize[a],
    heightMm: rows * grid.voxelSize[u],
    voxel(slice, column, row) {
      const index: [number, number, number] = [0, 0, 0];
      index[a] = orientation.sign[across] > 0 ? box[a]![0] + column : box[a]![1] - column;
      index[u] = orientation.sign[up] > 0 ? box[u]![1] - row : box[u]![0] + row;
      index[t] = orientation.sign[through] > 0 ? slice : grid.dim[t]! - 1 - slice;
      return index;
    },
  };
}

/** Coordinate of a slice, mm, at the middle of its panel (the same everywhere on it unless the image is oblique). */
export function sliceMm(view: SliceView, slice: number): number {
  const middle = view.voxel(slice, (view.columns - 1) / 2, (view.rows - 1) / 2);
  return toMm(view.grid, middle)[axisLetter.indexOf(view.letter)]!;
}

/** The slice nearest to a coordinate. */
export function sliceNearest(view: SliceView, mm: number): number {
  let best = 0;
  for (let slice = 1; slice < view.slices; slice++) {
    if (Math.abs(sliceMm(view, slice) - mm) < Math.abs(sliceMm(view, best) - mm)) best = slice;
  }
  return best;
}

/**
 * Up to `count` slices where there is something to see, in order. `weights` (by file offset: how much there is to see in
 * a voxel, 0 or NaN for nothing) are summed over each slice; slices are taken at even steps of the cumulative square
 * root of the sums, which favours full slices without piling up on the fullest, and doubles move to a free neighbour.
 * Where no voxel has a weight, the slices are spread evenly.
 */
export function chooseSlices(view: SliceView, weights: ArrayLike<number>, count: number): number[] {
  const sums = new Float64Array(view.slices);
  for (let slice = 0; slice < view.slices; slice++) {
    for (let row = 0; row < view.rows; row++) {
      for (let column = 0; column < view.columns; column++) {
        sums[slice]! += Math.abs(weights[offsetOf(view, slice, column, row)]!) || 0;
      }
    }
  }
  const share = sums.some((s) => s > 0) ? sums.map(Math.sqrt) : sums.fill(1);
  const total = share.reduce((a, b) => a + b, 0);
  const chosen = new Set<number>();
  for (let n = 0; n < Math.min(count, view.slices); n++) {
    const goal = ((n + 0.5) / count) * total;
    let slice = 0;
    for (let sum = share[0]!; sum < goal && slice < view.slices - 1; sum += share[slice]!) slice++;
    const free = nearestFree(slice, chosen, share);
    if (free !== undefined) chosen.add(free);
  }
  return [...chosen].sort((a, b) => a - b);
}

function nearestFree(slice: number, taken: ReadonlySet<number>, share: Float64Array): number | undefined {
  for (let distance = 0; distance < share.length; distance++) {
    for (const candidate of [slice - distance, slice + distance]) {
      if (share[candidate]! > 0 && !taken.has(candidate)) return candidate;
    }
  }
  return undefined;
}

/** How values become colours. */
export interface Coloring {
  readonly colormap: Parameters<typeof lut>[0];
  readonly low: number;
  readonly high: number;
  /** Voxels with |value| below it are transparent; so are 0 and NaN. */
  readonly threshold: number;
}

/** A slice of statistics, one pixel a voxel. */
export function mapRaster(view: SliceView, slice: number, volume: Volume, coloring: Coloring): Raster {
  const table = lut(coloring.colormap);
  return paint(view.columns, view.rows, (column, row) => {
    const value = volume.data[offsetOf(view, slice, column, row)]!;
    if (!(Math.abs(value) >= coloring.threshold) || value === 0) return undefined;
    return colorOf(table, value, coloring.low, coloring.high);
  });
}

/**
 * A slice of the background in grey, under the same panel. A background on a finer grid gets up to four pixels a voxel
 * per direction; a background on another grid is read by trilinear interpolation in mm space.
 */
export function backgroundRaster(
  view: SliceView,
  slice: number,
  background: Volume,
  range: readonly [number, number],
): Raster {
  const own = view.grid;
  const toVoxel = mmToVoxel(background.grid);
  const length = (grid: Grid) => Math.min(...grid.voxelSize);
  const fine = Math.max(1, Math.min(4, Math.round(length(own) / length(background.grid))));
  const table = lut('grey');
  return paint(view.columns * fine, view.rows * fine, (column, row) => {
    const voxel = view.voxel(slice, (column + 0.5) / fine - 0.5, (row + 0.5) / fine - 0.5);
    const value = interpolate(background, toVoxel(toMm(own, voxel)));
    return Number.isNaN(value) ? undefined : colorOf(table, value, range[0], range[1]);
  });
}

/** File offset of a panel's pixel. */
export function offsetOf(view: SliceView, slice: number, column: number, row: number): number {
  const [i, j, k] = view.voxel(slice, column, row);
  return i + view.grid.dim[0] * (j + view.grid.dim[1] * k);
}

/**
 * Values drawn black and white: 0 (or the 2nd percentile, where values are negative), and 1.25 times the 98th
 * percentile of the finite, non-zero values, so that the background stays darker than the maps on it.
 */
export function greyRange(data: ArrayLike<number>): [number, number] {
  const values = Float64Array.from(data as ArrayLike<number>)
    .filter((v) => Number.isFinite(v) && v !== 0)
    .sort();
  if (values.length === 0) return [0, 1];
  const at = (share: number) => values[Math.round(share * (values.length - 1))]!;
  const low = Math.min(0, at(0.02));
  const high = low + 1.25 * (at(0.98) - low);
  return high > low ? [low, high] : [low, low + 1];
}

function paint(
  width: number,
  height: number,
  color: (column: number, row: number) => readonly number[] | undefined,
): Raster {
  const data = new Uint8Array(width * height * 4);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const rgb = color(column, row);
      if (rgb) data.set([rgb[0]!, rgb[1]!, rgb[2]!, 255], 4 * (row * width + column));
    }
  }
  return { width, height, data };
}

/** Trilinear; NaN neighbours and those outside do not count; NaN where the nearest voxel is missing. */
function interpolate({ grid, data }: Volume, voxel: readonly number[]): number {
  const [nx, ny, nz] = grid.dim;
  const at = (i: number, j: number, k: number) =>
    i < 0 || j < 0 || k < 0 || i >= nx || j >= ny || k >= nz ? Number.NaN : data[i + nx * (j + ny * k)]!;
  const near = voxel.map((v) => Math.round(v)) as [number, number, number];
  if (Number.isNaN(at(...near))) return Number.NaN;
  const low = voxel.map((v) => Math.floor(v + 1e-6));
  let [sum, weights] = [0, 0];
  for (let corner = 0; corner < 8; corner++) {
    const index = low.map((v, axis) => v + ((corner >> axis) & 1)) as [number, number, number];
    const weight = index.reduce((w, v, axis) => w * Math.max(0, 1 - Math.abs(voxel[axis]! - v)), 1);
    const value = weight > 0 ? at(...index) : Number.NaN;
    if (Number.isNaN(value)) continue;
    sum += weight * value;
    weights += weight;
  }
  return sum / weights;
}

/** First and last voxel by voxel axis. */
function maskBox(grid: Grid, mask: ArrayLike<number> | undefined): [number, number][] {
  const whole = grid.dim.map((n): [number, number] => [0, n - 1]);
  if (!mask || mask.length === 0) return whole;
  const box = grid.dim.map((n): [number, number] => [n, -1]);
  for (let m = 0; m < mask.length; m++) {
    const index = ijkOf(grid, mask[m]!);
    for (const axis of [0, 1, 2]) {
      box[axis] = [Math.min(box[axis]![0], index[axis]!), Math.max(box[axis]![1], index[axis]!)];
    }
  }
  return box.map(([first, last], axis) => [Math.max(0, first - 2), Math.min(grid.dim[axis]! - 1, last + 2)]);
}
