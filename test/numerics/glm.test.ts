import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { estimatorFor } from '../../numerics/glm/estimator.js';
import type { Noise } from '../../numerics/glm/model.js';
import { constant, explained, notFinite, residualise, usable } from '../../numerics/glm/residualise.js';
import { orthonormalBasis } from '../../numerics/orthonormal.js';
import { autoregressive, fitModels } from '../support/fit-models.js';
import { separateFit } from '../support/separate-fit.js';

const noises = ['ols', 'ar1', 'ar1-nilearn'] as const satisfies readonly Noise[];

/** Relative to the size of what is compared, with a floor for effects that happen to be near 0. */
function near(found: number, due: number, scale: number, tolerance: number): boolean {
  return Math.abs(found - due) <= tolerance * Math.max(Math.abs(due), scale);
}

/** Nuisance of a small scan: constant, trend, slow and fast columns. */
function nuisanceOf(time: number, columns: number, seed: number): Float64Array[] {
  const constantColumn = new Float64Array(time).fill(1);
  return [constantColumn, ...autoregressive(columns - 1, time, 0.9, seed)];
}

// Both ways solve the same well-conditioned least squares in float64; 1e-9 is a thousand times the rounding seen.
describe.each(noises)('%s: all models at once equal each fitted on its own', (noise) => {
  test.each([
    { time: 60, columns: 8, rho: 0.3 },
    { time: 40, columns: 1, rho: 0.95 },
    { time: 25, columns: 12, rho: -0.6 },
    { time: 12, columns: 4, rho: 0.5 },
  ])('T = $time, $columns nuisance columns, noise with rho $rho', async ({ time, columns, rho }) => {
    const nuisance = nuisanceOf(time, columns, 7);
    const kernels = autoregressive(24, time, 0.8, 11);
    const voxels = autoregressive(5, time, rho, 13).map((y) => y.map((value) => 1000 + 20 * value));
    const { effect, se, df } = await fitModels(voxels, kernels, nuisance, noise);
    let compared = 0;
    voxels.forEach((y, v) => {
      kernels.forEach((x, k) => {
        const due = separateFit(y, x, nuisance, noise);
        expect(df).toBe(due.df);
        // At the edge of a bin rounding decides; no such pair may be compared.
        if (due.atEdge) return;
        compared++;
        expect(near(effect[k * 5 + v]!, due.effect, due.se, 1e-9), `effect ${v} ${k}`).toBe(true);
        expect(near(se[k * 5 + v]!, due.se, 0, 1e-9), `se ${v} ${k}`).toBe(true);
      });
    });
    expect(compared).toBeGreaterThan(115);
  });

  test('one voxel, one kernel', async () => {
    const [y] = autoregressive(1, 30, 0.4, 3);
    const [x] = autoregressive(1, 30, 0.4, 4);
    const nuisance = nuisanceOf(30, 3, 5);
    const { effect, se } = await fitModels([y!], [x!], nuisance, noise);
    const due = separateFit(y!, x!, nuisance, noise);
    expect(effect[0]).toBeCloseTo(due.effect, 11);
    expect(se[0]).toBeCloseTo(due.se, 11);
  });

  test('a rank-deficient nuisance counts its rank, not its columns', async () => {
    const nuisance = nuisanceOf(30, 4, 5);
    const sum = nuisance[1]!.map((value, t) => 3 * value - 2 * nuisance[2]![t]!);
    const voxels = autoregressive(3, 30, 0.4, 3);
    const kernels = autoregressive(5, 30, 0.6, 9);
    const with4 = await fitModels(voxels, kernels, nuisance, noise);
    const with6 = await fitModels(voxels, kernels, [...nuisance, sum, new Float64Array(30)], noise);
    expect(with6.rank).toBe(4);
    expect(with6.df).toBe(25);
    expect(with6.effect).toEqual(with4.effect);
    expect(with6.se).toEqual(with4.se);
  });

  test('with as many columns as volumes less one there is an effect but no error', async () => {
    const voxels = autoregressive(2, 9, 0, 3);
    const kernels = autoregressive(2, 9, 0, 4);
    const none = await fitModels(voxels, kernels, nuisanceOf(9, 8, 5), noise);
    expect(none.df).toBe(0);
    for (const value of none.se) expect(value).toBeNaN();
    const one = await fitModels(voxels, kernels, nuisanceOf(9, 7, 5), noise);
    expect(one.df).toBe(1);
    for (const value of one.se) expect(value).toBeGreaterThan(0);
  });

  test('voxels that are constant or have NaN give NaN and leave the others alone', async () => {
    const good = autoregressive(4, 40, 0.3, 3);
    const kernels = autoregressive(3, 40, 0.6, 9);
    const nuisance = nuisanceOf(40, 3, 5);
    const withHole = good[1]!.with(7, Number.NaN);
    const voxels = [
      good[0]!,
      new Float64Array(40).fill(812.3),
      good[1]!,
      withHole,
      new Float64Array(40).fill(Number.NaN),
    ];
    const mixed = await fitModels([...voxels, good[2]!, good[3]!], kernels, nuisance, noise);
    const alone = await fitModels(good, kernels, nuisance, noise);
    const row = ({ effect, se }: typeof mixed, v: number) => {
      const width = effect.length / 3;
      return [0, 1, 2].flatMap((k) => [effect[k * width + v]!, se[k * width + v]!]);
    };
    for (const v of [1, 3, 4]) expect(row(mixed, v)).toEqual(new Array(6).fill(Number.NaN));
    for (const [v, same] of [
      [0, 0],
      [2, 1],
      [5, 2],
      [6, 3],
    ] as const) {
      row(mixed, v).forEach((value, i) => {
        expect(value).toBeCloseTo(row(alone, same)[i]!, 12);
      });
    }
  });

  test('kernels without variance or explained by the nuisance give NaN', async () => {
    const voxels = autoregressive(2, 40, 0.3, 3);
    const nuisance = nuisanceOf(40, 3, 5);
    const flat = new Float64Array(40).fill(0.7);
    const explainedKernel = nuisance[1]!.map((value, t) => value - 4 * nuisance[2]![t]! + 9);
    const { effect, se } = await fitModels(
      voxels,
      [flat, ...autoregressive(1, 40, 0, 8), explainedKernel],
      nuisance,
      noise,
    );
    for (const v of [0, 1]) {
      for (const k of [0, 2]) {
        expect(effect[k * 2 + v]).toBeNaN();
        expect(se[k * 2 + v]).toBeNaN();
      }
      expect(se[2 + v]).toBeGreaterThan(0);
    }
  });

  test('an exact fit has a finite t', async () => {
    const [x] = autoregressive(1, 40, 0.5, 3);
    const { effect, se } = await fitModels([x!.map((value) => 5 * value + 100)], [x!], nuisanceOf(40, 3, 5), noise);
    expect(effect[0]).toBeCloseTo(5, 10);
    expect(Number.isFinite(effect[0]! / se[0]!)).toBe(true);
    expect(effect[0]! / se[0]!).toBeGreaterThan(1e6);
  });

  test('kernels fitted in ranges equal kernels fitted together', async () => {
    const time = 40;
    const nuisance = nuisanceOf(time, 4, 5);
    const basis = orthonormalBasis(nuisance, time);
    const size = { time, rank: basis.rank };
    const flat = (rows: Float64Array[]) => Float64Array.from(rows.flatMap((row) => [...row]));
    const bold = (await residualise(flat(autoregressive(300, time, 0.4, 3)), basis.rows, { count: 300, ...size }))
      .residuals;
    const all = await residualise(flat(autoregressive(20, time, 0.7, 4)), basis.rows, { count: 20, ...size });
    const estimate = await estimatorFor({
      noise,
      df: 35,
      kernels: 20,
      regressors: all.residuals,
      nuisance: basis.rows,
      ...size,
    });
    const collect = async (firstKernel: number, kernels: number) => {
      const [effect, se] = [new Float64Array(300 * kernels), new Float64Array(300 * kernels)];
      await estimate({ bold, voxels: 300, firstKernel, kernels, errors: true }, (row) => {
        effect.set(row.effect, (row.kernel - firstKernel) * 300 + row.firstVoxel);
        se.set(row.se, (row.kernel - firstKernel) * 300 + row.firstVoxel);
      });
      return { effect, se };
    };
    const [whole, part] = [await collect(0, 20), await collect(9, 7)];
    for (let v = 0; v < 300; v++) {
      for (let k = 0; k < 7; k++) {
        expect(part.effect[k * 300 + v]!).toBeCloseTo(whole.effect[(9 + k) * 300 + v]!, 12);
        expect(part.se[k * 300 + v]!).toBeCloseTo(whole.se[(9 + k) * 300 + v]!, 12);
      }
    }
  });
});

// Properties hold up to rounding; a pair whose rho is at a bin's edge may change bin, so few pairs are drawn each time.
describe.each(noises)('%s: properties', (noise) => {
  const time = 32;
  const setting = fc.record({
    seed: fc.integer({ min: 1, max: 1e6 }),
    rho: fc.double({ min: -0.5, max: 0.9, noNaN: true }),
  });
  const draw = (seed: number, rho: number) => ({
    voxels: autoregressive(3, time, rho, seed),
    kernels: autoregressive(2, time, 0.7, seed + 1),
    nuisance: nuisanceOf(time, 4, seed + 2),
  });
  const same = (found: Float64Array, due: Float64Array) => {
    const scale = Math.max(...due.map(Math.abs));
    found.forEach((value, i) => {
      expect(Math.abs(value - due[i]!)).toBeLessThan(1e-9 * scale);
    });
  };

  test('a nuisance column that is in the span already changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        setting,
        fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 4, maxLength: 4 }),
        async ({ seed, rho }, weights) => {
          const { voxels, kernels, nuisance } = draw(seed, rho);
          const more = Float64Array.from({ length: time }, (_, t) =>
            nuisance.reduce((sum, z, i) => sum + weights[i]! * z[t]!, 0),
          );
          const [before, after] = [
            await fitModels(voxels, kernels, nuisance, noise),
            await fitModels(voxels, kernels, [...nuisance, more], noise),
          ];
          same(after.effect, before.effect);
          same(after.se, before.se);
        },
      ),
      { numRuns: 40, seed: 1 },
    );
  });

  test('scaling the BOLD scales effects; scaling a regressor divides them; t stays', async () => {
    const factor = fc.double({ min: 1e-3, max: 1e3, noNaN: true });
    await fc.assert(
      fc.asyncProperty(setting, factor, factor, async ({ seed, rho }, ofBold, ofKernel) => {
        const { voxels, kernels, nuisance } = draw(seed, rho);
        const plain = await fitModels(voxels, kernels, nuisance, noise);
        const scaled = await fitModels(
          voxels.map((y) => y.map((value) => value * ofBold)),
          kernels.map((x) => x.map((value) => value * ofKernel)),
          nuisance,
          noise,
        );
        same(
          scaled.effect.map((value) => (value * ofKernel) / ofBold),
          plain.effect,
        );
        same(
          scaled.effect.map((value, i) => value / scaled.se[i]!),
          plain.effect.map((value, i) => value / plain.se[i]!),
        );
      }),
      { numRuns: 40, seed: 2 },
    );
  });

  test('permuting voxels permutes results', async () => {
    await fc.assert(
      fc.asyncProperty(setting, async ({ seed, rho }) => {
        const { voxels, kernels, nuisance } = draw(seed, rho);
        const plain = await fitModels(voxels, kernels, nuisance, noise);
        const turned = await fitModels([voxels[2]!, voxels[0]!, voxels[1]!], kernels, nuisance, noise);
        const back = [1, 2, 0, 4, 5, 3].map((i) => turned.effect[i]!);
        same(Float64Array.from(back), plain.effect);
      }),
      { numRuns: 20, seed: 3 },
    );
  });
});

describe('taking the nuisance out', () => {
  test('leaves nothing in the nuisance space and says what each series is', async () => {
    const time = 50;
    const nuisance = nuisanceOf(time, 6, 5);
    const basis = orthonormalBasis(nuisance, time);
    const series = [
      autoregressive(1, time, 0.3, 9)[0]!.map((value) => 1e4 + value),
      new Float64Array(time).fill(-3),
      new Float64Array(time),
      nuisance[3]!.map((value) => 2 * value + 1),
      new Float64Array(time).fill(1).with(4, Number.POSITIVE_INFINITY),
    ];
    const flat = Float64Array.from(series.flatMap((row) => [...row]));
    const { residuals, mean, state } = await residualise(flat, basis.rows, { count: 5, time, rank: basis.rank });
    expect([...state]).toEqual([usable, constant, constant, explained, notFinite]);
    expect(mean[1]).toBe(-3);
    for (let c = 0; c < basis.rank; c++) {
      let product = 0;
      for (let t = 0; t < time; t++) product += basis.rows[c * time + t]! * residuals[t]!;
      // The series' own norm is about 7, without its mean.
      expect(Math.abs(product)).toBeLessThan(1e-14);
    }
    expect(residuals.subarray(time).every((value) => value === 0)).toBe(true);
  });

  test('a basis is orthonormal and names the later of two collinear columns, whatever their units', () => {
    const time = 40;
    const [a, b] = autoregressive(2, time, 0.5, 3) as [Float64Array, Float64Array];
    const tiny = a.map((value) => value * 1e-9);
    const mixture = a.map((value, t) => 1e6 * value + b[t]!);
    const { rows, rank, dependent } = orthonormalBasis([a, tiny, b, mixture, new Float64Array(time)], time);
    expect(rank).toBe(2);
    expect(dependent).toEqual([1, 3, 4]);
    for (let i = 0; i < rank; i++) {
      for (let j = 0; j <= i; j++) {
        let product = 0;
        for (let t = 0; t < time; t++) product += rows[i * time + t]! * rows[j * time + t]!;
        expect(product).toBeCloseTo(i === j ? 1 : 0, 14);
      }
    }
  });
});
