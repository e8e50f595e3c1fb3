import path from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { readMask } from '../../artifacts/mask.js';
import { readNpy } from '../../artifacts/npy.js';
import { readTable } from '../../artifacts/table.js';
import { type ClusterRule, type Connectivity, labelClusters, makeLattice } from '../../numerics/clusters.js';
import { describeShared, shared } from '../support/shared.js';

const every = (count: number) => Int32Array.from({ length: count }, (_, n) => n);
const rule = (more: Partial<ClusterRule> = {}): ClusterRule => ({ threshold: 1, sides: 'one', minExtent: 1, ...more });

/** Clusters of a full box given as values in file order. */
function inBox(dim: [number, number, number], values: number[], connectivity: Connectivity, more = {}) {
  return labelClusters(Float64Array.from(values), makeLattice(dim, every(values.length), connectivity), rule(more));
}

describe('clusters', () => {
  it('joins across a face with 6, across an edge from 18 on, across a corner only with 26', () => {
    const cases = {
      face: [1, 1, 0, 0, 0, 0, 0, 0],
      edge: [1, 0, 0, 1, 0, 0, 0, 0],
      corner: [1, 0, 0, 0, 0, 0, 0, 1],
    };
    const count = (values: number[]) =>
      ([6, 18, 26] as const).map((connectivity) => inBox([2, 2, 2], values, connectivity).clusters.length);
    expect(count(cases.face)).toEqual([1, 1, 1]);
    expect(count(cases.edge)).toEqual([2, 1, 1]);
    expect(count(cases.corner)).toEqual([2, 2, 1]);
  });

  it('does not join the end of one row, slice or volume with the start of the next', () => {
    expect(inBox([3, 2, 1], [0, 0, 1, 1, 0, 0], 26).clusters).toHaveLength(2);
    expect(inBox([2, 3, 2], [0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0], 6).clusters).toHaveLength(2);
  });

  it('labels positive and negative voxels apart, each sign numbered by falling size', () => {
    const { label, voxel, clusters } = inBox([9, 1, 1], [1, -1, -2, 0, 5, 1, 3, -1, 0], 6, { sides: 'two' });
    expect([...voxel]).toEqual([0, 1, 2, 4, 5, 6, 7]);
    expect([...label]).toEqual([2, -1, -1, 1, 1, 1, -2]);
    expect(clusters.map(({ label, size, peak, peakValue }) => [label, size, peak, peakValue])).toEqual([
      [1, 3, 4, 5],
      [-1, 2, 2, -2],
      [2, 1, 0, 1],
      [-2, 1, 7, -1],
    ]);
  });

  it('lets a value equal to the threshold pass, and NaN never', () => {
    const values = [1, Number.NaN, 1, 0.999, Number.NaN];
    expect([...inBox([5, 1, 1], values, 26, { sides: 'two' }).voxel]).toEqual([0, 2]);
  });

  it('breaks ties of the peak by place and ties of size by the peak', () => {
    const { clusters } = inBox([7, 1, 1], [2, 2, 0, 3, 1, 0, 9], 6);
    expect(clusters.map(({ size, peak }) => [size, peak])).toEqual([
      [2, 3],
      [2, 0],
      [1, 6],
    ]);
  });

  it('leaves out clusters below the extent and numbers the others without a gap', () => {
    const { clusters, voxel, label } = inBox([7, 1, 1], [2, 0, 3, 1, 0, 1, 1], 6, { minExtent: 2 });
    expect(clusters.map(({ label }) => label)).toEqual([1, 2]);
    expect([...voxel]).toEqual([2, 3, 5, 6]);
    expect([...label]).toEqual([1, 1, 2, 2]);
  });

  it('gives the centre of mass weighted by the statistic', () => {
    const [cluster] = inBox([4, 1, 2], [1, 3, 0, 0, 0, 0, 0, 0], 6).clusters;
    expect(cluster!.centre).toEqual([0.75, 0, 0]);
  });

  it('takes only the voxels of the mask as neighbours', () => {
    const lattice = makeLattice([3, 1, 1], Int32Array.of(0, 2), 26);
    expect(labelClusters(Float64Array.of(1, 1), lattice, rule()).clusters).toHaveLength(2);
  });

  it('finds clusters of the same sizes when an axis is flipped, all voxels that pass among them', () => {
    const box = fc.record({
      nx: fc.integer({ min: 1, max: 5 }),
      ny: fc.integer({ min: 1, max: 5 }),
      nz: fc.integer({ min: 1, max: 4 }),
      connectivity: fc.constantFrom<Connectivity>(6, 18, 26),
      axis: fc.integer({ min: 0, max: 2 }),
      values: fc.array(fc.constantFrom(-2, 0, 1, 3), { minLength: 100, maxLength: 100 }),
    });
    fc.assert(
      fc.property(box, ({ nx, ny, nz, connectivity, axis, values: pool }) => {
        const values = pool.slice(0, nx * ny * nz);
        const flipped = values.map((_, n) => {
          const at = [n % nx, Math.floor(n / nx) % ny, Math.floor(n / (nx * ny))];
          at[axis] = [nx, ny, nz][axis]! - 1 - at[axis]!;
          return values[at[0]! + nx * (at[1]! + ny * at[2]!)]!;
        });
        const sizes = (input: number[]) =>
          inBox([nx, ny, nz], input, connectivity, { sides: 'two' }).clusters.map(({ label, size }) => [
            Math.sign(label),
            size,
          ]);
        expect(sizes(flipped).sort()).toEqual(sizes(values).sort());
        expect(sizes(values).reduce((sum, [, size]) => sum + size!, 0)).toBe(values.filter((v) => v !== 0).length);
      }),
    );
  });
});

describeShared('clusters against scipy.ndimage.label on a volume', () => {
  const folder = path.join(shared, 'reference', 'arrays', 'volume');
  const dim: [number, number, number] = [40, 48, 38];
  let mask: Int32Array;
  let t: Float64Array;
  let expected: string[][];
  // scipy.stats.t.isf of p and of p / 2, df 13.
  const thresholds = [
    { p: '0.001', sides: 'one', threshold: 3.8519823911683875 },
    { p: '0.001', sides: 'two', threshold: 4.220831727707121 },
    { p: '0.01', sides: 'one', threshold: 2.6503088379121915 },
    { p: '0.01', sides: 'two', threshold: 3.0122758387165782 },
  ] as const;

  beforeAll(async () => {
    mask = (await readMask(path.join(folder, 'mask.nii.gz'))).voxels;
    const volume = (await readNpy(path.join(folder, 't_volume.npy'))).data;
    t = Float64Array.from(mask, (offset) => volume[cOrder(offset)]!);
    expected = (await readTable(path.join(folder, 'clusters.tsv'))).rows;
  });

  function ijk(offset: number): [number, number, number] {
    return [offset % dim[0], Math.floor(offset / dim[0]) % dim[1], Math.floor(offset / (dim[0] * dim[1]))];
  }

  /** The references hold volumes with x slowest. */
  function cOrder(offset: number): number {
    const [x, y, z] = ijk(offset);
    return (x * dim[1] + y) * dim[2] + z;
  }

  it.each([6, 18, 26] as const)('gives the same partition with connectivity %i', async (connectivity) => {
    const { threshold } = thresholds[0];
    const { voxel, label } = labelClusters(t, makeLattice(dim, mask, connectivity), rule({ threshold }));
    const reference = (await readNpy(path.join(folder, `labels_onesided_p001_conn${connectivity}.npy`))).data;
    const inReference = new Set([...reference].filter((value) => value > 0));
    const pairs = new Set(Array.from(voxel, (v, n) => `${label[n]} ${reference[cOrder(mask[v]!)]}`));
    expect(voxel.length).toBe([...reference].filter((value) => value > 0).length);
    // One-to-one: as many pairs as there are labels on either side.
    expect(pairs.size).toBe(new Set(label).size);
    expect(pairs.size).toBe(inReference.size);
  });

  const tables = thresholds.flatMap((height) =>
    ([6, 18, 26] as const).map((connectivity) => ({ ...height, connectivity })),
  );
  it.each(tables)('gives the table for p $p, $sides-sided, connectivity $connectivity', (height) => {
    const { p, sides, connectivity, threshold } = height;
    const rows = expected
      .filter((row) => row[0] === p && row[1] === (sides === 'two' ? 'True' : 'False') && row[2] === `${connectivity}`)
      .map((row) => [3, 4, 5, 6, 7, 11].map((column) => Number(row[column])));
    const { clusters } = labelClusters(t, makeLattice(dim, mask, connectivity), rule({ threshold, sides }));
    // Exact: counting and comparing, no arithmetic.
    expect(
      clusters.map(({ label, size, peak, peakValue }) => [Math.sign(label), size, ...ijk(mask[peak]!), peakValue]),
    ).toEqual(rows);
    expect(rows.length).toBeGreaterThan(0);
  });
});
