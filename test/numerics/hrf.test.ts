import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readNpy } from '../../artifacts/npy.js';
import { readTable } from '../../artifacts/table.js';
import { heldConvolution } from '../../numerics/held-convolution.js';
import { dispersionDerivative, type HrfModel, hrf, timeDerivative } from '../../numerics/hrf.js';
import { canonicalBasis, delayBasis, orthogonalised } from '../../numerics/hrf-basis.js';
import { numericMatrix } from '../support/matrix.js';
import { describeShared, shared } from '../support/shared.js';

const reference = (...names: string[]) => path.join(shared, 'reference', ...names);
const array = async (name: string) => (await readNpy(reference('arrays', `${name}.npy`))).data as Float64Array;

function text(name: string): Float64Array {
  return Float64Array.from(
    readFileSync(reference('spm', 'hrf', name), 'utf8')
      .trim()
      .split(/\s+/),
    Number,
  );
}

/** Largest difference as a share of the largest value. */
function apart(found: ArrayLike<number>, due: ArrayLike<number>): number {
  expect(found.length).toBe(due.length);
  const largest = Math.max(...Array.from(due, Math.abs));
  return Math.max(...Array.from(found, (value, i) => Math.abs(value - due[i]!))) / largest;
}

/** Applies the map to the first samples of a series. */
function convolve(series: ArrayLike<number>, settings: Omit<Parameters<typeof heldConvolution>[0], 'samples'>) {
  const { weights, volumes } = heldConvolution({ ...settings, samples: series.length });
  return Float64Array.from({ length: volumes }, (_, n) => {
    let sum = 0;
    for (let s = 0; s < series.length; s++) sum += weights[n * series.length + s]! * series[s]!;
    return sum;
  });
}

// All references are float64 from the same formulas; 1e-10 of the peak is the mark, and only the order of sums differs.
describeShared('the haemodynamic response', () => {
  test('`spm` is SPM12’s own curve', () => {
    for (const dt of [0.1, 0.125, 1, 2]) {
      expect(apart(hrf('spm', dt), text(`spm_hrf_RT${dt}.txt`))).toBeLessThan(1e-10);
    }
  });

  test('`spm` with its derivatives, orthogonal, is SPM12’s basis set', () => {
    const due = text('spm_get_bf_dt0.125_hrf_td_dd.txt');
    const functions = canonicalBasis('spm', 'canonical+time+dispersion', 0.125);
    expect(functions.map(({ name }) => name)).toEqual(['canonical', 'time', 'dispersion']);
    orthogonalised(functions.map(({ response }) => response)).forEach((found, column) => {
      const own = due.filter((_, i) => i % 3 === column);
      expect(apart(found, own)).toBeLessThan(1e-10);
    });
  });

  test.each([
    ['tr2_os16', 2 / 16],
    ['tr2_os50', 2 / 50],
    ['tr2.5_os16', 2.5 / 16],
  ])('derivatives of `glover` and `nilearn-spm` are nilearn’s, %s', async (name, dt) => {
    for (const [model, prefix] of [
      ['nilearn-spm', 'spm'],
      ['glover', 'glover'],
    ] as const) {
      const time = await array(`hrf/${prefix}_time_derivative_${name}`);
      const dispersion = await array(`hrf/${prefix}_dispersion_derivative_${name}`);
      expect(apart(timeDerivative(model, dt), time)).toBeLessThan(1e-10);
      expect(apart(dispersionDerivative(model, dt), dispersion)).toBeLessThan(1e-10);
    }
  });

  test.each([
    ['tr2_os16', 2 / 16],
    ['tr2_os50', 2 / 50],
    ['tr2.5_os16', 2.5 / 16],
  ])('`glover` and `nilearn-spm` are nilearn’s curves, %s', async (name, dt) => {
    expect(apart(hrf('nilearn-spm', dt), await array(`hrf/spm_hrf_${name}`))).toBeLessThan(1e-10);
    expect(apart(hrf('glover', dt), await array(`hrf/glover_hrf_${name}`))).toBeLessThan(1e-10);
  });

  test.each<[HrfModel, string]>([
    ['nilearn-spm', 'spm'],
    ['glover', 'glover'],
  ])(
    'series convolved with `%s` equal the reference regressors, at the onset and in the middle',
    async (model, name) => {
      const table = await readTable(reference('series', 'kernels.tsv'));
      const values = numericMatrix(table, 'kernels.tsv');
      for (const [at, bin] of [
        ['onset', 0],
        ['middle', 8],
      ] as const) {
        const due = await array(`regressors/${name}_hrf_${at}`);
        for (let k = 0; k < 12; k++) {
          const series = Float64Array.from({ length: 130 }, (_, s) => values[s * 12 + k]!);
          const found = convolve(series, {
            interval: 2.5,
            tr: 2.5,
            oversampling: 16,
            bin,
            response: hrf(model, 2.5 / 16),
          });
          expect(found.length).toBe(130);
          expect(apart(found.subarray(0, 121), due.subarray(k * 121, (k + 1) * 121))).toBeLessThan(1e-10);
        }
      }
    },
  );

  test('an impulse and a step', async () => {
    const input = await array('regressors/probe_input');
    for (const [at, bin] of [
      ['onset', 0],
      ['middle', 8],
    ] as const) {
      const due = await array(`regressors/probe_spm_tr2_os16_${at}`);
      const response = hrf('nilearn-spm', 2 / 16);
      for (const row of [0, 1]) {
        const series = input.subarray(row * 40, (row + 1) * 40);
        const found = convolve(series, { interval: 2, tr: 2, oversampling: 16, bin, response });
        expect(apart(found, due.subarray(row * 40, (row + 1) * 40))).toBeLessThan(1e-10);
      }
    }
  });
});

describe('holding a series on the micro grid', () => {
  const plain = { tr: 2, oversampling: 16, bin: 8, response: Float64Array.of(1) };

  test('without a response the value at the reference time is returned', () => {
    expect([...convolve([3, 1, 4], { ...plain, interval: 2 })]).toEqual([3, 1, 4]);
    // Samples of 1 s: the middles of volumes of 2 s lie at 1 s and 3 s, where samples 1 and 3 begin.
    expect([...convolve([3, 1, 4, 1], { ...plain, interval: 1 })]).toEqual([1, 1]);
    // Samples of 4 s: volumes at 1, 3, 5, 7 s.
    expect([...convolve([3, 5], { ...plain, interval: 4 })]).toEqual([3, 3, 5, 5]);
  });

  test('a bin that two samples share takes their mean by time', () => {
    // Bins of 1 s, samples of 1.5 s: bin 1 (1 to 2 s) is half sample 0, half sample 1.
    const settings = { tr: 1, oversampling: 1, bin: 0, response: Float64Array.of(1), interval: 1.5 };
    expect([...convolve([2, 4], settings)]).toEqual([2, 3, 4]);
  });

  test('a finer series that repeats every value gives what the coarse one gives', () => {
    const coarse = [1, 5, 2, 8, 0, 3, 3, 9];
    const fine = coarse.flatMap((value) => [value, value, value, value]);
    const settings = { tr: 2, oversampling: 16, bin: 8, response: hrf('spm', 2 / 16) };
    const found = convolve(fine, { ...settings, interval: 0.5 });
    expect(apart(found, convolve(coarse, { ...settings, interval: 2 }))).toBeLessThan(1e-14);
  });

  test('an interval of a third of a TR, whose sum in doubles is not exact, gives whole volumes', () => {
    const { volumes } = heldConvolution({ ...plain, interval: 0.7 / 3, tr: 0.7, samples: 300 });
    expect(volumes).toBe(100);
  });
});

describe('a basis', () => {
  test('made orthogonal keeps the first column and the span', () => {
    const columns = canonicalBasis('glover', 'canonical+time+dispersion', 0.1).map(({ response }) => response);
    const [first, second, third] = orthogonalised(columns) as [Float64Array, Float64Array, Float64Array];
    const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
    const cosine = (a: Float64Array, b: Float64Array) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    expect(first).toEqual(columns[0]);
    for (const value of [cosine(first, second), cosine(first, third), cosine(second, third)]) {
      expect(Math.abs(value)).toBeLessThan(1e-14);
    }
    // What was taken from a column is a combination of those before it.
    const taken = columns[1]!.map((value, i) => value - second[i]!);
    expect(Math.abs(cosine(taken, first))).toBeCloseTo(1, 14);
  });

  test('a column that repeats another is left with rounding', () => {
    const column = hrf('spm', 0.5);
    const [, rest] = orthogonalised([column, column.map((value) => 3 * value)]);
    expect(Math.max(...rest!.map(Math.abs))).toBeLessThan(1e-15);
  });

  test('of delays moves the held series by whole volumes', () => {
    const series = [3, 1, 4, 1, 5, 9];
    for (const { name, response } of delayBasis([0, 1, 3], 16)) {
      const delay = Number(name.replace('delay', ''));
      const found = convolve(series, { interval: 2, tr: 2, oversampling: 16, bin: 8, response });
      expect([...found]).toEqual([...Array(delay).fill(0), ...series].slice(0, 6));
    }
  });
});
