import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Grid, makeGrid, voxelCount, voxelToVoxel } from '../../artifacts/grid.js';
import { type Interpolation, resampleVolume } from '../../numerics/resample.js';

function resampled(data: ArrayLike<number>, from: Grid, to: Grid, interpolation: Interpolation): Float64Array {
  const toSource = voxelToVoxel(to, from);
  return resampleVolume({ data: Float64Array.from(data), dim: from.dim, target: to.dim, toSource, interpolation });
}

describe('resampling of an oblique image to an oblique grid', () => {
  const source = makeGrid([7, 6, 5], [-3, 0, 0, 9.13, 0, 3, 0.3, -6.07, 0, -0.2, 4, 2, 0, 0, 0, 1], 1);
  const target = makeGrid([8, 7, 6], [2.2, 0.1, 0, -9.21, 0, 2.6, 0, -7, 0.3, 0, 3.1, 0.11, 0, 0, 0, 1], 1);
  const data = Float64Array.from({ length: 210 }, (_, i) => ((i * 37) % 101) - 20);

  // numpy 2.4, scipy 1.17: map_coordinates(data, inv(source) @ target @ voxels, order, mode='nearest'), and 0 where a place
  // is beyond half a voxel of the outermost centres (313 of 336 are within). The order of sums differs.
  test.each([
    {
      interpolation: 'nearest' as const,
      sum: 9512,
      moment: 1533327,
      norm: 745.7841510785812,
      part: [0, 64, 65, 28, -9, -9, -7, 57, 57, 20, 21, -16],
    },
    {
      interpolation: 'linear' as const,
      sum: 9329.896497003832,
      moment: 1519528.5335674547,
      norm: 580.6973524387329,
      part: [
        33.165198347125646, 48.26330446789452, 44.80075420428718, 42.21166984902282, 28.000591166885314,
        17.79745472270124, 19.68949555960751, 33.44855132518723, 29.940035505905144, 15.2227107990543,
        33.69460069635241, 15.062438909928003,
      ],
    },
  ])('$interpolation equals scipy', ({ interpolation, sum, moment, norm, part }) => {
    const found = resampled(data, source, target, interpolation);
    const near = (value: number, due: number) => expect(Math.abs(value - due) / Math.abs(due)).toBeLessThan(1e-12);
    near(
      found.reduce((total, value) => total + value, 0),
      sum,
    );
    near(
      found.reduce((total, value, i) => total + value * i, 0),
      moment,
    );
    near(Math.hypot(...found), norm);
    part.forEach((due, i) => {
      expect(Math.abs(found[150 + i]! - due)).toBeLessThan(1e-12);
    });
  });
});

describe('resampling', () => {
  const dims = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }));
  const size = fc.tuple(...([0, 1, 2] as const).map(() => fc.double({ min: 0.5, max: 4, noNaN: true })));
  const gridOf = ([nx, ny, nz]: number[], [a, b, c]: number[], origin: number[], flip = false) =>
    makeGrid(
      [nx!, ny!, nz!],
      [flip ? -a! : a!, 0, 0, origin[0]!, 0, b!, 0, origin[1]!, 0, 0, c!, origin[2]!, 0, 0, 0, 1],
      1,
    );
  const drawn = (count: number) => Float64Array.from({ length: count }, (_, i) => ((i * 7919) % 997) / 10);

  test('to the same grid changes nothing, however its header is rounded', () => {
    fc.assert(
      fc.property(dims, size, fc.boolean(), (dim, voxel, flip) => {
        const grid = gridOf(dim, voxel as number[], [-3.7, 10, 0.1], flip);
        const rounded = makeGrid(grid.dim, grid.affine.map(Math.fround), 1);
        const data = drawn(voxelCount(grid));
        for (const interpolation of ['nearest', 'linear'] as const) {
          expect(resampled(data, grid, rounded, interpolation)).toEqual(data);
        }
      }),
    );
  });

  test('linear gives a linear image exactly, between its voxels', () => {
    const place = fc.tuple(...([0, 1, 2] as const).map(() => fc.double({ min: 0, max: 1, noNaN: true })));
    fc.assert(
      fc.property(dims, size, place, (dim, voxel, share) => {
        const grid = gridOf(dim, voxel as number[], [1, 2, 3]);
        const [nx, ny] = dim;
        const data = Float64Array.from(
          { length: voxelCount(grid) },
          (_, i) => 2 * (i % nx) - 3 * (Math.floor(i / nx) % ny) + 5 * Math.floor(i / (nx * ny)) + 7,
        );
        const at = dim.map((length, axis) => share[axis]! * (length - 1));
        const origin = at.map((value, axis) => grid.affine[4 * axis + 3]! + value * (voxel as number[])[axis]!);
        const [found] = resampled(data, grid, gridOf([1, 1, 1], [1, 1, 1], origin), 'linear');
        expect(found).toBeCloseTo(2 * at[0]! - 3 * at[1]! + 5 * at[2]! + 7, 3);
      }),
    );
  });

  test('nearest invents no values, and keeps all of them on a finer grid', () => {
    fc.assert(
      fc.property(dims, size, (dim, voxel) => {
        const source = gridOf(dim, voxel as number[], [0, 0, 0]);
        const fine = gridOf(
          dim.map((length) => 2 * length),
          (voxel as number[]).map((length) => length / 2),
          (voxel as number[]).map((length) => -length / 4),
        );
        const data = drawn(voxelCount(source));
        expect(new Set(resampled(data, source, fine, 'nearest'))).toEqual(new Set(data));
      }),
    );
  });

  test('is 0 outside, reaches half a voxel beyond the outermost centres, and NaN only where it has a weight', () => {
    const line = (values: number[], step: number, origin: number) =>
      gridOf([values.length, 1, 1], [step, 3, 3], [origin, 0, 0]);
    const values = [10, 20, Number.NaN];
    const source = line(values, 2, 0);
    const wanted = line(Array(9).fill(0), 0.75, -1.5);
    // Places -0.75, -0.375, 0, 0.375, 0.75, 1.125, 1.5, 1.875, 2.25 in voxels.
    expect([...resampled(values, source, wanted, 'linear')]).toEqual([0, 10, 10, 13.75, 17.5, NaN, NaN, NaN, NaN]);
    expect([...resampled(values, source, wanted, 'nearest')]).toEqual([0, 10, 10, 10, 20, 20, NaN, NaN, NaN]);
  });
});
