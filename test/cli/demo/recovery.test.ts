import { describe, expect, it } from 'vitest';
import { makeGrid } from '../../../artifacts/grid.js';
import { compare } from '../../../cli/demo/recovery.js';

describe('the comparison with the truth', () => {
  // Ten voxels of 1 mm in a row: region 1 is voxels 0 to 3, region 2 voxels 8 and 9.
  const grid = makeGrid([10, 1, 1], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], 4);
  const atlas = [1, 1, 1, 1, 0, 0, 0, 0, 2, 2];
  const found = {
    grid,
    // Voxel 0 is outside of the mask.
    mask: Int32Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9]),
    rows: [
      { name: 'a', fitted: true },
      { name: 'b', fitted: true },
      { name: 'c', fitted: false },
    ],
    indptr: Int32Array.from([0, 4, 5, 5]),
    // a: voxels 1, 2, 4 and 6; b: voxel 9
    voxel: Int32Array.from([0, 1, 3, 5, 8]),
  };

  it('counts hits in the region, and false hits farther than the margin from all planted regions', () => {
    const truth = [{ regionName: 'one', region: 1, kernel: 'a' }];
    const recovery = compare(found, atlas, truth, 2);
    // In the mask: voxels 1, 2, 3 of the region; elsewhere (more than 2 mm from voxel 3): voxels 6 to 9.
    expect(recovery.regions).toEqual([
      { regionName: 'one', kernel: 'a', voxels: 3, hits: 2, elsewhere: 4, falseHits: 1 },
    ]);
    // a shows voxel 6 and b voxel 9, of 2 fitted kernels x 4 voxels.
    expect(recovery.nullRate).toBe(2 / 8);
    expect(recovery.kernels).toBe(2);
  });

  it('gives a kernel without a map no hits', () => {
    const recovery = compare(found, atlas, [{ regionName: 'two', region: 2, kernel: 'gone' }], 0);
    expect(recovery.regions[0]).toMatchObject({ voxels: 2, hits: 0, falseHits: 0 });
  });
});
