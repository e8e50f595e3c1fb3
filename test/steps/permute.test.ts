import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Artifact } from '../../artifacts/artifact.js';
import { writeFit } from '../../artifacts/fit.js';
import { makeGrid } from '../../artifacts/grid.js';
import { readMaps, writeMaps } from '../../artifacts/maps.js';
import { readNpy } from '../../artifacts/npy.js';
import { readTable, writeTable } from '../../artifacts/table.js';
import { createPool, type Pool } from '../../numerics/pool.js';
import { Xoshiro128 } from '../../numerics/xoshiro.js';
import { groupStep } from '../../steps/group/index.js';
import { type PermuteParams, permuteStep } from '../../steps/permute/index.js';
import { autoregressive } from '../support/fit-models.js';
import { newFolder } from '../support/folders.js';
import { bytesOf, madeArtifact, runStep } from '../support/run-step.js';

let pool: Pool;
beforeAll(() => {
  pool = createPool(2);
});
afterAll(() => pool.close());

const dim: [number, number, number] = [6, 5, 4];
const voxels = 120;
const grid = makeGrid(dim, [3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1], 4);
const mask = { grid, voxels: Int32Array.from({ length: voxels }, (_, v) => v) };
const rowsOf = (count: number, status = 'fitted') =>
  Array.from({ length: count }, (_, k) => ({ name: `a/k${k + 1}`, layer: 'a', kernel: k + 1, status }));

/** Effects [subject][kernel * voxel] of some subjects, with `shift` added in the first 20 voxels. */
function drawn(subjects: number, kernels: number, seed: number, shift = 0): Float64Array[] {
  const random = new Xoshiro128(seed);
  return Array.from({ length: subjects }, () =>
    Float64Array.from({ length: kernels * voxels }, (_, i) => random.nearlyNormal() + (i % voxels < 20 ? shift : 0)),
  );
}

async function effectsOf(values: readonly Float64Array[], kernels: number, prefix = 'sub-'): Promise<Artifact[]> {
  return Promise.all(
    values.map(async (effect, s) => {
      const label = `${prefix}${String(s + 1).padStart(2, '0')}`;
      const facts = { kind: 'subject', statistics: { effect: { units: '1' } }, rows: rowsOf(kernels), mask } as const;
      return madeArtifact(
        'maps',
        await writeMaps(await newFolder('effects'), { ...facts, maps: { effect } }),
        label,
        label,
      );
    }),
  );
}

async function permuted(inputs: Record<string, Artifact | Artifact[]>, params: Partial<PermuteParams> = {}) {
  const { outputs, notes } = await runStep(permuteStep, inputs, params, { pool });
  const maps = await readMaps(outputs.maps!);
  const all = async (statistic: string) => maps.readRows(statistic, 0, maps.rows.length);
  const nulls = async (name: string) => (await readNpy(outputs.maps!.files[`null_${name}.npy`]!)).data;
  const table = await readTable(outputs.critical!.files['table.tsv']!);
  return { maps, all, nulls, notes, table, artifact: outputs.maps! };
}

describe('permute', () => {
  it('counts all 2^n sign flips of a few subjects: p as a plain enumeration gives it', async () => {
    const effects = drawn(5, 1, 3, 1.5);
    const { maps, all, nulls, notes } = await permuted({ fits: await effectsOf(effects, 1) });
    expect(maps.more?.permutation).toMatchObject({ rearranged: 'signs', count: 32, exact: true, seed: null });
    expect(notes.join()).toContain('all 32 different rearrangements');
    const tOf = (v: number, signs: number) => {
      const values = effects.map((effect, s) => effect[v]! * ((signs >> s) & 1 ? -1 : 1));
      const mean = values.reduce((sum, value) => sum + value, 0) / 5;
      return mean / Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 4 / 5);
    };
    const t = Array.from({ length: 32 }, (_, signs) => Array.from({ length: voxels }, (_, v) => tOf(v, signs)));
    const maxima = t.map((map) => Math.max(...map));
    const found = await nulls('t');
    maxima.forEach((value, signs) => {
      expect(found[signs]).toBeCloseTo(value, 9);
    });
    const [p, uncorrected] = [await all('p_fwe'), await all('p_uncorrected')];
    for (let v = 0; v < voxels; v++) {
      const least = t[0]![v]! - 1e-9;
      expect(p[v]).toBe(maxima.filter((value) => value >= least).length / 32);
      expect(uncorrected[v]).toBe(t.filter((map) => map[v]! >= least).length / 32);
    }
  });

  it('gives clusters one p, and what is in none 1', async () => {
    const { all, maps, table } = await permuted(
      { fits: await effectsOf(drawn(9, 1, 5, 2.5), 1) },
      { permutations: 200, inference: ['voxel', 'extent', 'mass', 'tfce'], cluster_p: 0.01 },
    );
    const height = (maps.more!.permutation as { clusterHeight: number }).clusterHeight;
    // scipy.stats.t.isf(0.01, 8)
    expect(height).toBeCloseTo(2.8964594477096215, 10);
    const t = await all('t');
    for (const name of ['p_fwe_extent', 'p_fwe_mass']) {
      const p = await all(name);
      t.forEach((value, v) => {
        if (value < height) expect(p[v]).toBe(1);
      });
      expect(Math.min(...p)).toBe(1 / 200);
    }
    expect(Math.min(...(await all('p_fwe_tfce')))).toBe(1 / 200);
    const column = (name: string) => table.rows.map((row) => row[table.columns.indexOf(name)]!);
    expect(column('statistic')).toEqual(['t', 'extent', 'mass', 'tfce']);
    expect(Number(column('largest')[0])).toBeCloseTo(Math.max(...t), 12);
    // An extent is a number of voxels.
    for (const name of ['critical_05', 'critical_01']) expect(column(name)[1]).toMatch(/^\d+$/);
    expect(Number(column('p_high')[0])).toBeGreaterThan(Number(column('p_corrected')[0]));
  });

  describe('of every design', () => {
    const participants = async () => {
      const file = `${await newFolder('participants')}/participants.tsv`;
      const rows = Array.from({ length: 10 }, (_, s) => [
        `sub-${String(s + 1).padStart(2, '0')}`,
        s % 3 === 0 ? 'patient' : 'control',
        20 + ((s * 7) % 13),
      ]);
      await writeTable(file, ['participant_id', 'diagnosis', 'age'], rows);
      return madeArtifact('table', { files: { 'table.tsv': file } });
    };
    const designs: { params: Partial<PermuteParams>; rearranged: string }[] = [
      { params: { design: 'one-sample' }, rearranged: 'signs' },
      { params: { design: 'one-sample', covariates: ['age'] }, rearranged: 'signs' },
      { params: { design: 'two-sample', group: 'diagnosis' }, rearranged: 'subjects' },
      { params: { design: 'two-sample', group: 'diagnosis', covariates: ['age'] }, rearranged: 'subjects' },
      { params: { design: 'two-sample', group: 'diagnosis', contrast: 'patient' }, rearranged: 'signs' },
      { params: { design: 'regression', covariates: ['age'] }, rearranged: 'subjects' },
      { params: { design: 'paired' }, rearranged: 'signs' },
    ];
    it.each(designs)('$params: t is that of group, and counts itself among the repetitions', async (one) => {
      const { params, rearranged } = one;
      const fits = await effectsOf(drawn(10, 2, 8), 2);
      const inputs = {
        fits,
        ...(params.design === 'paired' && { against: await effectsOf(drawn(10, 2, 9), 2) }),
        ...((params.group || params.covariates) && { participants: await participants() }),
      };
      const { maps, all, nulls } = await permuted(inputs, { ...params, permutations: 50, inference: ['voxel'] });
      const group = await runStep(groupStep, inputs, { ...params, statistics: ['t'], dtype: 'float64' }, { pool });
      const due = await (await readMaps(group.outputs.maps!)).readRows('t', 0, 2);
      expect(await all('t')).toEqual(due);
      expect(maps.more?.permutation).toMatchObject({ rearranged });
      const [null0, p] = [await nulls('t'), await all('p_fwe')];
      expect(null0[0]).toBe(Math.max(...due.subarray(0, voxels)));
      // Other repetitions are other numbers, of the same size.
      const others = [...null0.subarray(1, 50)];
      expect(new Set(others).size).toBeGreaterThan(40);
      expect(Math.max(...others)).toBeLessThan(40);
      expect(Math.min(...p)).toBeGreaterThanOrEqual(1 / 50);
    });
  });

  it('takes effects of fits as group does, whatever their noise model, and only of the kernels that are named', async () => {
    const time = 24;
    const flat = (series: Float64Array[]) =>
      Float64Array.from(
        series.flatMap((row) => {
          const mean = row.reduce((sum, value) => sum + value, 0) / time;
          return [...row].map((value) => value - mean);
        }),
      );
    for (const noise of ['ols', 'ar1-nilearn', 'ar1']) {
      const fits = [];
      for (let s = 1; s <= 4; s++) {
        const label = `sub-0${s}`;
        const made = await writeFit(await newFolder('fit'), {
          ...{ mask, kernels: rowsOf(5), volumes: time, tr: 2, noise, df: time - 2, rank: 1 },
          regressors: flat(autoregressive(5, time, 0.4, s)),
          bold: flat(autoregressive(voxels, time, 0.3, 100 + s)),
          nuisance: new Float64Array(time).fill(1 / Math.sqrt(time)),
          mean: new Float64Array(voxels),
        });
        fits.push(madeArtifact('fit', made, label, label));
      }
      const { maps, all } = await permuted({ fits }, { kernels: ['a/k4', 'a/k2'], inference: ['voxel'] });
      expect(maps.rows.map(({ name }) => name)).toEqual(['a/k2', 'a/k4']);
      const group = await runStep(groupStep, { fits }, { statistics: ['t'], dtype: 'float64' }, { pool });
      const due = await readMaps(group.outputs.maps!);
      const t = await all('t');
      for (const [row, kernel] of [1, 3].entries()) {
        const own = await due.readRows('t', kernel, kernel + 1);
        // A product of fewer kernels may be summed in another order.
        own.forEach((value, v) => {
          expect(Math.abs(t[row * voxels + v]! - value)).toBeLessThan(1e-9 * (1 + Math.abs(value)));
        });
      }
    }
  });

  it('gives the same bytes on 1, 2 and 4 workers', async () => {
    const fits = await effectsOf(drawn(11, 3, 4), 3);
    const digests = [];
    for (const threads of [1, 2, 4]) {
      const own = createPool(threads);
      const params = { permutations: 300, inference: ['voxel', 'extent', 'mass', 'tfce'], cluster_p: 0.05 };
      const { outputs } = await runStep(permuteStep, { fits }, params, { pool: own });
      digests.push([await bytesOf(outputs.maps!), await bytesOf(outputs.critical!)]);
      await own.close();
    }
    expect(digests[1]).toEqual(digests[0]);
    expect(digests[2]).toEqual(digests[0]);
  });

  it('names kernels one by one or by pattern, and asks for names when there are many', async () => {
    const fits = await effectsOf(drawn(4, 103, 4), 103);
    const names = async (kernels: string[]) =>
      (await permuted({ fits }, { kernels, permutations: 10 })).maps.rows.map(({ name }) => name);
    expect(await names(['a/k3', 'a/k10*'])).toEqual(['a/k3', 'a/k10', 'a/k100', 'a/k101', 'a/k102', 'a/k103']);
    await expect(permuted({ fits })).rejects.toThrow(/103 kernels, and none is named[\s\S]*"kernels: \["\*"\]"/);
    await expect(names(['a/k3', 'conv'])).rejects.toThrow(/no kernel is called "conv"[\s\S]*a\/k1, a\/k2/);
  });

  it('leaves voxels without variance and kernels that were not fitted without p', async () => {
    const effects = drawn(6, 2, 1);
    for (const effect of effects) effect[7] = 3;
    const fits = await effectsOf(effects, 2);
    const other = await writeMaps(await newFolder('effects'), {
      kind: 'subject',
      statistics: { effect: { units: '1' } },
      rows: rowsOf(2).map((row, k) => ({ ...row, status: k === 1 ? 'constant' : 'fitted' })),
      mask,
      maps: { effect: effects[0]! },
    });
    fits[0] = madeArtifact('maps', other, 'sub-01', 'sub-01');
    const { all, notes, table } = await permuted({ fits }, { inference: ['voxel', 'extent', 'mass', 'tfce'] });
    for (const name of ['t', 'p_uncorrected', 'p_fwe', 'p_fwe_extent', 'p_fwe_mass', 'tfce', 'p_fwe_tfce']) {
      const map = await all(name);
      expect(map.findIndex(Number.isNaN)).toBe(7);
      expect(map.subarray(voxels).every(Number.isNaN)).toBe(true);
      expect(map.filter(Number.isNaN).length).toBe(voxels + 1);
    }
    expect(notes).toContain('1 of 2 kernels were not fitted in every subject; left out');
    expect(new Set(table.rows.map((row) => row[0]))).toEqual(new Set(['a/k1']));
  });

  it('rejects too often no more than the level says, in maps of noise', async () => {
    let found = { p_fwe: 0, p_fwe_extent: 0, p_fwe_tfce: 0 };
    const [maps, level] = [100, 0.1];
    const { all } = await permuted(
      { fits: await effectsOf(drawn(8, maps, 17), maps) },
      { permutations: 256, inference: ['voxel', 'extent', 'tfce'], cluster_p: 0.05 },
    );
    for (const name of Object.keys(found) as (keyof typeof found)[]) {
      const p = await all(name);
      const hits = Array.from({ length: maps }, (_, k) =>
        p.subarray(k * voxels, (k + 1) * voxels).some((value) => value <= level),
      );
      found = { ...found, [name]: hits.filter(Boolean).length / maps };
    }
    // Four standard deviations of a share of 100 maps.
    const most = level + 4 * Math.sqrt((level * (1 - level)) / maps);
    for (const share of Object.values(found)) expect(share).toBeLessThan(most);
    expect(found.p_fwe).toBeGreaterThan(0.02);
  });

  it('knows only contrasts of t', () => {
    const problems = permuteStep.checkParams!({
      ...{ design: 'regression', covariates: ['age'], contrast: { F: ['age'] }, centre: 'mean', runs: 'mean' },
    } as unknown as PermuteParams);
    expect(problems.map(({ message }) => message)).toEqual(['an F contrast cannot be permuted']);
  });
});
