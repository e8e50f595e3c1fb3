import { type Grid, mmOf } from '../../artifacts/grid.js';

/** Which voxels passed the threshold, for each kernel: rows of voxel positions in the mask (CSR). */
export interface Found {
  readonly grid: Grid;
  /** File offsets of the mask's voxels. */
  readonly mask: Int32Array;
  /** Name of the kernel of each row, and whether it was fitted. */
  readonly rows: readonly { readonly name: string; readonly fitted: boolean }[];
  readonly indptr: Int32Array;
  /** Position in `mask`. */
  readonly voxel: Int32Array;
}

/** What was planted: by region of the atlas. */
export interface Truth {
  readonly regionName: string;
  readonly region: number;
  readonly kernel: string;
}

export interface RegionRecovery {
  readonly regionName: string;
  readonly kernel: string;
  /** Voxels of the region inside the mask, and those of them that the planted kernel's map shows. */
  readonly voxels: number;
  readonly hits: number;
  /** Voxels far from every planted region, and those of them that the planted kernel's map shows all the same. */
  readonly elsewhere: number;
  readonly falseHits: number;
}

export interface Recovery {
  readonly regions: readonly RegionRecovery[];
  /** Over all fitted kernels, planted or not: share of the voxels far from planted regions that passed. */
  readonly nullRate: number;
  /** Kernels and voxels behind `nullRate`. */
  readonly kernels: number;
  readonly elsewhere: number;
}

/**
 * Compares thresholded group maps with the truth. A voxel counts as elsewhere when its centre is more than `margin`
 * mm from every planted region, since smoothing carries a response over the border of its region.
 * @param atlas region of every voxel of the grid, file order
 */
export function compare(found: Found, atlas: ArrayLike<number>, truth: readonly Truth[], margin: number): Recovery {
  const far = farFrom(found, atlas, new Set(truth.map(({ region }) => region)), margin);
  const elsewhere = far.reduce((sum, one) => sum + one, 0);
  const shown = (row: number) => found.voxel.subarray(found.indptr[row]!, found.indptr[row + 1]!);
  const regions = truth.map(({ regionName, region, kernel }): RegionRecovery => {
    const row = found.rows.findIndex(({ name }) => name === kernel);
    const map = row < 0 ? new Int32Array(0) : shown(row);
    return {
      regionName,
      kernel,
      voxels: found.mask.reduce((sum, offset) => sum + (atlas[offset] === region ? 1 : 0), 0),
      hits: map.reduce((sum, v) => sum + (atlas[found.mask[v]!] === region ? 1 : 0), 0),
      elsewhere,
      falseHits: map.reduce((sum, v) => sum + far[v]!, 0),
    };
  });
  let kernels = 0;
  let passed = 0;
  for (const [row, { fitted }] of found.rows.entries()) {
    if (!fitted) continue;
    kernels += 1;
    passed += shown(row).reduce((sum, v) => sum + far[v]!, 0);
  }
  return { regions, nullRate: passed / Math.max(1, kernels * elsewhere), kernels, elsewhere };
}

/** 1 for the voxels of the mask that are more than `margin` mm from all of the regions. */
function farFrom({ grid, mask }: Found, atlas: ArrayLike<number>, regions: Set<number>, margin: number): Uint8Array {
  const places = Array.from({ length: atlas.length }, (_, offset) => offset)
    .filter((offset) => regions.has(atlas[offset]!))
    .map((offset) => mmOf(grid, offset));
  return Uint8Array.from(mask, (offset) => {
    const [x, y, z] = mmOf(grid, offset);
    return places.some((p) => Math.hypot(p[0] - x, p[1] - y, p[2] - z) <= margin) ? 0 : 1;
  });
}
