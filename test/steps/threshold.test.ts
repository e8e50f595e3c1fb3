import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Artifact } from '../../artifacts/artifact.js';
import { makeGrid } from '../../artifacts/grid.js';
import { writeImage } from '../../artifacts/image.js';
import { readMaps, writeMaps } from '../../artifacts/maps.js';
import { readNpy } from '../../artifacts/npy.js';
import { numericColumn, readTable, type Table, textColumn, writeTable } from '../../artifacts/table.js';
import { tQuantile, tTail } from '../../numerics/distributions.js';
import { createPool, type Pool } from '../../numerics/pool.js';
import { chanceClusters, clusterP, type Resels, voxelP } from '../../numerics/random-field.js';
import { Xoshiro128 } from '../../numerics/xoshiro.js';
import { groupStep } from '../../steps/group/index.js';
import { permuteStep } from '../../steps/permute/index.js';
import { smoothnessStep } from '../../steps/smoothness/index.js';
import { type ThresholdParams, thresholdStep } from '../../steps/threshold/index.js';
import { newFolder } from '../support/folders.js';
import { arrays, referenceGroupMaps } from '../support/reference-maps.js';
import { bytesOf, madeArtifact, runStep } from '../support/run-step.js';
import { describeShared } from '../support/shared.js';

/** Two maps of a line of eight voxels, 2 mm apart, that begins at x = -10 mm. */
async function lineMaps(statistics: Record<string, number[]>, facts: { df?: number; status?: string[] } = {}) {
  const [first] = Object.values(statistics);
  const voxels = 8;
  const rows = first!.length / voxels;
  const grid = makeGrid([voxels, 1, 1], [2, 0, 0, -10, 0, 2, 0, 5, 0, 0, 2, 7, 0, 0, 0, 1], 4);
  const produced = await writeMaps(await newFolder('line'), {
    kind: 'group',
    statistics: Object.fromEntries(
      Object.keys(statistics).map((name) => [name, { units: '1', ...(name === 't' && { df: facts.df ?? 10 }) }]),
    ),
    rows: Array.from({ length: rows }, (_, n) => ({
      name: `conv1_1/k${n + 1}`,
      layer: 'conv1_1',
      kernel: n + 1,
      status: facts.status?.[n] ?? 'fitted',
    })),
    mask: { grid, voxels: Int32Array.from({ length: voxels }, (_, n) => n) },
    maps: Object.fromEntries(Object.entries(statistics).map(([name, values]) => [name, Float64Array.from(values)])),
  });
  return madeArtifact('maps', produced, 'steps.group');
}

let pool: Pool;
beforeAll(() => {
  pool = createPool(2);
});
afterAll(() => pool.close());

async function threshold(
  maps: Artifact,
  params: Record<string, unknown> = {},
  more: Readonly<Record<string, Artifact>> = {},
) {
  const { outputs, notes } = await runStep(thresholdStep, { maps, ...more }, params, { pool });
  const { files, meta } = outputs.thresholded!;
  const array = async (role: string) => [...(await readNpy(files[role]!)).data];
  const tableOf = (role: string) => readTable(files[role]!);
  return {
    meta,
    notes,
    indptr: await array('indptr.npy'),
    voxel: await array('voxel.npy'),
    label: await array('label.npy'),
    table: await tableOf('clusters.tsv'),
    peaks: await tableOf('peaks.tsv'),
    thresholds: await tableOf('thresholds.tsv'),
  };
}

function rowOf(table: Table, row: number): Record<string, string> {
  return Object.fromEntries(table.columns.map((column, n) => [column, table.rows[row]![n]!]));
}

describe('threshold', () => {
  const values = [9, 9, 0, -9, -9, -9, 0, 9];

  it('keeps positive voxels by default, both signs when two-sided', async () => {
    const maps = await lineMaps({ t: values });
    const one = await threshold(maps);
    expect([one.voxel, one.label]).toEqual([
      [0, 1, 7],
      [1, 1, 2],
    ]);
    const two = await threshold(maps, { sides: 'two' });
    expect(two.voxel).toEqual([0, 1, 3, 4, 5, 7]);
    expect(two.label).toEqual([1, 1, -1, -1, -1, 2]);
  });

  it('writes size, volume, peak and centre of mass of each cluster in mm', async () => {
    const { table } = await threshold(await lineMaps({ t: [6, 9, 0, 0, 0, 0, 0, 0] }));
    const { mass, p_uncorrected, ...row } = rowOf(table, 0);
    // What both are above the height together; scipy.stats.t.sf(9, 10).
    expect(Number(mass)).toBeCloseTo(15 - 2 * 4.143700494046624, 12);
    expect(Number(p_uncorrected)).toBeCloseTo(2.0690245248410042e-6, 17);
    expect(row).toEqual({
      name: 'conv1_1/k1',
      layer: 'conv1_1',
      kernel: '1',
      cluster: '1',
      sign: '1',
      voxels: '2',
      volume_mm3: '16',
      peak: '9',
      i: '1',
      j: '0',
      k: '0',
      x: '-8',
      y: '5',
      z: '7',
      // (6 * -10 + 9 * -8) / 15
      centre_x: '-8.8',
      centre_y: '5',
      centre_z: '7',
      p_corrected: 'n/a',
    });
  });

  it('takes the quantile of t with the degrees of freedom of the maps, or of the normal distribution for z', async () => {
    // scipy.stats: t.isf(0.001, 10), t.isf(0.0005, 10), norm.isf(0.001)
    const maps = await lineMaps({ t: values, z: values }, { df: 10 });
    const heightOf = async (...of: Parameters<typeof threshold>) => (await threshold(...of)).meta.threshold;
    expect(await heightOf(maps)).toBeCloseTo(4.143700494046624, 12);
    expect(await heightOf(maps, { sides: 'two' })).toBeCloseTo(4.586893858702636, 12);
    expect(await heightOf(maps, { statistic: 'z' })).toBeCloseTo(3.090232306167813, 12);
  });

  it('takes a threshold in units of the statistic instead', async () => {
    const maps = await lineMaps({ effect: [1, 2, 3, 2, 1, 0, 3, 3] });
    const { voxel, meta } = await threshold(maps, { statistic: 'effect', value: 3 });
    expect(voxel).toEqual([2, 6, 7]);
    expect(meta).toMatchObject({ threshold: 3, p: null, df: null });
  });

  it('gives kernels that were not fitted no cluster and says how many there were', async () => {
    const maps = await lineMaps({ t: [...values, ...values] }, { status: ['constant', 'fitted'] });
    const { indptr, notes } = await threshold(maps);
    expect(indptr).toEqual([0, 0, 3]);
    expect(notes).toEqual(['1 of 2 kernels were left out of the fit and count as not activating']);
  });

  it('leaves out small clusters', async () => {
    expect((await threshold(await lineMaps({ t: values }), { min_extent: 2 })).voxel).toEqual([0, 1]);
  });

  it('names the statistics that the maps hold when it is asked for another', async () => {
    const maps = await lineMaps({ t: values, z: values });
    await expect(threshold(maps, { statistic: 'f', value: 1 })).rejects.toThrow(
      /no map of the statistic "f"[\s\S]*t, z/,
    );
  });

  it('asks for a value where p cannot give a threshold', () => {
    const check = (params: object) =>
      thresholdStep.checkParams!({
        statistic: 't',
        correction: 'none',
        family: 'map',
        sides: 'one',
        ...params,
      } as ThresholdParams).map(({ keys }) => keys);
    expect(check({})).toEqual([]);
    expect(check({ statistic: 'effect' })).toEqual([['statistic']]);
    expect(check({ statistic: 'effect', value: 2 })).toEqual([]);
    expect(check({ p: 0.6 })).toEqual([['p']]);
    expect(check({ correction: 'fdr', value: 2 })).toEqual([['value']]);
    expect(check({ correction: 'tfce', statistic: 'z' })).toEqual([['statistic']]);
    expect(check({ correction: 'rft-cluster', family: 'all' })).toEqual([['family']]);
    expect(check({ family: 'all' })).toEqual([['family']]);
    expect(check({ statistic: 'F', sides: 'two' })).toEqual([['sides']]);
  });

  describe('peaks', () => {
    it('are the highest local maxima of a cluster that are far enough apart', async () => {
      const maps = await lineMaps({ t: [6, 9, 7, 8, 6.5, 7.5, 6, 7] });
      const voxels = async (params: Record<string, unknown>) => {
        const { peaks } = await threshold(maps, params);
        return peaks.rows.map((_, n) => [rowOf(peaks, n).peak, rowOf(peaks, n).i].map(Number));
      };
      // Maxima at 1, 3, 5 and 7, 2 mm a voxel.
      expect(await voxels({ peaks: 9, peak_distance: 0 })).toEqual([
        [1, 1],
        [2, 3],
        [3, 5],
        [4, 7],
      ]);
      expect(await voxels({ peaks: 2, peak_distance: 0 })).toEqual([
        [1, 1],
        [2, 3],
      ]);
      expect(await voxels({})).toEqual([
        [1, 1],
        [2, 5],
      ]);
      expect(await voxels({ peaks: 1 })).toEqual([[1, 1]]);
    });

    it('of a flat top are its first voxel, and of negative clusters the lowest', async () => {
      const { peaks } = await threshold(await lineMaps({ t: [7, 7, 7, 0, -5, -8, -6, 0] }), { sides: 'two' });
      expect(peaks.rows.map((_, n) => rowOf(peaks, n)).map(({ cluster, i, value }) => [cluster, i, value])).toEqual([
        ['-1', '5', '-8'],
        ['1', '0', '7'],
      ]);
    });

    it('and clusters are named by an atlas', async () => {
      const dir = await newFolder('atlas');
      const grid = makeGrid([8, 1, 1], [2, 0, 0, -10, 0, 2, 0, 5, 0, 0, 2, 7, 0, 0, 0, 1], 4);
      const image = `${dir}/atlas.nii.gz`;
      await writeImage(image, {
        grid,
        datatype: 'int16',
        data: Int16Array.of(1, 1, 2, 2, 0, 0, 0, 2),
        description: '',
      });
      await writeTable(
        `${dir}/labels.tsv`,
        ['index', 'name'],
        [
          [1, 'left'],
          [2, 'right'],
        ],
      );
      const atlas = madeArtifact('atlas', { files: { 'atlas.nii.gz': image, 'labels.tsv': `${dir}/labels.tsv` } });
      const maps = await lineMaps({ t: [6, 9, 7, 5, 5, 0, 6, 0] });
      const { table, peaks } = await threshold(maps, {}, { atlas });
      expect([0, 1].map((n) => [rowOf(table, n).region, rowOf(table, n).regions])).toEqual([
        ['left', 'left 40 %; right 40 %; none 20 %'],
        ['n/a', 'none 100 %'],
      ]);
      expect(rowOf(peaks, 0).region).toBe('left');
      const other = makeGrid([7, 1, 1], grid.affine, 4);
      await writeImage(image, { grid: other, datatype: 'int16', data: new Int16Array(7), description: '' });
      await expect(threshold(maps, {}, { atlas })).rejects.toThrow(/grid/);
    });
  });

  describe('corrected', () => {
    // Three maps of noise with a little in them; df 10.
    const t = Array.from({ length: 24 }, (_, n) => 3 * Math.sin(n * n) + (n % 8 < 3 ? 3 + n / 10 : 0));
    const p = t.map((value) => tTail(value, 10));

    it.each(['fdr', 'fdr-by', 'bonferroni'] as const)(
      '%s: what the definition keeps, in each map or in all',
      async (correction) => {
        const maps = await lineMaps({ t });
        for (const family of ['map', 'all'] as const) {
          const { voxel, indptr, peaks, thresholds, meta } = await threshold(maps, {
            correction,
            family,
            p: 0.05,
            peaks: 8,
            peak_distance: 0,
          });
          const groups = family === 'all' ? [p] : [p.slice(0, 8), p.slice(8, 16), p.slice(16)];
          const adjusted = groups.flatMap((group) => {
            const factor = correction === 'fdr-by' ? group.reduce((sum, _, i) => sum + 1 / (i + 1), 0) : 1;
            const sorted = [...group].sort((a, b) => a - b);
            return group.map((value) => {
              if (correction === 'bonferroni') return Math.min(1, group.length * value);
              const rank = sorted.indexOf(value);
              return Math.min(
                1,
                ...sorted.slice(rank).map((later, i) => (later * group.length * factor) / (rank + i + 1)),
              );
            });
          });
          const kept = voxel.map((v, entry) => v + 8 * indptr.findIndex((end) => entry < end) - 8);
          expect(kept).toEqual(adjusted.flatMap((value, n) => (value <= 0.05 ? [n] : [])));
          expect(kept.length).toBeGreaterThan(2);
          for (const [n, row] of peaks.rows.entries()) {
            const at = 8 * (Number(rowOf(peaks, n).kernel) - 1) + Number(rowOf(peaks, n).i);
            expect(Number(row[peaks.columns.indexOf('p_corrected')])).toBeCloseTo(adjusted[at]!, 12);
            expect(Number(row[peaks.columns.indexOf('p_uncorrected')])).toBeCloseTo(p[at]!, 12);
          }
          expect(thresholds.rows.map((_, n) => Number(rowOf(thresholds, n).voxels))).toEqual(
            [0, 1, 2].map((row) => indptr[row + 1]! - indptr[row]!),
          );
          expect(meta).toMatchObject({ correction, family, p: 0.05 });
        }
      },
    );

    it('finds nothing where nothing passes, and says so', async () => {
      const maps = await lineMaps({ t: [0.1, 0.2, 0, -1, -2, 0, 0.3, 0.4] });
      for (const correction of ['fdr', 'bonferroni']) {
        const { voxel, notes, thresholds } = await threshold(maps, { correction });
        expect(voxel).toEqual([]);
        expect(notes.join()).toContain('1 of 1 maps have no voxel above the threshold');
        expect(rowOf(thresholds, 0).voxels).toBe('0');
      }
    });

    it('takes F by both its degrees of freedom', async () => {
      // scipy.stats.f.isf(0.001, 3, 20)
      const values = [9, 8.1, 8.09, 7, 1, 0, 0, 0];
      const maps = await lineMaps({ F: values });
      const facts = { ...maps.meta, statistics: { F: { units: '1', df: 20, df1: 3 } } };
      const { voxel, meta } = await threshold({ ...maps, meta: facts } as Artifact, { statistic: 'F' });
      expect(meta.threshold).toBeCloseTo(8.098379786583402, 11);
      expect(voxel).toEqual([0, 1]);
    });
  });

  describe('by permutation', () => {
    const dim: [number, number, number] = [9, 8, 7];
    const voxels = 504;
    const grid = makeGrid(dim, [3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1], 4);
    const mask = { grid, voxels: everyVoxel(voxels) };
    const rows = [1, 2].map((k) => ({ name: `a/k${k}`, layer: 'a', kernel: k, status: 'fitted' }));
    const inference = ['voxel', 'extent', 'mass', 'tfce'];
    let fits: Artifact[];
    let permuted: Record<'one' | 'two', Artifact>;

    beforeAll(async () => {
      const random = new Xoshiro128(11);
      fits = await Promise.all(
        Array.from({ length: 12 }, async (_, s) => {
          const effect = Float64Array.from({ length: 2 * voxels }, (_, i) => {
            const v = i % voxels;
            const [x, y, z] = [v % 9, Math.floor(v / 9) % 8, Math.floor(v / 72)];
            const blob = i < voxels && x < 4 && y < 3 && z < 3 ? 1.6 : x > 6 && y > 5 && z > 4 ? -1.6 : 0;
            return blob + random.nearlyNormal();
          });
          const facts = { kind: 'subject', statistics: { effect: { units: '1' } }, rows, mask } as const;
          const label = `sub-${String(s + 1).padStart(2, '0')}`;
          const made = await writeMaps(await newFolder('effect'), { ...facts, maps: { effect } });
          return madeArtifact('maps', made, label, label);
        }),
      );
      const of = async (sides: 'one' | 'two') =>
        (await runStep(permuteStep, { fits }, { sides, inference, permutations: 300, cluster_p: 0.02 }, { pool }))
          .outputs.maps!;
      permuted = { one: await of('one'), two: await of('two') };
    });

    const cases = (['one', 'two'] as const).flatMap((sides) =>
      (
        [
          ['fwe-voxel', 'p_fwe'],
          ['fwe-cluster-extent', 'p_fwe_extent'],
          ['fwe-cluster-mass', 'p_fwe_mass'],
          ['tfce', 'p_fwe_tfce'],
        ] as const
      ).map(([correction, statistic]) => ({ sides, correction, statistic })),
    );
    it.each(cases)('$correction, $sides-sided: keeps what has a p of at most the level', async (one) => {
      const { sides, correction, statistic } = one;
      const maps = permuted[sides];
      const stored = await readMaps(maps);
      const [p, t] = [await stored.readRows(statistic, 0, 2), await stored.readRows('t', 0, 2)];
      for (const level of [0.05, 0.2]) {
        const found = await threshold(maps, { correction, sides, p: level });
        const { voxel, label, indptr, table, peaks, meta, thresholds } = found;
        // Under TFCE no height of t decides.
        const height = rowOf(thresholds, 0).height!;
        expect(Number.isNaN(Number(height))).toBe(correction === 'tfce');
        const kept = voxel.map((v, entry) => v + (entry < indptr[1]! ? 0 : voxels));
        const due = [...p.keys()].filter((n) => p[n]! <= level + 1e-12 && (sides === 'two' || t[n]! > 0));
        expect(kept).toEqual(due);
        expect(kept.length).toBeGreaterThan(0);
        expect(meta).toMatchObject({ correction, p: level });
        for (const n of table.rows.keys()) {
          const row = rowOf(table, n);
          const first = (Number(row.kernel) - 1) * voxels;
          const own = kept.filter((at, e) => label[e] === Number(row.cluster) && at >= first && at < first + voxels);
          expect(Number(row.p_corrected)).toBe(Math.min(...own.map((at) => p[at]!)));
          expect(Number(row.p_low)).toBeLessThan(Number(row.p_corrected));
          expect(Number(row.p_high)).toBeGreaterThan(Number(row.p_corrected));
        }
        const cluster = correction.includes('cluster');
        for (const n of peaks.rows.keys()) {
          const row = rowOf(peaks, n);
          const at = Number(row.i) + 9 * (Number(row.j) + 8 * Number(row.k)) + voxels * (Number(row.kernel) - 1);
          expect(row.p_corrected).toBe(cluster ? 'n/a' : String(p[at]!));
        }
      }
    });

    it('corrects over all maps together by the largest of all', async () => {
      const { nulls } = { nulls: (await readNpy(permuted.one.files['null_t.npy']!)).data };
      const largest = Array.from({ length: 300 }, (_, i) => Math.max(nulls[i]!, nulls[300 + i]!));
      const t = await (await readMaps(permuted.one)).readRows('t', 0, 2);
      const p = t.map((value) => largest.filter((other) => other >= value - 1e-9 * Math.abs(value)).length / 300);
      const { voxel, indptr } = await threshold(permuted.one, { correction: 'fwe-voxel', family: 'all', p: 0.1 });
      const kept = voxel.map((v, entry) => v + (entry < indptr[1]! ? 0 : voxels));
      expect(kept).toEqual([...p.keys()].filter((n) => p[n]! <= 0.1));
    });

    it('asks for permutations of the kind, sides and connectivity that are meant', async () => {
      const plain = (await runStep(groupStep, { fits }, {}, { pool })).outputs.maps!;
      const of = (maps: Artifact, params: Record<string, unknown>) => expect(threshold(maps, params)).rejects;
      await of(plain, { correction: 'fwe-voxel' }).toThrow(/no permutations[\s\S]*the step "permute"/);
      await of(permuted.two, { correction: 'tfce' }).toThrow(/permuted two-sided[\s\S]*sides: two/);
      await of(permuted.one, { correction: 'fwe-cluster-mass', connectivity: 26 }).toThrow(/connectivity 18/);
      const voxelOnly = await runStep(permuteStep, { fits }, { inference: ['voxel'], permutations: 20 }, { pool });
      await of(voxelOnly.outputs.maps!, { correction: 'tfce' }).toThrow(/"tfce" under "inference"/);
    });

    it('by random fields: heights and extents of the smoothness of each map', async () => {
      const smoothness = (await runStep(smoothnessStep, { fits }, {}, { pool })).outputs.table!;
      const rowsOfTable = await readTable(smoothness.files['table.tsv']!);
      const row = rowOf(rowsOfTable, 0);
      const resels = [0, 1, 2, 3].map((d) => Number(row[`resels_${d}`])) as unknown as Resels;
      expect(resels[0]).toBe(1);
      // White noise: a width of about one voxel.
      expect(Number(row.fwhm_x)).toBeGreaterThan(1);
      expect(Number(row.fwhm_x)).toBeLessThan(1.6);
      expect(Number(row.fwhm_x_mm)).toBeCloseTo(3 * Number(row.fwhm_x), 12);
      const maps = permuted.one;
      const voxel = await threshold(maps, { correction: 'rft-voxel' }, { smoothness });
      const height = Number(rowOf(voxel.thresholds, 0).height);
      expect(voxelP(height, resels, voxels, { df: 11 })).toBeCloseTo(0.05, 9);
      for (const n of voxel.table.rows.keys()) expect(Number(rowOf(voxel.table, n).p_corrected)).toBeLessThan(0.05);
      const cluster = await threshold(maps, { correction: 'rft-cluster', cluster_p: 0.005 }, { smoothness });
      const least = Number(rowOf(cluster.thresholds, 0).min_extent);
      const perVoxel = 1 / (Number(row.fwhm_x) * Number(row.fwhm_y) * Number(row.fwhm_z));
      const chance = chanceClusters(tQuantile(0.005, 11), resels, { df: 11 });
      expect(clusterP(least * perVoxel, chance)).toBeLessThanOrEqual(0.05);
      expect(clusterP((least - 1) * perVoxel, chance)).toBeGreaterThan(0.05);
      for (const n of cluster.table.rows.keys()) {
        const found = rowOf(cluster.table, n);
        if (found.kernel !== '1') continue;
        expect(Number(found.voxels)).toBeGreaterThanOrEqual(least);
        expect(Number(found.p_corrected)).toBeCloseTo(clusterP(Number(found.voxels) * perVoxel, chance), 12);
      }
      await expect(threshold(maps, { correction: 'rft-cluster' })).rejects.toThrow(/needs the smoothness/);
      const one = (await runStep(smoothnessStep, { fits }, { kernels: ['a/k2'] }, { pool })).outputs.table!;
      await expect(threshold(maps, { correction: 'rft-voxel' }, { smoothness: one })).rejects.toThrow(
        /no row for "a\/k1"/,
      );
    });
  });

  it('gives the same bytes on 1, 2 and 4 workers', async () => {
    // 60 maps of 80,000 voxels of float32 are two blocks of maps, of other lengths.
    const dim = [50, 40, 40] as const;
    const count = dim[0] * dim[1] * dim[2];
    const mask = {
      grid: makeGrid(dim, [3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1], 1),
      voxels: everyVoxel(count),
    };
    const t = Float32Array.from({ length: 60 * count }, (_, n) => 4 * Math.sin(n * 0.37) * Math.cos(n * 0.0113));
    const rows = Array.from({ length: 60 }, (_, n) => ({ name: `k${n}`, layer: 'A', kernel: n + 1 }));
    const facts = { kind: 'group', statistics: { t: { units: '1', df: 20 } }, rows, mask, maps: { t } } as const;
    const maps = madeArtifact('maps', await writeMaps(await newFolder('many'), facts));
    const digests = [];
    for (const threads of [1, 2, 4]) {
      const own = createPool(threads);
      const { outputs } = await runStep(thresholdStep, { maps }, { sides: 'two' }, { pool: own });
      digests.push(await bytesOf(outputs.thresholded!));
      await own.close();
    }
    expect(digests[1]).toEqual(digests[0]);
    expect(digests[2]).toEqual(digests[0]);
  });
});

function everyVoxel(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, n) => n);
}

describeShared('threshold against scipy.ndimage.label of the group maps', () => {
  let maps: Artifact;
  let reference: string[][];
  beforeAll(async () => {
    maps = await referenceGroupMaps();
    reference = (await readTable(path.join(arrays, 'group', 'clusters.tsv'))).rows;
  });

  const cases = [0.001, 0.01, 0.05].flatMap((p) =>
    (['one', 'two'] as const).flatMap((sides) => [6, 18, 26].map((connectivity) => ({ p, sides, connectivity }))),
  );
  it.each(cases)('gives the cluster table for p $p, $sides-sided, connectivity $connectivity', async (rule) => {
    const expected = reference
      .filter((row) => Number(row[1]) === rule.p && row[2] === (rule.sides === 'two' ? 'True' : 'False'))
      .filter((row) => Number(row[3]) === rule.connectivity)
      .map((row) => [row[0]!, ...row.slice(4)].map(Number));
    const { table } = await threshold(maps, rule);
    const columns = ['kernel', 'sign', 'voxels', 'i', 'j', 'k', 'x', 'y', 'z', 'peak'];
    const found = columns.map((name) => numericColumn(table, name, 'clusters.tsv'));
    expect(table.rows.length).toBe(expected.length);
    expect(textColumn(table, 'name', 'clusters.tsv')[0]).toBe(`k${String(expected[0]![0]).padStart(2, '0')}`);
    for (const [n, row] of expected.entries()) {
      // Counts, indices and peak values exactly; mm to the rounding of one product with the affine.
      for (const [c, value] of row.entries()) expect(found[c]![n]).toBeCloseTo(value, c >= 6 && c <= 8 ? 10 : 15);
    }
  });
});
