import { Matrix, pseudoInverse } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import type { Artifact } from '../../artifacts/artifact.js';
import { readMaps } from '../../artifacts/maps.js';
import { readTable } from '../../artifacts/table.js';
import { createPool } from '../../numerics/pool.js';
import { residualsStep } from '../../steps/residuals/index.js';
import { bytesOf, runStep } from '../support/run-step.js';
import { separateFit } from '../support/separate-fit.js';
import { fitsOf, type SyntheticStudy, syntheticStudy } from '../support/synthetic-fits.js';

async function looked(fit: Artifact, params: Record<string, unknown> = {}) {
  const { outputs } = await runStep(residualsStep, { fit }, params);
  const maps = await readMaps(outputs.maps!);
  const all = (statistic: string) => maps.readRows(statistic, 0, maps.rows.length);
  const table = async (port: string) => {
    const { rows, columns } = await readTable(outputs[port]!.files['table.tsv']!);
    return (name: string) => rows.map((row) => Number(row[columns.indexOf(name)]));
  };
  return { maps, all, summary: await table('summary'), periodogram: await table('periodogram'), outputs };
}

/** Whitened residuals of one model, by full matrices: `e = R W y` with `R` the residual-former of `W [x | Z]`. */
function byMatrices(y: Float64Array, x: Float64Array, nuisance: readonly Float64Array[], rho: number, scaled: boolean) {
  const time = y.length;
  const w = Matrix.eye(time);
  for (let t = 1; t < time; t++) w.set(t, t - 1, -rho);
  if (scaled) w.set(0, 0, Math.sqrt(1 - rho * rho));
  const columns = [x, ...nuisance].map((column) => Array.from(column, (value) => value / Math.hypot(...column)));
  const design = w.mmul(new Matrix(columns).transpose());
  const former = Matrix.eye(time).sub(design.mmul(pseudoInverse(design, 1e-10)));
  const e = former
    .mmul(w)
    .mmul(Matrix.columnVector([...y]))
    .to1DArray();
  const differences = new Matrix(time - 1, time);
  for (let t = 1; t < time; t++) differences.set(t - 1, t - 1, -1).set(t - 1, t, 1);
  const ra = former.mmul(differences.transpose()).mmul(differences);
  const [n, p, q] = [former.trace(), ra.trace(), ra.mmul(ra).trace()];
  const shift = new Matrix(time, time);
  for (let t = 1; t < time; t++) shift.set(t - 1, t, 1);
  const power = (wave: (angle: number) => number, f: number) => {
    const row = Matrix.rowVector(Array.from({ length: time }, (_, t) => wave((2 * Math.PI * f * t) / time)));
    return row.mmul(former).mmul(row.transpose()).get(0, 0) / time;
  };
  return {
    e,
    lagOne: former.mmul(shift).trace() / n,
    watson: p / n,
    watsonSd: Math.sqrt((2 * (q - (p * p) / n)) / (n * (n + 2))),
    power: Array.from({ length: Math.floor(time / 2) }, (_, f) => power(Math.cos, f + 1) + power(Math.sin, f + 1)),
  };
}

describe('residuals', () => {
  it.each([
    ['ols', undefined],
    ['ar1-nilearn', undefined],
    ['ar1', undefined],
    ['ar1', 0.42],
  ] as const)('%s (rho %s): what full matrices give for every model', async (noise, known) => {
    const study = syntheticStudy({ subjects: 1, kernels: 2, voxels: 5, time: 41, seed: 7 });
    const [fit] = await fitsOf(study, noise, known);
    const { all, summary, periodogram } = await looked(fit!);
    const [lag1, watson, rho] = [await all('lag1'), await all('durbin_watson'), await all('rho')];
    const { voxels, nuisance } = study.subjects[0]!;
    study.kernels.forEach((x, k) => {
      const sums = { lag1: 0, expected: 0, low: 0, high: 0, outside: 0 };
      const powers = new Float64Array(20);
      voxels.forEach((y, v) => {
        const own = known ?? separateFit(y, x, nuisance, noise).rho;
        const due = byMatrices(y, x, nuisance, own, noise === 'ar1');
        const squares = due.e.reduce((sum, value) => sum + value * value, 0);
        const of = (combine: (a: number, b: number) => number) =>
          due.e.slice(1).reduce((sum, value, t) => sum + combine(due.e[t]!, value), 0) / squares;
        const at = k * 5 + v;
        // Maps are stored in single precision.
        expect(Math.abs(rho[at]! - own)).toBeLessThan(1e-7);
        expect(Math.abs(lag1[at]! - of((a, b) => a * b))).toBeLessThan(1e-6);
        const dw = of((a, b) => (b - a) ** 2);
        expect(Math.abs(watson[at]! - dw)).toBeLessThan(1e-6);
        const [low, high] = [-1, 1].map((side) => due.watson + side * 1.959963984540054 * due.watsonSd);
        sums.lag1 += of((a, b) => a * b) / 5;
        sums.expected += due.lagOne / 5;
        sums.low += low! / 5;
        sums.high += high! / 5;
        sums.outside += (dw < low! || dw > high! ? 1 : 0) / 5;
        due.power.forEach((value, f) => {
          powers[f]! += value / 5;
        });
      });
      for (const [name, value] of [
        ['lag1', sums.lag1],
        ['lag1_expected', sums.expected],
        ['low', sums.low],
        ['high', sums.high],
        ['outside', sums.outside],
      ] as const) {
        expect(Math.abs(summary(name)[k]! - value)).toBeLessThan(1e-11);
      }
      const expected = periodogram('expected').slice(k * 20, (k + 1) * 20);
      powers.forEach((value, f) => {
        expect(Math.abs(expected[f]! - value)).toBeLessThan(1e-11);
      });
    });
  });

  it('of white noise: 5 % outside the bounds, a flat spectrum; of slow noise: most below, power at low frequencies', async () => {
    const white = syntheticStudy({ subjects: 1, kernels: 1, voxels: 1, time: 60, seed: 3 });
    const slow = syntheticStudy({ subjects: 1, kernels: 1, voxels: 3000, time: 60, seed: 3 });
    // The innovations of AR(1) series with rho 0.4 are white.
    const innovations = syntheticStudy({ subjects: 1, kernels: 1, voxels: 3000, time: 61, seed: 4 }).subjects[0]!
      .voxels;
    const whiten = (y: Float64Array) => Float64Array.from({ length: 60 }, (_, t) => y[t + 1]! - 0.4 * y[t]!);
    const planned: SyntheticStudy = {
      ...white,
      subjects: [{ ...white.subjects[0]!, voxels: innovations.map(whiten) }],
    };
    const [ofWhite] = await fitsOf(planned, 'ols');
    const { summary, periodogram } = await looked(ofWhite!);
    // Binomial, 3000 voxels: sd 0.004; four of these.
    expect(Math.abs(summary('outside')[0]! - 0.05)).toBeLessThan(0.016);
    expect(Math.abs(summary('lag1')[0]! - summary('lag1_expected')[0]!)).toBeLessThan(0.01);
    for (const ratio of periodogram('ratio')) expect(Math.abs(ratio - 1)).toBeLessThan(0.1);
    const [ofSlow] = await fitsOf(slow, 'ols');
    const seen = await looked(ofSlow!);
    expect(seen.summary('below')[0]).toBeGreaterThan(0.5);
    expect(seen.summary('above')[0]).toBeLessThan(0.01);
    expect(seen.periodogram('ratio')[4]).toBeGreaterThan(1.5);
    expect(seen.periodogram('frequency').at(-1)).toBeCloseTo(0.25, 12);
    // Whitened by the rho that it has, it is white.
    const [known] = await fitsOf(slow, 'ar1', 0.4);
    expect(Math.abs((await looked(known!)).summary('outside')[0]! - 0.05)).toBeLessThan(0.016);
  });

  it('leaves kernels that were not fitted empty, and draws the others', async () => {
    const study = syntheticStudy({ subjects: 1 });
    const planned = { ...study, kernels: [study.subjects[0]!.nuisance[1]!, study.kernels[0]!] };
    const [fit] = await fitsOf(planned, 'ols');
    const { all, summary, periodogram, outputs } = await looked(fit!);
    const lag1 = await all('lag1');
    expect(lag1.subarray(0, 6).every(Number.isNaN)).toBe(true);
    expect(lag1.subarray(6).every(Number.isFinite)).toBe(true);
    expect(summary('voxels')).toEqual([0, 6]);
    expect(periodogram('ratio')).toHaveLength(24);
    expect(Object.keys(outputs.figure!.files)).toEqual(['residual-spectrum.svg', 'residual-spectrum.png']);
  });

  it('gives the same bytes on 1, 2 and 4 workers', async () => {
    const [fit] = await fitsOf(syntheticStudy({ subjects: 1, kernels: 2, voxels: 4200 }), 'ar1-nilearn');
    const made: unknown[] = [];
    for (const threads of [1, 2, 4]) {
      const pool = createPool(threads);
      const { outputs } = await runStep(residualsStep, { fit: fit! }, {}, { pool, threads });
      await pool.close();
      made.push(await Promise.all(Object.values(outputs).map(bytesOf)));
    }
    expect(made[1]).toEqual(made[0]);
    expect(made[2]).toEqual(made[0]);
  });
});
