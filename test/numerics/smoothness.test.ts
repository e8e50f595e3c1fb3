import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readMask } from '../../artifacts/mask.js';
import { readImage } from '../../artifacts/nifti-data.js';
import { reselCounts } from '../../numerics/random-field.js';
import { type Smoothness, smoothness } from '../../numerics/smoothness.js';
import { Xoshiro128 } from '../../numerics/xoshiro.js';
import { describeShared, shared } from '../support/shared.js';

const every = (count: number) => Int32Array.from({ length: count }, (_, n) => n);

describeShared('smoothness against SPM12 on a crop of 12 x 12 x 12 voxels', () => {
  const folder = path.join(shared, 'reference', 'spm', 'crop');
  const time = 163;
  /** SPM keeps 64 of the residual images. */
  const kept = Array.from({ length: 64 }, (_, i) => Math.round((i * (time - 1)) / 63));
  let mask: Int32Array;
  let found: Smoothness;

  const matrix = async (name: string) => {
    const text = await readFile(path.join(folder, 'spm_params', `${name}.txt`), 'utf8');
    return text
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number));
  };
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

  beforeAll(async () => {
    mask = (await readMask(path.join(folder, 'spm', 'mask.nii'))).voxels;
    const { data } = await readImage(path.join(folder, 'input', 'bold.nii'));
    const whitening = await matrix('W');
    const columns = (rows: number[][]) => rows[0]!.map((_, c) => rows.map((row) => row[c]!));
    const filter = columns(await matrix('X0_dct'));
    // An orthonormal basis of the filtered, whitened design, by Gram and Schmidt, twice.
    const basis: number[][] = [];
    for (const column of columns(await matrix('KWX'))) {
      let row = column.map((value) => value / Math.sqrt(dot(column, column)));
      for (let pass = 0; pass < 2; pass++) row = without(row, basis);
      const length = Math.sqrt(dot(row, row));
      if (length > 1e-9) basis.push(row.map((value) => value / length));
    }
    const residuals = new Float64Array(mask.length * kept.length);
    mask.forEach((offset, v) => {
      const series = Array.from({ length: time }, (_, t) => data[t * 1728 + offset]!);
      const whitened = whitening.map((row) => dot(row, series));
      const left = without(without(whitened, filter), basis);
      const length = Math.sqrt(dot(left, left));
      kept.forEach((t, i) => {
        residuals[v * kept.length + i] = left[t]! / length;
      });
    });
    found = smoothness(residuals, kept.length, [12, 12, 12], mask, time / kept.length);
  });

  function without(row: readonly number[], basis: readonly (readonly number[])[]): number[] {
    return basis.reduce<number[]>((left, other) => {
      const product = dot(left, other);
      return left.map((value, i) => value - product * other[i]!);
    }, Array.from(row));
  }

  it('gives SPM’s resels per voxel wherever SPM does', async () => {
    const { data } = await readImage(path.join(folder, 'spm', 'RPV.nii'));
    let compared = 0;
    mask.forEach((offset, v) => {
      const due = data[offset]!;
      expect(Number.isNaN(found.reselsPerVoxel[v]!)).toBe(Number.isNaN(due));
      if (Number.isNaN(due)) return;
      compared += 1;
      expect(Math.abs(found.reselsPerVoxel[v]! - due)).toBeLessThanOrEqual(1e-9 * Math.abs(due) + 1e-12);
    });
    expect(compared).toBeGreaterThan(1000);
  });

  it('gives SPM’s FWHM and resel counts', () => {
    const due = [1.8553492706484271, 1.841238370319656, 1.8437403814379179];
    found.fwhm.forEach((value, axis) => {
      expect(value).toBeCloseTo(due[axis]!, 9);
    });
    const counts = reselCounts([12, 12, 12], mask, found.fwhm);
    [1, 15.713247387920408, 103.50993189746802, 190.2047488458501].forEach((count, d) => {
      expect(counts[d]).toBeCloseTo(count, 6);
    });
  });
});

describe('smoothness', () => {
  it('finds the width of the Gaussian that noise was smoothed with, along each axis', () => {
    const dim: [number, number, number] = [30, 28, 26];
    const images = 20;
    const size = dim[0] * dim[1] * dim[2];
    const random = new Xoshiro128(7);
    const widths = [3, 4, 5];
    const residuals = new Float64Array(size * images);
    for (let i = 0; i < images; i++) {
      const noise = smoothed(
        Float64Array.from({ length: size }, () => random.nearlyNormal()),
        dim,
        widths,
      );
      for (let v = 0; v < size; v++) residuals[v * images + i] = noise[v]!;
    }
    for (let v = 0; v < size; v++) {
      const row = residuals.subarray(v * images, (v + 1) * images);
      const mean = row.reduce((sum, value) => sum + value, 0) / images;
      row.forEach((value, i) => {
        row[i] = value - mean;
      });
      const length = Math.hypot(...row);
      row.forEach((value, i) => {
        row[i] = value / length;
      });
    }
    const { fwhm } = smoothness(residuals, images, dim, every(size));
    // Within 5 %: what differences over one voxel see of a field whose correlation falls as exp(-2 ln 2 d^2 / width^2).
    fwhm.forEach((value, axis) => {
      const rate = (2 * Math.log(2)) / widths[axis]! ** 2;
      const due = widths[axis]! * Math.sqrt(rate / -Math.expm1(-rate));
      expect(Math.abs(value / due - 1)).toBeLessThan(0.05);
    });
  });

  it('takes a single slice as two-dimensional', () => {
    const dim: [number, number, number] = [12, 10, 1];
    const random = new Xoshiro128(3);
    const residuals = Float64Array.from({ length: 120 * 8 }, () => random.nearlyNormal() / Math.sqrt(8));
    const { fwhm } = smoothness(residuals, 8, dim, every(120));
    expect(fwhm[2]).toBe(1);
    expect(fwhm[0]).toBeGreaterThan(0.8);
    expect(fwhm[0]).toBeLessThan(2);
  });

  it('is not a number where no voxel has its neighbours', () => {
    const scattered = Int32Array.of(0, 2, 4);
    expect(smoothness(new Float64Array(6).fill(0.7), 2, [6, 1, 1], scattered).fwhm[0]).toBeNaN();
  });
});

/** Convolves along the three axes with Gaussians of these widths (FWHM, voxels); the field goes round at its ends. */
function smoothed(field: Float64Array, dim: readonly number[], widths: readonly number[]): Float64Array {
  let out = field;
  const strides = [1, dim[0]!, dim[0]! * dim[1]!];
  widths.forEach((width, axis) => {
    const [length, stride] = [dim[axis]!, strides[axis]!];
    const sigma = width / Math.sqrt(8 * Math.log(2));
    const weights = Array.from({ length: 2 * Math.ceil(4 * sigma) + 1 }, (_, i) =>
      Math.exp(-0.5 * ((i - Math.ceil(4 * sigma)) / sigma) ** 2),
    );
    const before = out;
    out = before.map((_, at) => {
      const position = Math.floor(at / stride) % length;
      return weights.reduce((sum, weight, i) => {
        const other = (((position + i - Math.ceil(4 * sigma)) % length) + length) % length;
        return sum + weight * before[at + (other - position) * stride]!;
      }, 0);
    });
  });
  return out;
}
