import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readNpy } from '../../artifacts/npy.js';
import { cosineDrifts, polynomialDrifts, polynomialOrder } from '../../numerics/drift.js';
import { describeShared, shared } from '../support/shared.js';

// The same formula in other orders of operations: a few units in the last place of numbers around 0.1.
const tolerance = 1e-14;

describeShared('cosine drifts', () => {
  test.each([
    [121, 2.5],
    [163, 2],
    [168, 2],
  ])('equal nilearn’s create_cosine_drift for %i volumes of %f s', async (volumes, tr) => {
    const file = path.join(shared, 'reference', 'arrays', 'drift', `cosine_T${volumes}_TR${tr}.npy`);
    const { shape, data } = await readNpy(file);
    const drifts = cosineDrifts(volumes, tr, 128);
    // The reference's last column is the constant.
    expect(drifts.length).toBe(shape[1]! - 1);
    drifts.forEach((drift, column) => {
      drift.forEach((value, t) => {
        expect(Math.abs(value - data[t * shape[1]! + column]!)).toBeLessThan(tolerance);
      });
    });
  });

  test('equal SPM12’s spm_filter for 163 scans of 2 s', () => {
    const file = path.join(shared, 'reference', 'spm', 'hrf', 'spm_filter_X0_163_2_128.txt');
    const rows = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number));
    const drifts = cosineDrifts(163, 2, 128);
    expect(drifts.length).toBe(rows[0]!.length);
    rows.forEach((row, t) => {
      row.forEach((value, column) => {
        expect(Math.abs(drifts[column]![t]! - value)).toBeLessThan(1e-13);
      });
    });
  });
});

describe('the number of drifts', () => {
  test('is none where the scan is shorter than half the period, and never as many as volumes', () => {
    expect(cosineDrifts(10, 2, 128)).toEqual([]);
    expect(cosineDrifts(5, 2, 1).length).toBe(4);
  });
});

describe('polynomial drifts', () => {
  // Integers of the orthogonal polynomials for five points: Fisher & Yates, Statistical Tables, table XXIII.
  const tabled = [
    [-2, -1, 0, 1, 2],
    [2, -1, -2, -1, 2],
    [-1, 2, 0, -2, 1],
    [1, -4, 6, -4, 1],
  ];

  test('are the tabled orthogonal polynomials, with unit norm', () => {
    polynomialDrifts(5, 4).forEach((drift, d) => {
      const norm = Math.hypot(...tabled[d]!);
      drift.forEach((value, t) => {
        expect(value).toBeCloseTo(tabled[d]![t]! / norm, 14);
      });
    });
    expect(polynomialDrifts(5, 9).length).toBe(4);
    expect(polynomialDrifts(1, 3)).toEqual([]);
  });

  test('stay orthonormal, and orthogonal to the constant, at high orders', () => {
    const columns = [new Float64Array(750).fill(1 / Math.sqrt(750)), ...polynomialDrifts(750, 30)];
    columns.forEach((a, i) => {
      columns.forEach((b, j) => {
        const product = a.reduce((sum, value, t) => sum + value * b[t]!, 0);
        expect(Math.abs(product - (i === j ? 1 : 0))).toBeLessThan(1e-12);
      });
    });
  });

  test('span the powers of time', () => {
    const drifts = polynomialDrifts(163, 4);
    const cube = Float64Array.from({ length: 163 }, (_, t) => (t / 162) ** 3);
    const mean = cube.reduce((sum, value) => sum + value, 0) / 163;
    const left = cube.map((value) => value - mean);
    for (const drift of drifts) {
      const share = left.reduce((sum, value, t) => sum + value * drift[t]!, 0);
      drift.forEach((value, t) => {
        left[t]! -= share * value;
      });
    }
    expect(Math.max(...left.map(Math.abs))).toBeLessThan(1e-14);
  });

  test('have the order of AFNI’s -polort A', () => {
    // 3dDeconvolve -help: "pnum = 1 + floor(time/150)".
    expect([polynomialOrder(74, 2), polynomialOrder(75, 2), polynomialOrder(163, 2)]).toEqual([1, 2, 3]);
  });
});
