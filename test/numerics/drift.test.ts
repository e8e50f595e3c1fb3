import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readNpy } from '../../artifacts/npy.js';
import { cosineDrifts } from '../../numerics/drift.js';
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
