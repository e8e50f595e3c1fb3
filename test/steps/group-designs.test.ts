import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { Matrix, pseudoInverse } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import type { Artifact } from '../../artifacts/artifact.js';
import { makeGrid } from '../../artifacts/image.js';
import { readMaps, writeMaps } from '../../artifacts/maps.js';
import { zOfF, zOfT } from '../../numerics/distributions.js';
import { combineStep } from '../../steps/combine/index.js';
import { groupStep } from '../../steps/group/index.js';
import { newFolder } from '../support/folders.js';
import { madeArtifact, runStep } from '../support/run-step.js';

const grid = makeGrid([10, 10, 1], [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1], 1);

/** Effects [kernel][voxel] of one subject as maps; `se` likewise. */
async function mapsOf(label: string, effects: number[][], se?: number[][], df = 50): Promise<Artifact> {
  const flat = (rows: number[][]) => Float64Array.from(rows.flat());
  const produced = await writeMaps(await newFolder('maps'), {
    kind: 'subject',
    statistics: { effect: { units: 'BOLD' }, ...(se && { se: { units: 'BOLD' } }) },
    rows: effects.map((_, k) => ({ name: `k${k + 1}`, layer: 'a', kernel: k + 1, status: 'fitted' })),
    mask: { grid, voxels: Int32Array.from(effects[0]!.keys()) },
    df,
    more: { noise: 'ols' },
    maps: { effect: flat(effects), ...(se && { se: flat(se) }) },
  });
  return madeArtifact('maps', produced, `steps.maps[${label}]`, label);
}

const nameOf = (s: number) => `sub-${String(s + 1).padStart(2, '0')}`;

/** One kernel; `values` [subject][voxel]. */
const oneKernel = (values: number[][]) => Promise.all(values.map((row, s) => mapsOf(nameOf(s), [row])));

async function participantsOf(
  columns: Record<string, readonly (string | number)[]>,
  prefix = 'sub-',
): Promise<Artifact> {
  const names = Object.keys(columns);
  const count = columns[names[0]!]!.length;
  const rows = Array.from({ length: count }, (_, s) => [
    nameOf(s).replace('sub-', prefix),
    ...names.map((name) => columns[name]![s]),
  ]);
  const file = path.join(await newFolder('participants'), 'participants.tsv');
  await writeFile(file, [['participant_id', ...names], ...rows].map((row) => row.join('\t')).join('\n'));
  return madeArtifact('table', { files: { 'table.tsv': file } }, 'participants.tsv');
}

/** Statistics [voxel] of the first kernel. */
async function group(inputs: Record<string, Artifact | Artifact[]>, params: Record<string, unknown>) {
  const problems = groupStep.checkParams!({
    centre: 'mean',
    runs: 'precision',
    dtype: 'float64',
    design: 'one-sample',
    ...params,
  } as never);
  if (problems.length > 0)
    throw new Error(problems.map(({ message, expected }) => `${message}: ${expected}`).join('\n'));
  const { outputs, notes } = await runStep(groupStep, inputs, { dtype: 'float64', ...params });
  const maps = await readMaps(outputs.maps!);
  const read: Record<string, number[]> = {};
  for (const statistic of Object.keys(maps.statistics)) read[statistic] = [...(await maps.readRows(statistic, 0, 1))];
  return { ...read, maps, notes } as typeof read & { maps: typeof maps; notes: readonly string[] };
}

/** Least squares by the pseudo-inverse: shares no code with the step. */
function slowly(
  y: readonly number[],
  columns: readonly (readonly number[])[],
  contrast: readonly (readonly number[])[],
) {
  const design = new Matrix(columns.map((column) => [...column])).transpose();
  const inverse = pseudoInverse(design, 1e-12);
  const beta = inverse.mmul(Matrix.columnVector([...y]));
  const fitted = design.mmul(beta).to1DArray();
  const rss = y.reduce((sum, value, s) => sum + (value - fitted[s]!) ** 2, 0);
  const df = y.length - Math.round(design.mmul(inverse).trace());
  const c = new Matrix(contrast.map((row) => [...row]));
  const effect = c.mmul(beta);
  const unscaled = c.mmul(inverse.mmul(inverse.transpose())).mmul(c.transpose());
  const F = effect.transpose().mmul(pseudoInverse(unscaled)).mmul(effect).get(0, 0) / contrast.length / (rss / df);
  const se = Math.sqrt((rss / df) * unscaled.get(0, 0));
  return { effect: effect.get(0, 0), se, t: effect.get(0, 0) / se, F, df };
}

const statistics = ['effect', 'se', 't', 'z'];

// Worked by hand: sums and squares are whole numbers or short fractions.
describe('group designs, by hand', () => {
  test('two groups of one variance: 1..4 against 3, 5, 7', async () => {
    const fits = await oneKernel([[1], [2], [3], [4], [3], [5], [7]]);
    const participants = await participantsOf({ side: ['b', 'b', 'b', 'b', 'a', 'a', 'a'] });
    const { effect, se, t, maps } = await group(
      { fits, participants },
      { design: 'two-sample', group: 'side', statistics },
    );
    // Means 5 and 2.5; sums of squares 8 and 5, so s^2 = 13/5 and se^2 = 13/5 (1/3 + 1/4) = 91/60.
    expect(effect![0]).toBeCloseTo(2.5, 13);
    expect(se![0]).toBeCloseTo(Math.sqrt(91 / 60), 13);
    expect(t![0]).toBeCloseTo(2.5 / Math.sqrt(91 / 60), 12);
    expect(maps).toMatchObject({ df: 5, n: 7, more: { groups: { a: 3, b: 4 }, tests: 'a - b' } });
    const turned = await group({ fits, participants }, { design: 'two-sample', group: 'side', groups: ['b', 'a'] });
    expect(turned.t![0]).toBeCloseTo(-t![0]!, 12);
  });

  test('two groups, each with its variance, Welch and Satterthwaite', async () => {
    const fits = await oneKernel([[1], [2], [3], [4], [3], [5], [7]]);
    const participants = await participantsOf({ side: ['b', 'b', 'b', 'b', 'a', 'a', 'a'] });
    const params = { design: 'two-sample-welch', group: 'side', statistics: [...statistics, 'df', 'p'] };
    const { effect, se, t, z, df, maps } = await group({ fits, participants }, params);
    // s^2 / n: 4/3 and (5/3)/4 = 5/12; df = (21/12)^2 / ((4/3)^2 / 2 + (5/12)^2 / 3) = 441/137 after multiplying by 144.
    expect(effect![0]).toBeCloseTo(2.5, 13);
    expect(se![0]).toBeCloseTo(Math.sqrt(7 / 4), 13);
    expect(df![0]).toBeCloseTo(441 / (256 / 2 + 25 / 3), 12);
    expect(z![0]).toBeCloseTo(zOfT(t![0]!, df![0]!), 12);
    expect(maps.df).toBeUndefined();
    expect(maps.statistics.t).toEqual({ units: '1' });
  });

  test('pairs: the differences 1, 2, 3, 6', async () => {
    const fits = await oneKernel([[5], [7], [4], [10]]);
    const against = (await oneKernel([[4], [5], [1], [4]])).reverse();
    const { effect, t, maps } = await group({ fits, against }, { design: 'paired', statistics });
    // Mean 3, sum of squares 14, se^2 = 14/3/4.
    expect(effect![0]).toBe(3);
    expect(t![0]).toBeCloseTo(3 / Math.sqrt(14 / 12), 12);
    expect(maps).toMatchObject({ df: 3, n: 4 });
  });

  test('regression on 1..5 of 2, 4, 5, 4, 5', async () => {
    const fits = await oneKernel([[2], [4], [5], [4], [5]]);
    const participants = await participantsOf({ age: [1, 2, 3, 4, 5] }, '');
    const { effect, se, t, maps } = await group(
      { fits, participants },
      { design: 'regression', covariates: ['age'], statistics },
    );
    // Sxy = 6, Sxx = 10, RSS = 6 - 36/10 = 2.4, s^2 = 0.8.
    expect(effect![0]).toBeCloseTo(0.6, 13);
    expect(se![0]).toBeCloseTo(Math.sqrt(0.08), 13);
    expect(t![0]).toBeCloseTo(0.6 / Math.sqrt(0.08), 12);
    expect(maps.df).toBe(3);
    // The mean is that at the mean age when centred, else at age 0: 4 and 4 - 3 * 0.6.
    const mean = { design: 'regression', covariates: ['age'], contrast: 'mean', statistics };
    expect((await group({ fits, participants }, mean)).effect![0]).toBeCloseTo(4, 13);
    expect((await group({ fits, participants }, { ...mean, centre: 'none' })).effect![0]).toBeCloseTo(2.2, 13);
    expect((await group({ fits, participants }, { ...mean, contrast: 'age', centre: 'none' })).t![0]).toBeCloseTo(
      t![0]!,
      12,
    );
  });
});

describe('group designs against slow least squares', () => {
  const ages = [21, 35, 28, 60, 44, 31, 52, 39, 25];
  const scores = [3, 1, 4, 1, 5, 9, 2, 6, 5];
  const sides = ['x', 'y', 'x', 'x', 'y', 'y', 'x', 'y', 'y'];
  const isX = sides.map((side) => (side === 'x' ? 1 : 0));
  const isY = sides.map((side) => (side === 'y' ? 1 : 0));
  const ones = ages.map(() => 1);
  const values = ages.map((age, s) => [
    Math.sin(s * 7) * 2 + age / 30,
    1000 + Math.cos(s * 3),
    isX[s]! * 5 + Math.sin(s * 5),
  ]);
  const inputs = async () => ({
    fits: await oneKernel(values),
    participants: await participantsOf({ age: ages, score: scores, side: sides }),
  });

  test.each([
    [
      'one-sample with covariates',
      { design: 'one-sample', covariates: ['age'], centre: 'none' },
      [ones, ages],
      [[1, 0]],
    ],
    [
      'two-sample with covariates',
      { design: 'two-sample', group: 'side', covariates: ['age', 'score'] },
      [isX, isY, ages, scores],
      [[1, -1, 0, 0]],
    ],
    [
      'a covariate beside groups',
      { design: 'two-sample', group: 'side', covariates: ['age'], contrast: 'age' },
      [isX, isY, ages],
      [[0, 0, 1]],
    ],
    [
      'weights',
      { design: 'regression', covariates: ['age', 'score'], contrast: { age: 10, score: -1 } },
      [ones, ages, scores],
      [[0, 10, -1]],
    ],
  ])('%s', async (_, params, columns, contrast) => {
    const { effect, se, t, z, maps } = await group(await inputs(), { ...params, statistics });
    values[0]!.forEach((_value, v) => {
      const due = slowly(
        values.map((row) => row[v]!),
        columns,
        contrast,
      );
      expect(maps.df).toBe(due.df);
      expect(Math.abs(effect![v]! - due.effect) / due.se).toBeLessThan(1e-9);
      expect(se![v]! / due.se).toBeCloseTo(1, 9);
      expect(t![v]! / due.t).toBeCloseTo(1, 8);
      expect(z![v]).toBeCloseTo(zOfT(t![v]!, due.df), 10);
    });
  });

  test('F over covariates, with its z', async () => {
    const params = {
      design: 'regression',
      covariates: ['age', 'score'],
      contrast: { F: ['age', 'score'] },
      statistics: ['F', 'z', 'p'],
    };
    const { F, z, maps } = await group(await inputs(), params);
    expect(maps.statistics.F).toEqual({ units: '1', df: 6, df1: 2 });
    values[0]!.forEach((_value, v) => {
      const due = slowly(
        values.map((row) => row[v]!),
        [ones, ages, scores],
        [
          [0, 1, 0],
          [0, 0, 1],
        ],
      );
      expect(F![v]! / due.F).toBeCloseTo(1, 8);
      expect(z![v]).toBeCloseTo(zOfF(F![v]!, 2, 6), 10);
    });
    expect((await group(await inputs(), { ...params, statistics: undefined })).F).toBeDefined();
  });
});

describe('fixed effects over runs', () => {
  test('by hand: precision and mean', async () => {
    const fits = [
      await mapsOf('sub-01_run-1', [[2, 4]], [[1, 2]], 30),
      await mapsOf('sub-01_run-2', [[5, 8]], [[2, 2]], 40),
    ];
    const read = async (weights: string) => {
      const { outputs } = await runStep(
        combineStep,
        { fits },
        { weights, dtype: 'float64', statistics: ['effect', 'se', 't', 'z', 'p'] },
      );
      const maps = await readMaps(outputs.maps!);
      expect(maps).toMatchObject({ kind: 'subject', df: 70 });
      return {
        effect: await maps.readRows('effect', 0, 1),
        se: await maps.readRows('se', 0, 1),
        t: await maps.readRows('t', 0, 1),
      };
    };
    const precision = await read('precision');
    // Weights 1 and 1/4: (2 + 5/4) / (5/4) = 2.6, se = sqrt(4/5); equal weights: 6, sqrt(2).
    expect(precision.effect[0]).toBeCloseTo(2.6, 14);
    expect(precision.se[0]).toBeCloseTo(Math.sqrt(0.8), 14);
    expect(precision.effect[1]).toBeCloseTo(6, 14);
    expect(precision.t[1]).toBeCloseTo(6 / Math.sqrt(2), 13);
    const mean = await read('mean');
    expect([...mean.effect]).toEqual([3.5, 6]);
    expect(mean.se[0]).toBeCloseTo(Math.sqrt(5) / 2, 14);
  });

  test('group combines the runs of each subject first, and says so', async () => {
    const runs = [
      await mapsOf('sub-01_run-1', [[2]], [[1]]),
      await mapsOf('sub-01_run-2', [[5]], [[2]]),
      await mapsOf('sub-02', [[1]], [[3]]),
      await mapsOf('sub-03_run-1', [[4]], [[1]]),
      await mapsOf('sub-03_run-2', [[6]], [[1]]),
      await mapsOf('sub-03_run-3', [[8]], [[1]]),
    ];
    const found = await group({ fits: runs }, { statistics });
    const due = await group({ fits: await oneKernel([[2.6], [1], [6]]) }, { statistics });
    expect(found.t![0]).toBeCloseTo(due.t![0]!, 12);
    expect(found.maps).toMatchObject({ n: 3, df: 2 });
    expect(found.notes.join()).toContain('6 fits of 3 subjects: the runs of a subject are combined (precision)');
    const equal = await group({ fits: runs }, { statistics, runs: 'mean' });
    const plain = await group({ fits: await oneKernel([[3.5], [1], [6]]) }, { statistics });
    expect(equal.t![0]).toBeCloseTo(plain.t![0]!, 12);
  });
});

describe('group designs, errors', () => {
  const four = () => oneKernel([[1], [2], [4], [3]]);

  test.each([
    ['no column', { age: [1, 2, 3, 4] }, { covariates: ['weight'] }, /no column "weight"[\s\S]*age/],
    ['no value', { age: [1, 'n/a', 3, 4] }, { covariates: ['age'] }, /sub-02 has no age/],
    ['text', { age: [1, 2, 'old', 4] }, { covariates: ['age'] }, /"old" in row 3/],
    ['constant', { age: [5, 5, 5, 5] }, { covariates: ['age'] }, /cannot be told[\s\S]*same in all subjects/],
    [
      'subjects missing',
      { age: [1, 2, 3] },
      { covariates: ['age'] },
      /1 of 4 subjects are not in the table[\s\S]*sub-04/,
    ],
    [
      'df 0',
      { age: [1, 2, 3, 7], b: [3, 1, 2, 5], c: [1, 0, 0, 2] },
      { covariates: ['age', 'b', 'c'], contrast: 'age' },
      /no degrees of freedom: 4 subjects for 4 columns/,
    ],
  ])('%s', async (_, columns, params, message) => {
    const participants = await participantsOf(columns as Record<string, (string | number)[]>);
    await expect(group({ fits: await four(), participants }, { design: 'regression', ...params })).rejects.toThrow(
      message,
    );
  });

  test('groups that are not two, or have one subject where each needs a variance', async () => {
    const fits = await four();
    const three = { fits, participants: await participantsOf({ g: ['a', 'b', 'c', 'a'] }) };
    await expect(group(three, { design: 'two-sample', group: 'g' })).rejects.toThrow(/"a", "b", "c"[\s\S]*two groups/);
    await expect(group(three, { design: 'two-sample', group: 'g', groups: ['a', 'b'] })).rejects.toThrow(
      /1 subjects are in neither group, the first with "c"/,
    );
    const single = { fits, participants: await participantsOf({ g: ['a', 'b', 'b', 'b'] }) };
    await expect(group(single, { design: 'two-sample-welch', group: 'g' })).rejects.toThrow(
      /one subject in the group a/,
    );
    expect((await group(single, { design: 'two-sample', group: 'g' })).maps.df).toBe(2);
    await expect(group({ fits }, { design: 'two-sample', group: 'g' })).rejects.toThrow(
      /no table of participants is wired/,
    );
  });

  test('pairs without a partner, and lists that have no meaning', async () => {
    const fits = await four();
    await expect(group({ fits, against: fits.slice(1) }, { design: 'paired' })).rejects.toThrow(
      /sub-01 is in fits only/,
    );
    await expect(group({ fits }, { design: 'paired' })).rejects.toThrow(/second list/);
    await expect(group({ fits, against: fits }, {})).rejects.toThrow(/no meaning in the design one-sample/);
  });

  test('parameters that do not go together', async () => {
    const fits = await four();
    await expect(group({ fits }, { design: 'two-sample' })).rejects.toThrow(/needs "group"/);
    await expect(group({ fits }, { group: 'side' })).rejects.toThrow(/"group" has no meaning/);
    await expect(group({ fits }, { design: 'regression' })).rejects.toThrow(/needs "covariates"/);
    await expect(group({ fits }, { design: 'regression', covariates: ['a', 'b'] })).rejects.toThrow(
      /which of the 2 covariates/,
    );
    await expect(group({ fits }, { design: 'two-sample-welch', group: 'g', covariates: ['a'] })).rejects.toThrow(
      /without covariates/,
    );
    await expect(group({ fits }, { contrast: { F: ['mean'] }, statistics: ['t', 'F'] })).rejects.toThrow(
      /an F contrast has no t/,
    );
    await expect(group({ fits }, { contrast: 'age' })).rejects.toThrow(/names "age"/);
  });

  test('maps without effects, or of a group, are refused', async () => {
    const made = await mapsOf('sub-01', [[1]]);
    const of = (meta: object) => ({ ...made, label: 'sub-02', meta: { ...made.meta, ...meta } });
    await expect(group({ fits: [made, of({ kind: 'group' })] }, {})).rejects.toThrow(
      /not those of a subject \(group\)/,
    );
    await expect(group({ fits: [made, of({ statistics: { t: { units: '1' } } })] }, {})).rejects.toThrow(
      /have no effect, only t/,
    );
    await expect(runStep(combineStep, { fits: [made] }, {})).rejects.toThrow(/have no se/);
  });
});

// Numbers with at most three digits, so that equal sums are equal to rounding.
const effect = fc.integer({ min: -999, max: 999 }).map((n) => n / 10);
const few = { numRuns: 12 };

describe('group designs, whatever the numbers', () => {
  const cases = fc.integer({ min: 5, max: 9 }).chain((n) =>
    fc.record({
      values: fc.array(fc.tuple(effect, effect), { minLength: n, maxLength: n }),
      ages: fc.uniqueArray(fc.integer({ min: 18, max: 90 }), { minLength: n, maxLength: n }),
      order: fc.shuffledSubarray([...Array(n).keys()], { minLength: n, maxLength: n }),
    }),
  );
  const designs = [
    { design: 'one-sample' },
    { design: 'regression', covariates: ['age'] },
    { design: 'two-sample', group: 'side', covariates: ['age'] },
    { design: 'two-sample-welch', group: 'side' },
  ];
  const close = (found: readonly number[], due: readonly number[], digits = 7) => {
    found.forEach((value, i) => {
      if (Number.isNaN(due[i])) expect(value).toBeNaN();
      else expect(Math.abs(value - due[i]!)).toBeLessThan(10 ** -digits * Math.max(1, Math.abs(due[i]!)));
    });
  };
  const sidesOf = (n: number) => Array.from({ length: n }, (_, s) => (s % 2 === 0 ? 'a' : 'b'));

  test.each(designs)('permuting subjects changes nothing: $design', async (params) => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ values, ages, order }) => {
        const fits = await oneKernel(values);
        const participants = await participantsOf({ age: ages, side: sidesOf(ages.length) });
        const all = { ...params, statistics: ['effect', 'se', 't'] };
        const [plain, permuted] = [
          await group({ fits, participants }, all),
          await group({ fits: order.map((s) => fits[s]!), participants }, all),
        ];
        for (const statistic of ['effect', 'se']) close(permuted[statistic]!, plain[statistic]!);
        plain.t!.forEach((t, v) => {
          // Effects that a design explains to the last digit leave rounding to test against, in either order.
          if (Math.abs(t) < 1e4) close([permuted.t![v]!], [t]);
        });
      }),
      few,
    );
  });

  test.each(designs)('scaling the effects scales effect and error, and leaves t: $design', async (params) => {
    await fc.assert(
      fc.asyncProperty(cases, fc.constantFrom(-1, 2, 1024, 1 / 64), async ({ values, ages }, scale) => {
        const participants = await participantsOf({ age: ages, side: sidesOf(ages.length) });
        const all = { ...params, statistics: ['effect', 'se', 't'] };
        const plain = await group({ fits: await oneKernel(values), participants }, all);
        const scaled = await group(
          { fits: await oneKernel(values.map((row) => row.map((value) => value * scale))), participants },
          all,
        );
        // Powers of two: every sum is scaled without rounding.
        expect(scaled.effect).toEqual(plain.effect!.map((value) => value * scale));
        expect(scaled.se).toEqual(plain.se!.map((value) => value * Math.abs(scale)));
      }),
      few,
    );
  });

  test('permuting voxels permutes the results; a voxel alone gives the same', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ values, ages }) => {
        const participants = await participantsOf({ age: ages });
        const all = { design: 'regression', covariates: ['age'], statistics: ['effect', 'se', 't'] };
        const plain = await group({ fits: await oneKernel(values), participants }, all);
        const turned = await group({ fits: await oneKernel(values.map(([a, b]) => [b, a])), participants }, all);
        const alone = await group({ fits: await oneKernel(values.map(([a]) => [a])), participants }, all);
        for (const statistic of all.statistics) {
          expect(turned[statistic]).toEqual([...plain[statistic]!].reverse());
          expect(alone[statistic]).toEqual(plain[statistic]!.slice(0, 1));
        }
      }),
      few,
    );
  });

  test.each(designs)('one subject is a clear error: $design', async (params) => {
    const participants = await participantsOf({ age: [30], side: ['a'] });
    await expect(group({ fits: await oneKernel([[1]]), participants }, params)).rejects.toThrow(
      /one subject \(sub-01\)/,
    );
  });

  test.each(designs)('a NaN in one subject is NaN, and only there: $design', async (params) => {
    for (const subject of [0, 3, 5]) {
      const values = [
        [1, 2],
        [2, 5],
        [4, 4],
        [3, 9],
        [8, 1],
        [1, 1],
      ].map((row, s) => (s === subject ? [Number.NaN, row[1]!] : row));
      const participants = await participantsOf({ age: [20, 30, 25, 61, 34, 40], side: sidesOf(6) });
      const { t } = await group({ fits: await oneKernel(values), participants }, { ...params, statistics: ['t'] });
      expect(t![0]).toBeNaN();
      expect(t![1]).not.toBeNaN();
    }
  });

  test.each(designs)('equal subjects leave nothing to test against: $design', async (params) => {
    const participants = await participantsOf({ age: [20, 30, 25, 61, 34, 40], side: sidesOf(6) });
    const { t } = await group(
      { fits: await oneKernel(Array(6).fill([0.1, 1e6])), participants },
      { ...params, statistics: ['t'] },
    );
    expect(t!.every(Number.isNaN)).toBe(true);
  });
});
