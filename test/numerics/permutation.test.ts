import path from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { readMask } from '../../artifacts/mask.js';
import { readImage } from '../../artifacts/nifti-data.js';
import { readNpy } from '../../artifacts/npy.js';
import { type Connectivity, labelClusters, makeLattice } from '../../numerics/clusters.js';
import { maxStatisticP, sortedNull } from '../../numerics/max-statistic.js';
import { correlationOfT, countFrom } from '../../numerics/permutation.js';
import {
  oneSampleModel,
  type PermutationModel,
  type Rearrangements,
  rearrangedRows,
  toNullResiduals,
} from '../../numerics/permutation-model.js';
import { run } from '../../numerics/permutation-task.js';
import { tfce } from '../../numerics/tfce.js';
import { describeShared, shared } from '../support/shared.js';

const arrays = path.join(shared, 'reference', 'arrays', 'volume');

/** t [voxel] of the plain one-sample test of `effects` [voxel, subject]. */
function plainT(effects: Float64Array, subjects: number): Float64Array {
  return Float64Array.from({ length: effects.length / subjects }, (_, v) => {
    const row = effects.subarray(v * subjects, (v + 1) * subjects);
    const mean = row.reduce((sum, value) => sum + value, 0) / subjects;
    const squares = row.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return mean / Math.sqrt(squares / (subjects - 1) / subjects);
  });
}

describeShared('permutations against the reference’s sign flips of 14 subjects', () => {
  const dim: [number, number, number] = [40, 48, 38];
  const subjects = 14;
  /** scipy.stats.t.isf(0.001, 13) */
  const clusterHeight = 3.8519823911683875;
  let voxels: Int32Array;
  let effects: Float64Array;
  let t: Float64Array;
  let signs: Int8Array;

  beforeAll(async () => {
    voxels = (await readMask(path.join(arrays, 'mask.nii.gz'))).voxels;
    const { data } = await readImage(path.join(arrays, 'subject_maps.nii.gz'));
    const volume = dim[0] * dim[1] * dim[2];
    effects = new Float64Array(voxels.length * subjects);
    voxels.forEach((offset, v) => {
      for (let s = 0; s < subjects; s++) effects[v * subjects + s] = data[s * volume + offset]!;
    });
    t = plainT(effects, subjects);
    signs = Int8Array.from((await readNpy(path.join(arrays, 'permutation_signs.npy'))).data);
  });

  const reference = async (name: string) => (await readNpy(path.join(arrays, `permutation_${name}.npy`))).data;

  async function permuted(sides: 'one' | 'two', connectivity: Connectivity) {
    const model = oneSampleModel(subjects);
    const u = t.map((value) => correlationOfT(value, 13));
    return run({
      data: toNullResiduals(effects.slice(), model, t),
      subjects,
      weights: rearrangedRows(model, { kind: 'signs', signs }, 0, 500),
      permutations: 500,
      nuisance: 0,
      beyond: countFrom(u, sides),
      rule: { sides, df: 13, clusterHeight },
      dim,
      voxels,
      connectivity,
    });
  }

  it('finds the same largest t, of either side and of both', async () => {
    for (const [sides, name] of [
      ['one', 'max_t'],
      ['two', 'max_abs_t'],
    ] as const) {
      const found = (await permuted(sides, 18)).t;
      const due = await reference(name);
      // Both are exact but for the rounding of a sum over 14 subjects.
      found.forEach((value, at) => {
        expect(Math.abs(value - due[at]!)).toBeLessThan(1e-11 * due[at]!);
      });
    }
  });

  it.each([6, 18, 26] as const)('finds the same largest clusters with connectivity %i', async (connectivity) => {
    const { extent } = await permuted('one', connectivity);
    expect([...extent]).toEqual([...(await reference(`max_cluster_size_conn${connectivity}`))]);
  });

  it('gives the same corrected p at every voxel', async () => {
    const order = [...voxels.keys()].sort((a, b) => cOrder(voxels[a]!) - cOrder(voxels[b]!));
    for (const sides of ['one', 'two'] as const) {
      const sorted = sortedNull((await permuted(sides, 18)).t);
      const due = await reference(`p_fwe_${sides}sided`);
      const found = order.map((v) => maxStatisticP(sorted, sides === 'two' ? Math.abs(t[v]!) : t[v]!));
      // Shares of 500, written by the reference as 1 - k / 500.
      expect(Math.max(...found.map((p, at) => Math.abs(p - due[at]!)))).toBeLessThan(1e-15);
    }
  });

  /** The references hold voxels with x slowest. */
  function cOrder(offset: number): number {
    const [x, y, z] = [offset % 40, Math.floor(offset / 40) % 48, Math.floor(offset / (40 * 48))];
    return (x * 48 + y) * 38 + z;
  }
});

/** t of the last column of a design by the textbook: normal equations, solved by Gauss and Jordan. */
function separateT(y: Float64Array, columns: readonly Float64Array[]): number {
  const p = columns.length;
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  const table = columns.map((a, r) => [
    ...columns.map((b) => dot(a, b)),
    ...columns.map((_, c) => (c === r ? 1 : 0)),
    dot(a, y),
  ]);
  for (let pivot = 0; pivot < p; pivot++) {
    const scale = table[pivot]![pivot]!;
    for (let c = 0; c <= 2 * p; c++) table[pivot]![c]! /= scale;
    for (let r = 0; r < p; r++) {
      if (r === pivot) continue;
      const factor = table[r]![pivot]!;
      for (let c = 0; c <= 2 * p; c++) table[r]![c]! -= factor * table[pivot]![c]!;
    }
  }
  const beta = table.map((row) => row[2 * p]!);
  let squares = 0;
  for (let i = 0; i < y.length; i++) {
    squares += (y[i]! - columns.reduce((sum, column, c) => sum + beta[c]! * column[i]!, 0)) ** 2;
  }
  return beta[p - 1]! / Math.sqrt((squares / (y.length - p)) * table[p - 1]![2 * p - 1]!);
}

/** Orthonormal rows that span the columns one after the other (Gram and Schmidt, twice). */
function orthonormal(columns: readonly Float64Array[]): Float64Array[] {
  const rows: Float64Array[] = [];
  for (const column of columns) {
    const row = Float64Array.from(column);
    for (let pass = 0; pass < 2; pass++) {
      for (const other of rows) {
        const product = row.reduce((sum, value, i) => sum + value * other[i]!, 0);
        row.forEach((_, i) => {
          row[i]! -= product * other[i]!;
        });
      }
    }
    const length = Math.hypot(...row);
    rows.push(row.map((value) => value / length));
  }
  return rows;
}

describe('permutations', () => {
  const numbers = (length: number) =>
    fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: length, maxLength: length });

  it('of a design with nuisance equal fits of the permuted residuals, one by one', async () => {
    const subjects = 9;
    const random = (seed: number, length: number) =>
      Float64Array.from({ length }, (_, i) => Math.sin(seed * 12.9898 + i * 78.233) * 2 + Math.cos(seed + i * i));
    const constant = new Float64Array(subjects).fill(1);
    const [age, group] = [random(1, subjects), Float64Array.of(1, 1, 1, 1, 0, 0, 0, 0, 0)];
    const rows = orthonormal([constant, age, group]);
    const model: PermutationModel = {
      subjects,
      effect: rows[2]!,
      nuisance: Float64Array.of(...rows[0]!, ...rows[1]!),
      df: 6,
    };
    const voxels = 4;
    const effects = random(2, voxels * subjects);
    const order = Int32Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 3, 5, 0, 1, 2, 7, 6, 4);
    const signs = Int8Array.of(1, 1, 1, 1, 1, 1, 1, 1, 1, -1, 1, 1, -1, 1, -1, -1, 1, 1);
    const ways: Rearrangements[] = [
      { kind: 'order', order },
      { kind: 'signs', signs },
    ];
    for (const rearranged of ways) {
      // One voxel at a time, so that the largest t is that voxel's.
      for (let v = 0; v < voxels; v++) {
        const y = effects.slice(v * subjects, (v + 1) * subjects);
        const observed = Float64Array.of(separateT(y, [constant, age, group]));
        const { t } = await run({
          data: toNullResiduals(y.slice(), model, observed),
          subjects,
          weights: rearrangedRows(model, rearranged, 0, 2),
          permutations: 2,
          nuisance: 2,
          beyond: countFrom(observed, 'one'),
          rule: { sides: 'two', df: 6 },
          dim: [1, 1, 1],
          voxels: Int32Array.of(0),
          connectivity: 6,
        });
        const residuals = y.map(
          (value, s) =>
            value -
            [rows[0]!, rows[1]!].reduce((sum, row) => sum + row[s]! * row.reduce((p, w, i) => p + w * y[i]!, 0), 0),
        );
        const again = new Float64Array(subjects);
        residuals.forEach((value, s) => {
          if (rearranged.kind === 'signs') again[s] = value * signs[subjects + s]!;
          else again[order[subjects + s]!] = value;
        });
        expect(t[0]).toBeCloseTo(Math.abs(observed[0]!), 9);
        expect(t[1]).toBeCloseTo(Math.abs(separateT(again, [constant, age, group])), 9);
      }
    }
  });

  it('find the clusters, masses and enhancement that the map of every flip has, and count per voxel', async () => {
    const dim: [number, number, number] = [4, 3, 2];
    const [voxels, subjects, flips] = [24, 5, 6];
    const signsOf = fc.array(fc.constantFrom(1, -1), { minLength: flips * subjects, maxLength: flips * subjects });
    const sidesOf = fc.constantFrom<'one' | 'two'>('one', 'two');
    await fc.assert(
      fc.asyncProperty(numbers(voxels * subjects), signsOf, sidesOf, async (values, flipped, sides) => {
        const effects = Float64Array.from(values, (value, i) => value + Math.sin(i));
        const signs = Int8Array.from(flipped).fill(1, 0, subjects);
        const [model, lattice] = [oneSampleModel(subjects), makeLattice(dim, every(voxels), 18)];
        const observed = plainT(effects, subjects);
        const found = await run({
          data: toNullResiduals(effects.slice(), model, observed),
          subjects,
          weights: rearrangedRows(model, { kind: 'signs', signs }, 0, flips),
          permutations: flips,
          nuisance: 0,
          beyond: countFrom(
            observed.map((t) => correlationOfT(t, 4)),
            sides,
          ),
          rule: { sides, df: 4, clusterHeight: 1.2, tfce: { extentPower: 0.5, heightPower: 2 } },
          dim,
          voxels: lattice.voxels,
          connectivity: 18,
        });
        const counts = new Int32Array(voxels);
        for (let flip = 0; flip < flips; flip++) {
          const flippedEffects = effects.map((value, i) => value * signs[flip * subjects + (i % subjects)]!);
          const t = plainT(flippedEffects, subjects);
          const size = (value: number) => (sides === 'two' ? Math.abs(value) : value);
          const { clusters } = labelClusters(t, lattice, { threshold: 1.2, sides, minExtent: 1 });
          const enhanced = tfce(t, lattice, { extentPower: 0.5, heightPower: 2 }, sides, new Float64Array(voxels));
          const near = (value: number) => expect.closeTo(value, 8 - Math.ceil(Math.log10(1 + value)));
          expect(found.t[flip]).toEqual(near(Math.max(...t.map(size))));
          expect(found.extent[flip]).toBe(Math.max(0, ...clusters.map((cluster) => cluster.size)));
          expect(found.mass[flip]).toEqual(near(Math.max(0, ...clusters.map((cluster) => cluster.mass))));
          expect(found.tfce[flip]).toEqual(near(Math.max(...enhanced.map(Math.abs))));
          t.forEach((value, v) => {
            if (size(value) >= size(observed[v]!) - 1e-9 * Math.abs(observed[v]!)) counts[v]! += 1;
          });
        }
        expect([...found.counts]).toEqual([...counts]);
      }),
      { numRuns: 30 },
    );
  });

  it('leave out voxels without a t: they are no maximum and have no p', async () => {
    const effects = Float64Array.of(1, 2, 4, 0, 0, 0, 5, Number.NaN, 5);
    const observed = Float64Array.of(2.6457513110645907, Number.NaN, Number.NaN);
    const model = oneSampleModel(3);
    const found = await run({
      data: toNullResiduals(effects, model, observed),
      subjects: 3,
      weights: rearrangedRows(model, { kind: 'signs', signs: Int8Array.of(1, 1, 1, 1, -1, 1) }, 0, 2),
      permutations: 2,
      nuisance: 0,
      beyond: countFrom(
        observed.map((t) => correlationOfT(t, 2)),
        'one',
      ),
      rule: { sides: 'one', df: 2, clusterHeight: 0.1 },
      dim: [3, 1, 1],
      voxels: every(3),
      connectivity: 6,
    });
    expect(found.t[0]).toBeCloseTo(2.6457513110645907, 12);
    expect([...found.counts]).toEqual([1, 0, 0]);
    expect([...found.extent]).toEqual([1, 1]);
  });
});

function every(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, n) => n);
}
