import { describe, expect, test } from 'vitest';
import { rhoOfResiduals } from '../../numerics/glm/ar1.js';
import { leadingComponents } from '../../numerics/glm/leading-components.js';
import { residualise } from '../../numerics/glm/residualise.js';
import { run as rhoOf } from '../../numerics/glm/rho-task.js';
import { smoothWithin } from '../../numerics/glm/smooth-within.js';
import { orthonormalBasis } from '../../numerics/orthonormal.js';
import { autoregressive } from '../support/fit-models.js';

const flat = (rows: readonly Float64Array[]) => Float64Array.from(rows.flatMap((row) => [...row]));

describe('rho of residuals', () => {
  // The mean of 3000 estimates of standard deviation 0.1 is known to 0.002; what is left of the bias is below 0.01.
  test.each([
    { rho: 0, time: 163, columns: 31 },
    { rho: 0.3, time: 163, columns: 31 },
    { rho: 0.5, time: 163, columns: 31 },
    { rho: 0.3, time: 100, columns: 28 },
    { rho: -0.2, time: 60, columns: 8 },
  ])('rho $rho is found, on average, under $columns columns in $time volumes', async ({ rho, time, columns }) => {
    const slow = autoregressive(columns - 1, time, 0.9, 5);
    const { rows: nuisance, rank } = orthonormalBasis([new Float64Array(time).fill(1), ...slow], time);
    const series = flat(autoregressive(3000, time, rho, 11));
    const { residuals } = await residualise(series, nuisance, { count: 3000, time, rank });
    const found = await rhoOfResiduals(residuals, { nuisance, rank, time });
    expect(Math.abs(found.reduce((sum, value) => sum + value, 0) / 3000 - rho)).toBeLessThan(0.015);
  });

  test('effects that are taken out do not count as noise', async () => {
    const time = 120;
    const { rows: nuisance, rank } = orthonormalBasis([new Float64Array(time).fill(1)], time);
    const [x] = autoregressive(1, time, 0.95, 3) as [Float64Array];
    const noise = autoregressive(500, time, 0.2, 4);
    const meanRho = async (effect: number) => {
      const series = flat(noise.map((row) => row.map((value, t) => value + effect * x[t]!)));
      const { residuals } = await residualise(series, nuisance, { count: 500, time, rank });
      const own = await residualise(Float64Array.from(x), nuisance, { count: 1, time, rank });
      const interest = await leadingComponents(own.residuals, time, { share: 0.99, most: 20 });
      const basis = flat([nuisance, interest]);
      const { rho } = await rhoOf({ series: residuals, count: 500, time, basis, rank: 2 });
      return rho.reduce((sum, value) => sum + value, 0) / 500;
    };
    const [without, strong] = [await meanRho(0), await meanRho(5)];
    expect(strong).toBeCloseTo(without, 10);
    expect(without).toBeCloseTo(0.2, 1);
  });

  test('with fewer than two degrees of freedom, and of a series that is 0, it is 0', async () => {
    const time = 12;
    const columns = [new Float64Array(time).fill(1), ...autoregressive(10, time, 0.5, 5)];
    const { rows: nuisance, rank } = orthonormalBasis(columns, time);
    const series = flat(autoregressive(2, time, 0.5, 3));
    expect([...(await rhoOfResiduals(series, { nuisance, rank, time }))]).toEqual([0, 0]);
    const few = { nuisance: nuisance.subarray(0, time), rank: 1, time };
    expect([...(await rhoOfResiduals(new Float64Array(time), few))]).toEqual([0]);
  });
});

describe('smoothing within a mask', () => {
  const dim = [30, 28, 26] as const;
  const voxelSize = [2, 3, 2.5] as const;
  // Far enough from the edges of the image that what lies beyond them plays no part.
  const voxels = Int32Array.from(
    Array.from({ length: 30 * 28 * 26 }, (_, i) => i).filter((i) => {
      const [x, y, z] = [i % 30, Math.floor(i / 30) % 28, Math.floor(i / 840)];
      return (x - 15) ** 2 + (y - 14) ** 2 + (z - 13) ** 2 < 20 && x !== 14;
    }),
  );
  const values = Float64Array.from(voxels, (_, v) => Math.sin(v));

  test('is the mean of the mask’s voxels weighted by a Gaussian of the distance', () => {
    const fwhm = 8;
    const found = smoothWithin(values, voxels, { dim, voxelSize }, fwhm);
    const place = (i: number) => [i % 30, Math.floor(i / 30) % 28, Math.floor(i / 840)];
    const sigma = fwhm / Math.sqrt(8 * Math.LN2);
    voxels.forEach((offset, v) => {
      let [sum, total] = [0, 0];
      voxels.forEach((other, w) => {
        const apart = place(offset).map((at, axis) => (at - place(other)[axis]!) * voxelSize[axis]!);
        // The weights end at 4 sigma along each axis.
        if (
          apart.some((mm, axis) => Math.abs(mm) / voxelSize[axis]! > Math.floor(4 * (sigma / voxelSize[axis]!) + 0.5))
        )
          return;
        const weight = Math.exp(-0.5 * (Math.hypot(...apart) / sigma) ** 2);
        sum += weight * values[w]!;
        total += weight;
      });
      expect(found[v]).toBeCloseTo(sum / total, 12);
    });
  });

  test('keeps a constant, a lone voxel, and everything at 0 mm', () => {
    const constant = smoothWithin(new Float64Array(voxels.length).fill(0.3), voxels, { dim, voxelSize }, 10);
    for (const value of constant) expect(value).toBeCloseTo(0.3, 14);
    expect(smoothWithin(Float64Array.of(0.7), Int32Array.of(17), { dim, voxelSize }, 10)[0]).toBeCloseTo(0.7, 14);
    expect(smoothWithin(values, voxels, { dim, voxelSize }, 0)).toEqual(values);
  });
});

describe('leading components', () => {
  test('are orthonormal, span the regressors, and are found along either side', async () => {
    const time = 40;
    const three = autoregressive(3, time, 0.8, 3);
    const many = Array.from({ length: 60 }, (_, i) =>
      three[0]!.map((value, t) => value + Math.cos(i) * three[1]![t]! + Math.sin(2 * i) * three[2]![t]!),
    );
    const wanted = { share: 1 - 1e-10, most: 20 };
    const [few, all] = [
      await leadingComponents(flat(three), time, wanted),
      await leadingComponents(flat(many), time, wanted),
    ];
    for (const rows of [few, all]) {
      expect(rows.length).toBe(3 * time);
      for (let i = 0; i < 3; i++) {
        for (let j = 0; j < 3; j++) {
          let product = 0;
          for (let t = 0; t < time; t++) product += rows[i * time + t]! * rows[j * time + t]!;
          expect(product).toBeCloseTo(i === j ? 1 : 0, 10);
        }
      }
      const left = await residualise(flat(three), rows, { count: 3, time, rank: 3, whitened: true });
      for (const value of left.residuals) expect(Math.abs(value)).toBeLessThan(1e-7);
    }
    expect((await leadingComponents(flat(many), time, { share: 1, most: 2 })).length).toBe(2 * time);
    expect((await leadingComponents(new Float64Array(2 * time), time, wanted)).length).toBe(0);
  });
});
