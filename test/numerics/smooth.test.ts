import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readNpy } from '../../artifacts/npy.js';
import { gaussianWeights, smoothVolume } from '../../numerics/smooth.js';
import { describeShared, shared } from '../support/shared.js';

const dim = [40, 48, 38] as const;

/** The reference lies with x slowest; files have x fastest. */
async function volume(name: string): Promise<Float64Array> {
  const { data } = await readNpy(path.join(shared, 'reference', 'arrays', 'smooth', `${name}.npy`));
  const [nx, ny, nz] = dim;
  const out = new Float64Array(data.length);
  for (let x = 0; x < nx; x++) {
    for (let y = 0; y < ny; y++) {
      for (let z = 0; z < nz; z++) out[x + nx * (y + ny * z)] = data[(x * ny + y) * nz + z]!;
    }
  }
  return out;
}

describeShared('Gaussian smoothing', () => {
  // Both work in float64 and differ only in the order of sums; the mark is 1e-6.
  test.each(['map', 'impulse'])('of the %s equals nilearn.image.smooth_img at 6 and 8 mm', async (name) => {
    const data = await volume(`input_${name}`);
    for (const fwhm of [6, 8]) {
      const due = await volume(`${name}_fwhm${fwhm}`);
      const found = smoothVolume({ data, dim, voxelSize: [3, 3, 3], fwhm });
      const largest = due.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const difference = due.reduce((most, value, i) => Math.max(most, Math.abs(value - found[i]!)), 0);
      expect(difference / largest).toBeLessThan(1e-12);
    }
  });
});

describe('smoothing', () => {
  test('weights sum to 1 and fall to half at half the width', () => {
    const voxelsPerFwhm = 4;
    const weights = gaussianWeights(voxelsPerFwhm / Math.sqrt(8 * Math.LN2));
    expect(weights.reduce((sum, weight, d) => sum + (d ? 2 : 1) * weight, 0)).toBeCloseTo(1, 14);
    expect(weights[voxelsPerFwhm / 2]! / weights[0]!).toBeCloseTo(0.5, 12);
  });

  test('follows mm, not voxels, on a grid of unequal sides', () => {
    const data = new Float64Array(21 * 21 * 21);
    data[10 + 21 * (10 + 21 * 10)] = 1;
    const out = smoothVolume({ data, dim: [21, 21, 21], voxelSize: [1, 2, 4], fwhm: 8 });
    const at = (x: number, y: number, z: number) => out[x + 21 * (y + 21 * z)]!;
    // 4 mm from the centre along any axis is half the width: half the height.
    expect(at(14, 10, 10) / at(10, 10, 10)).toBeCloseTo(0.5, 12);
    expect(at(10, 12, 10) / at(10, 10, 10)).toBeCloseTo(0.5, 12);
    expect(at(10, 10, 11) / at(10, 10, 10)).toBeCloseTo(0.5, 12);
  });

  test('continues the image by reflection: a constant image and a single slice keep their intensity', () => {
    const data = new Float64Array(7 * 5).fill(3);
    const out = smoothVolume({ data, dim: [7, 5, 1], voxelSize: [2, 3, 4], fwhm: 20 });
    for (const value of out) expect(value).toBeCloseTo(3, 12);
  });

  test('takes NaN and infinities as 0', () => {
    const data = Float64Array.of(1, Number.NaN, 2, Number.POSITIVE_INFINITY);
    const zeros = Float64Array.of(1, 0, 2, 0);
    const settings = { dim: [4, 1, 1] as const, voxelSize: [3, 3, 3] as const, fwhm: 5 };
    expect(smoothVolume({ data, ...settings })).toEqual(smoothVolume({ data: zeros, ...settings }));
  });
});
