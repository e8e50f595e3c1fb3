import { describe, expect, it } from 'vitest';
import { type Connectivity, makeLattice } from '../../numerics/clusters.js';
import { adjustedP, countDiscoveries, dependenceFactor } from '../../numerics/fdr.js';
import { eulerDensities } from '../../numerics/random-field.js';
import { smoothVolume } from '../../numerics/smooth.js';
import { tfce } from '../../numerics/tfce.js';
import { otherPrograms } from '../support/other-programs.js';

describe('false discovery rate against statsmodels multipletests', () => {
  const { discoveries } = otherPrograms;
  const order = [...discoveries.p.keys()].sort((a, b) => discoveries.p[a]! - discoveries.p[b]!);
  const sorted = order.map((at) => discoveries.p[at]!);
  const tests = sorted.length;

  it.each([
    ['fdr_bh', false],
    ['fdr_by', true],
  ] as const)('%s: what passes at 0.05, and adjusted p', (name, anyDependence) => {
    const due = discoveries[name];
    // Statistics that fall as p rises.
    const family = { candidates: sorted.map((p) => -p), tests, heightOf: (p: number) => -p };
    expect(countDiscoveries(family, 0.05, anyDependence)).toBe(due.passed);
    const adjusted = adjustedP(sorted, tests, dependenceFactor(tests, anyDependence));
    order.forEach((at, i) => {
      // The same products in another order.
      expect(Math.abs(adjusted[i]! - due.adjusted[at]!)).toBeLessThan(1e-14);
    });
  });
});

describe('TFCE against its definition with scipy.ndimage.label', () => {
  const { enhancement } = otherPrograms;
  const cases = ([6, 18, 26] as const).flatMap((connectivity) =>
    (
      [
        [0.5, 2, '0.5', '2.0'],
        [1, 1, '1.0', '1.0'],
      ] as const
    ).map(([e, h, ofE, ofH]) => ({ connectivity, e, h, name: `connectivity${connectivity}_E${ofE}_H${ofH}` })),
  );

  it.each(cases)('$name', ({ connectivity, e, h, name }) => {
    const values = Float64Array.from(enhancement.values);
    const every = Int32Array.from(values.keys());
    const lattice = makeLattice(enhancement.shape, every, connectivity as Connectivity);
    const out = tfce(values, lattice, { extentPower: e, heightPower: h }, 'two', new Float64Array(values.length));
    const due = enhancement[name]!;
    const largest = Math.max(...due.map(Math.abs));
    due.forEach((value, v) => {
      // Sums of some hundred terms.
      expect(Math.abs(out[v]! - value) / largest).toBeLessThan(1e-13);
    });
  });
});

describe('Euler characteristic densities against nipy', () => {
  const { heights, ...fields } = otherPrograms.random_fields;

  it.each([
    ['normal', {}],
    ['t13', { df: 13 }],
    ['t28', { df: 28 }],
  ] as const)('%s, dimensions 0 to 3', (name, field) => {
    heights.forEach((height, i) => {
      eulerDensities(height, field).forEach((density, d) => {
        const due = fields[name][i]![d]!;
        // nipy's polynomials lose some digits.
        expect(Math.abs(density - due) / Math.abs(due)).toBeLessThan(1e-9);
      });
    });
  });
});

describe('smoothing of voxels of unequal sides against scipy gaussian_filter1d', () => {
  const { shape, voxel_size: voxelSize, data, ...due } = otherPrograms.smoothing;

  it.each([5, 8] as const)('%i mm', (fwhm) => {
    const found = smoothVolume({ data: Float64Array.from(data), dim: shape, voxelSize, fwhm });
    due[`fwhm${fwhm}`].forEach((value, v) => {
      // Sums in another order.
      expect(Math.abs(found[v]! - value) / value).toBeLessThan(1e-12);
    });
  });
});
