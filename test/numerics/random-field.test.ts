import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalTail, tQuantile, tTail } from '../../numerics/distributions.js';
import {
  chanceClusters,
  clusterP,
  clusterSizeP,
  criticalExtent,
  eulerDensities,
  peakP,
  type Resels,
  reselCounts,
  voxelHeight,
  voxelP,
} from '../../numerics/random-field.js';

/**
 * A group of 14 subjects (df 13) analysed with SPM12 r6685 at p < 0.001, published as a NIDM-Results pack
 * (incf-nidash, ex_spm_group_ols): resel counts, clusters and peaks as SPM's table has them.
 */
const spm = {
  df: 13,
  resels: [1, 52.0358980508664, 491.877854544175, 1080.61261403256] as Resels,
  voxels: 160_902,
  voxelsPerResel: 136.59011387,
  // [voxels, p uncorrected, p corrected]
  clusters: [
    [120, 0.00104434177016, 0.0208526820077],
    [130, 0.000716872301655, 0.0143612318077],
    [144, 0.0004300789924, 0.00864076784172],
    [168, 0.000185860057407, 0.00374333898481],
    [201, 6.24261969298e-5, 0.00125886915138],
    [344, 9.63976506363e-7, 1.94513362938e-5],
    [565, 4.22104546458e-9, 8.51740362684e-8],
  ],
  // [t, p corrected]
  peaks: [
    [9.01978683472, 0.0472535690597],
    [7.85747480392, 0.193292933876],
    [7.27484846115, 0.324805789402],
    [6.94224119186, 0.429119375951],
    [6.21367645264, 0.715339849593],
    [5.32198143005, 0.970746077807],
    [4.39031887054, 0.999977761192],
  ],
  expectedVoxelsPerCluster: 8.8698558813,
  heightFwe05: 8.97488021321,
  smallestSignificantCluster: 120,
};

describe('random field theory against SPM12’s table of a group', () => {
  // SPM cuts the height 3.85198239 to single precision (3.85198238), which moves the p of clusters by 1e-7.
  const chance = chanceClusters(tQuantile(0.001, spm.df), spm.resels, spm);

  it('gives the p of clusters', () => {
    for (const [voxels, alone, corrected] of spm.clusters) {
      const size = voxels! / spm.voxelsPerResel;
      expect(Math.abs(clusterSizeP(size, chance) / alone! - 1)).toBeLessThan(5e-7);
      expect(Math.abs(clusterP(size, chance) / corrected! - 1)).toBeLessThan(5e-7);
    }
  });

  it('gives the p of peaks: the smaller of random field theory’s and Bonferroni’s', () => {
    for (const [t, corrected] of spm.peaks) {
      expect(voxelP(t!, spm.resels, spm.voxels, spm)).toBeCloseTo(corrected!, 9);
    }
    expect(peakP(9.01978683472, spm.resels, spm)).toBeGreaterThan(0.06);
  });

  it('gives the footer: height for p 0.05, expected cluster, smallest significant cluster', () => {
    expect(voxelHeight(0.05, spm.resels, spm.voxels, spm)).toBeCloseTo(spm.heightFwe05, 6);
    expect(chance.size * spm.voxelsPerResel).toBeCloseTo(spm.expectedVoxelsPerCluster, 6);
    // SPM names the smallest of the clusters that it found.
    const least = criticalExtent(0.05, chance, 1 / spm.voxelsPerResel);
    expect(least).toBeLessThanOrEqual(spm.smallestSignificantCluster);
    expect(clusterP(least / spm.voxelsPerResel, chance)).toBeLessThanOrEqual(0.05);
    expect(clusterP((least - 1) / spm.voxelsPerResel, chance)).toBeGreaterThan(0.05);
  });
});

describe('random fields', () => {
  it('have the expected Euler characteristic of the textbook: 100 resels in a plane', () => {
    // Worsley et al. (1992), J Cereb Blood Flow Metab 12:900: R 4 ln 2 (2 pi)^(-3/2) z exp(-z^2 / 2).
    const plane = (z: number) => 100 * eulerDensities(z, {})[2];
    expect(plane(2.5)).toBeCloseTo(1.93, 2);
    expect(plane(3.8)).toBeCloseTo(0.0489, 3);
  });

  it('of t become those of the normal distribution with many degrees of freedom', () => {
    for (const height of [1.5, 3, 4.5]) {
      const [t, z] = [eulerDensities(height, { df: 1e7 }), eulerDensities(height, {})];
      t.forEach((density, d) => {
        expect(density / z[d]!).toBeCloseTo(1, 4);
      });
    }
  });

  it('of t are derivatives of the tail', () => {
    // The density of dimension 1 is sqrt(4 ln 2) / (2 pi) of (1 + t^2/v)^((1-v)/2): d/dt of it gives that of dimension 2.
    const df = 13;
    const ratio = Math.exp(lnGamma(7) - lnGamma(6.5)) / Math.sqrt(6.5);
    for (const t of [2, 3.3, 5]) {
      const h = 1e-5;
      const slope = (eulerDensities(t + h, { df })[1] - eulerDensities(t - h, { df })[1]) / (2 * h);
      const due = eulerDensities(t, { df })[2];
      const scale = Math.sqrt(4 * Math.log(2)) / Math.sqrt(2 * Math.PI);
      expect((-slope * scale * ratio * (df / (df - 1)) * (1 + (t * t) / df)) / due).toBeCloseTo(1, 6);
      expect(eulerDensities(t, { df })[0]).toBeCloseTo(tTail(t, df), 14);
      expect(eulerDensities(t, {})[0]).toBeCloseTo(normalTail(t), 14);
    }
  });

  it('count the resels of a box: Euler characteristic 1, edges, faces and volume between voxel centres', () => {
    const dim: [number, number, number] = [5, 4, 3];
    const box = Int32Array.from({ length: 60 }, (_, n) => n);
    const [x, y, z] = [4 / 2, 3 / 3, 2 / 4];
    const found = reselCounts(dim, box, [2, 3, 4]);
    [1, x + y + z, x * y + x * z + y * z, x * y * z].forEach((due, d) => {
      expect(found[d]).toBeCloseTo(due, 12);
    });
    expect(reselCounts([4, 1, 1], Int32Array.of(0, 1, 3), [1, 1, 1])).toEqual([2, 1, 0, 0]);
    // A ring: one piece with a hole.
    expect(reselCounts([3, 3, 1], Int32Array.of(0, 1, 2, 3, 5, 6, 7, 8), [1, 1, 1])[0]).toBe(0);
  });

  it('give p that fall with height and with size, and lie between 0 and 1', () => {
    const volume = fc.record({
      df: fc.integer({ min: 5, max: 300 }),
      resels: fc.tuple(
        fc.constant(1),
        fc.double({ min: 1, max: 100, noNaN: true }),
        fc.double({ min: 1, max: 1000, noNaN: true }),
        fc.double({ min: 1, max: 5000, noNaN: true }),
      ),
      height: fc.double({ min: 2.5, max: 6, noNaN: true }),
      size: fc.double({ min: 0.01, max: 5, noNaN: true }),
    });
    fc.assert(
      fc.property(volume, ({ df, resels, height, size }) => {
        const chance = chanceClusters(height, resels, { df });
        const [p, smaller] = [clusterP(size, chance), clusterP(size * 1.1, chance)];
        expect(p).toBeLessThanOrEqual(1);
        expect(smaller).toBeGreaterThanOrEqual(0);
        expect(smaller).toBeLessThanOrEqual(p);
        expect(voxelP(height + 0.1, resels, 1e5, { df })).toBeLessThanOrEqual(voxelP(height, resels, 1e5, { df }));
        const level = voxelP(height, resels, 1e5, { df });
        if (level < 0.5) expect(voxelHeight(level, resels, 1e5, { df })).toBeCloseTo(height, 6);
      }),
    );
  });
});

/** log Gamma by its recurrence from Stirling's series. */
function lnGamma(x: number): number {
  let shift = 0;
  let at = x;
  while (at < 20) shift -= Math.log(at++);
  return shift + (at - 0.5) * Math.log(at) - at + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * at) - 1 / (360 * at ** 3);
}
