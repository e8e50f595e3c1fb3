import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Connectivity, labelClusters, makeLattice } from '../../numerics/clusters.js';
import { makeTfceScratch, tfce } from '../../numerics/tfce.js';

const every = (count: number) => Int32Array.from({ length: count }, (_, n) => n);
const usual = { extentPower: 0.5, heightPower: 2 };

type Dim = [number, number, number];

/** The definition: at every height that occurs the clusters are labelled anew, and each stands for the heights below it. */
function byDefinition(
  dim: Dim,
  values: Float64Array,
  connectivity: Connectivity,
  { extentPower, heightPower } = usual,
) {
  const lattice = makeLattice(dim, every(values.length), connectivity);
  const out = new Float64Array(values.length);
  const heights = [...new Set(Array.from(values, Math.abs))].filter((height) => height > 0).sort((a, b) => a - b);
  heights.forEach((height, n) => {
    const below = n === 0 ? 0 : heights[n - 1]!;
    const slice = (height ** (heightPower + 1) - below ** (heightPower + 1)) / (heightPower + 1);
    const { voxel, label, clusters } = labelClusters(values, lattice, {
      threshold: height,
      sides: 'two',
      minExtent: 1,
    });
    const sizes = new Map(clusters.map((cluster) => [cluster.label, cluster.size]));
    voxel.forEach((v, entry) => {
      out[v]! += Math.sign(values[v]!) * sizes.get(label[entry]!)! ** extentPower * slice;
    });
  });
  return out;
}

/** The sum over steps of a fixed width that FSL and others compute. */
function bySteps(dim: Dim, values: Float64Array, connectivity: Connectivity, step: number) {
  const lattice = makeLattice(dim, every(values.length), connectivity);
  const out = new Float64Array(values.length);
  for (let n = 0; (n + 0.5) * step < Math.max(...values); n++) {
    const threshold = (n + 0.5) * step;
    const { voxel, label, clusters } = labelClusters(values, lattice, { threshold, sides: 'one', minExtent: 1 });
    voxel.forEach((v, entry) => {
      out[v]! += Math.sqrt(clusters[label[entry]! - 1]!.size) * threshold ** 2 * step;
    });
  }
  return out;
}

describe('tfce', () => {
  it('of a single voxel is the integral of x^2, and of a flat cluster sqrt(extent) times that', () => {
    const line = makeLattice([6, 1, 1], every(6), 6);
    const out = tfce(Float64Array.of(3, 0, 2, 2, 2, 2), line, usual, 'one', new Float64Array(6));
    const flat = (2 * 8) / 3;
    expect([...out]).toEqual([9, 0, flat, flat, flat, flat].map((value) => expect.closeTo(value, 12)));
  });

  it('counts what a peak stands on with the extent of its foot', () => {
    // Up to height 1 a cluster of three, above it the middle voxel alone.
    const line = makeLattice([3, 1, 1], every(3), 6);
    const out = tfce(Float64Array.of(1, 4, 1), line, usual, 'one', new Float64Array(3));
    const foot = Math.sqrt(3) / 3;
    expect([...out]).toEqual([foot, foot + 63 / 3, foot].map((value) => expect.closeTo(value, 12)));
  });

  it('equals the definition on any map, whatever the powers, ties and signs', () => {
    const box = fc.record({
      dim: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 4 })),
      connectivity: fc.constantFrom<Connectivity>(6, 18, 26),
      extentPower: fc.constantFrom(0.5, 1, 0.3),
      heightPower: fc.constantFrom(2, 1, 1.5),
      // Whole numbers make ties; neighbours in double precision are equal in single precision.
      values: fc.array(
        fc.oneof(
          fc.integer({ min: -4, max: 4 }),
          fc.double({ min: -5, max: 5, noNaN: true }),
          fc.constantFrom(2 + 2 ** -51, 2 + 2 ** -50),
        ),
        { minLength: 100, maxLength: 100 },
      ),
    });
    fc.assert(
      fc.property(box, ({ dim, connectivity, extentPower, heightPower, values: pool }) => {
        const values = Float64Array.from(pool.slice(0, dim[0] * dim[1] * dim[2]));
        const lattice = makeLattice(dim, every(values.length), connectivity);
        const out = tfce(values, lattice, { extentPower, heightPower }, 'two', new Float64Array(values.length));
        const due = byDefinition(dim, values, connectivity, { extentPower, heightPower });
        out.forEach((value, v) => {
          expect(Math.abs(value - due[v]!)).toBeLessThanOrEqual(1e-11 * (1 + Math.abs(due[v]!)));
        });
      }),
      { numRuns: 200 },
    );
  });

  it('is what a sum over ever smaller steps comes to', () => {
    const dim: Dim = [8, 7, 5];
    const values = Float64Array.from({ length: 280 }, (_, n) => 3 * Math.sin(n * 0.7) * Math.cos(n * 0.13));
    const lattice = makeLattice(dim, every(280), 26);
    const out = tfce(values, lattice, usual, 'one', new Float64Array(280));
    const apart = (step: number) => {
      const steps = bySteps(dim, values, 26, step);
      return Math.max(...out.map((value, v) => Math.abs(value - steps[v]!))) / Math.max(...out);
    };
    expect(apart(0.1)).toBeLessThan(0.05);
    expect(apart(0.001)).toBeLessThan(0.0005);
  });

  it('leaves nothing behind in the memory that it is lent', () => {
    const lattice = makeLattice([4, 4, 1], every(16), 18);
    const scratch = makeTfceScratch(lattice);
    const map = (seed: number) => Float64Array.from({ length: 16 }, (_, n) => Math.sin(seed + n * n));
    tfce(map(1), lattice, usual, 'two', new Float64Array(16), scratch);
    const again = tfce(map(2), lattice, usual, 'two', new Float64Array(16), scratch);
    expect(again).toEqual(tfce(map(2), lattice, usual, 'two', new Float64Array(16)));
  });

  it('gives 0 to NaN, to 0, and one-sided to what is negative', () => {
    const line = makeLattice([4, 1, 1], every(4), 6);
    const out = tfce(Float64Array.of(Number.NaN, 0, -2, 1), line, usual, 'one', new Float64Array(4));
    expect([...out]).toEqual([0, 0, 0, expect.closeTo(1 / 3, 12)]);
  });
});
