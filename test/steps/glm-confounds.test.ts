import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Artifact } from '../../artifacts/artifact.js';
import { readNpy } from '../../artifacts/npy.js';
import { confoundsType } from '../../artifacts/plain-types.js';
import { type ConfoundChoice, type Confounds, confoundProblems } from '../../steps/glm/confound-choices.js';
import { confoundColumns } from '../../steps/glm/confounds.js';
import { describeColumns } from '../../steps/glm/describe-columns.js';
import { scrubbedVolumes } from '../../steps/glm/scrubbing.js';
import { newFolder } from '../support/folders.js';
import { confoundsOf, subjects } from '../support/haxby.js';
import { arrays } from '../support/reference-maps.js';
import { madeArtifact } from '../support/run-step.js';
import { describeShared } from '../support/shared.js';

/** A table whose value in row t of column c is 100 c + t, or what `values` says; with the JSON file beside it, if given. */
async function tableOf(
  columns: readonly string[],
  rows: number,
  values: Readonly<Record<string, readonly (number | string)[]>> = {},
  sidecar?: object,
): Promise<Artifact> {
  const folder = await newFolder('confounds');
  const lines = Array.from({ length: rows }, (_, t) =>
    columns.map((name, c) => values[name]?.[t] ?? 100 * c + t).join('\t'),
  );
  await writeFile(path.join(folder, 'confounds.tsv'), [columns.join('\t'), ...lines].join('\n'));
  if (sidecar) await writeFile(path.join(folder, 'confounds.json'), JSON.stringify(sidecar));
  const found = await confoundsType.input!.resolve({ path: 'confounds.tsv' }, { baseDir: folder, name: 'confounds' });
  return madeArtifact('confounds', found as { files: Record<string, string> });
}

async function chosen(table: Artifact, confounds: Exclude<Confounds, 'none'>, volumes: number, drop = 0) {
  const notes: string[] = [];
  const note = (message: string) => void notes.push(message);
  const columns = await confoundColumns(table, confounds, { volumes, drop, note });
  return { names: columns.map(({ name }) => name), columns: columns.map(({ values }) => [...values]), notes };
}

const six = ['trans_x', 'trans_y', 'trans_z', 'rot_x', 'rot_y', 'rot_z'];

describeShared('motion of the reference data', () => {
  // The reference reads the same text; squares are one multiplication: the same doubles, or one rounding apart.
  test.each(subjects)('run %i: motion6, motion24 and friston24 equal the reference columns', async (subject) => {
    for (const [strategy, name] of [
      ['motion6', 'six'],
      ['motion24', 'derivative24'],
      ['friston24', 'friston24'],
    ] as const) {
      const { shape, data } = await readNpy(path.join(arrays, 'motion', `${name}.npy`));
      const [, volumes, width] = shape as [number, number, number];
      const { columns } = await chosen(confoundsOf(subject), strategy, volumes);
      expect(columns).toHaveLength(width);
      columns.forEach((column, c) => {
        column.forEach((value, t) => {
          const due = data[((subject - 1) * volumes + t) * width + c]!;
          expect(Math.abs(value - due)).toBeLessThanOrEqual(1e-15 * Math.abs(due));
        });
      });
    }
  });
});

describe('confounds by strategy', () => {
  test('motion12 is the six and their differences', async () => {
    const names = [...six, ...six.map((name) => `${name}_derivative1`)];
    const table = await tableOf(['csf', ...names], 3);
    expect((await chosen(table, 'motion12', 3)).names).toEqual(names);
  });

  test('strategies, columns and patterns may be combined; what is chosen twice is taken once', async () => {
    const table = await tableOf([...six, 'csf', 'csf_power2', 'white_matter', 'global_signal', 'edge_comp_00'], 3);
    const { names } = await chosen(table, ['motion6', 'csf', 'wm', 'global', 'csf*', 'edge_*', 'trans_x'], 3);
    expect(names).toEqual([...six, 'csf', 'white_matter', 'global_signal', 'csf_power2', 'edge_comp_00']);
  });

  test('the order of choices plays no part in which columns there are', async () => {
    const table = await tableOf([...six, 'csf', 'white_matter', 'cosine00', 'cosine01', 'a_comp_cor_00'], 4);
    const choices: ConfoundChoice[] = ['friston24', 'csf', 'cosine*', { acompcor: 1 }, 'wm', 'motion6'];
    const due = (await chosen(table, choices, 4)).names.sort();
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(choices, { minLength: choices.length }), async (shuffled) => {
        expect((await chosen(table, shuffled, 4)).names.sort()).toEqual(due);
      }),
      { numRuns: 20 },
    );
  });

  test('one map may stand alone, and hold both strategies with settings', async () => {
    const table = await tableOf(['a_comp_cor_00', 'framewise_displacement'], 3, { framewise_displacement: [0, 9, 0] });
    const { names } = await chosen(table, { acompcor: 1, scrub: { fd: 1 } }, 3);
    expect(names).toEqual(['a_comp_cor_00', 'scrubbed volume 2']);
  });

  test('cosine takes fMRIPrep’s drifts, and none is an error', async () => {
    const table = await tableOf(['cosine00', 'cosine01', 'csf'], 2);
    expect((await chosen(table, 'cosine', 2)).names).toEqual(['cosine00', 'cosine01']);
    await expect(chosen(await tableOf(['csf'], 2), 'cosine', 2)).rejects.toThrow(/no column cosine00, … for "cosine"/);
  });

  test('all that is missing is said at once, with what the file has', async () => {
    const table = await tableOf(['csf', 'a_comp_cor_00', 'a_comp_cor_01', 'a_comp_cor_02', 'rot_x'], 2);
    const choices: ConfoundChoice[] = ['global', { acompcor: 5 }, 'edge_*', 'frston24', { scrub: { fd: 0.5 } }];
    const message = (await chosen(table, choices, 2).catch((error: Error) => error.message)) as string;
    expect(message).toContain('no column global_signal, edge_*, frston24, framewise_displacement');
    expect(message).toContain('csf, a_comp_cor_00 to a_comp_cor_02, rot_x');
    expect(message).toContain('acompcor wants 5 components of the mask combined; the table has 3');
    expect(message).toContain('friston24');
  });

  test('volumes that fMRIPrep marked: none is no error, and those that are dropped are left out', async () => {
    const marks = { motion_outlier00: [1, 0, 0, 0], motion_outlier01: [0, 0, 1, 0] };
    const table = await tableOf(['csf', 'motion_outlier00', 'motion_outlier01'], 4, marks);
    const { names, columns, notes } = await chosen(table, ['motion_outliers', 'non_steady_state'], 4, 1);
    expect(names).toEqual(['motion_outlier01']);
    expect(columns).toEqual([[0, 1, 0]]);
    expect(notes).toEqual(['no columns for "non_steady_state": the table marks no volumes']);
  });

  test('mistakes that need no file are found before anything runs', () => {
    expect(confoundProblems('none')).toEqual([]);
    expect(confoundProblems(['friston24', { scrub: { fd: 1 } }])).toEqual([]);
    expect(confoundProblems({ acompcor: 5, scrub: { fd: 1 } })).toEqual([]);
    expect(confoundProblems({ scrub: { after: 1 } })[0]).toMatchObject({ keys: ['confounds'] });
    expect(confoundProblems(['none', 'csf'])[0]).toMatchObject({ keys: ['confounds', 0] });
    expect(confoundProblems(['csf', { scrub: { after: 1 } }])[0]).toMatchObject({ keys: ['confounds', 1] });
  });

  test('numbered columns are listed as a range', () => {
    expect(describeColumns(['a', 'b_00', 'b_01', 'b_02', 'c1', 'c2', 'd9', 'd11'])).toBe(
      'a, b_00 to b_02, c1, c2, d9, d11',
    );
  });
});

describe('components of aCompCor', () => {
  const mixed = Array.from({ length: 12 }, (_, n) => `a_comp_cor_${String(n).padStart(2, '0')}`);
  const sidecar = Object.fromEntries(
    mixed.map((name, n) => [
      name,
      { Method: 'aCompCor', Mask: n < 4 ? 'combined' : n < 8 ? 'CSF' : 'WM', Retained: true, VarianceExplained: 0.1 },
    ]),
  );

  test('before fMRIPrep 21: the JSON file tells the masks', async () => {
    const table = await tableOf(mixed, 3, {}, { ...sidecar, dropped_0: { Mask: 'WM', Retained: false }, csf: {} });
    expect((await chosen(table, [{ acompcor: 2 }], 3)).names).toEqual(['a_comp_cor_00', 'a_comp_cor_01']);
    const separate: ConfoundChoice = { acompcor: { n: 2, mask: ['CSF', 'WM'] } };
    expect((await chosen(table, [separate], 3)).names).toEqual([
      'a_comp_cor_04',
      'a_comp_cor_05',
      'a_comp_cor_08',
      'a_comp_cor_09',
    ]);
    expect((await chosen(table, [{ acompcor: { n: 'all', mask: 'WM' } }], 3)).names).toEqual(mixed.slice(8));
    await expect(chosen(table, 'acompcor', 3)).rejects.toThrow(/wants 5 components of the mask combined.*has 4/);
  });

  test('later: the names tell the masks', async () => {
    const table = await tableOf([...mixed, 'c_comp_cor_01', 'c_comp_cor_00', 'w_comp_cor_00'], 3);
    expect((await chosen(table, [{ acompcor: { n: 2, mask: 'CSF' } }], 3)).names).toEqual([
      'c_comp_cor_00',
      'c_comp_cor_01',
    ]);
    expect((await chosen(table, 'acompcor', 3)).names).toEqual(mixed.slice(0, 5));
  });

  test('a mask that nothing tells is an error that says what is missing', async () => {
    const table = await tableOf(mixed, 3);
    await expect(chosen(table, [{ acompcor: { n: 1, mask: 'CSF' } }], 3)).rejects.toThrow(/none[\s\S]*JSON file/);
  });

  test('a damaged JSON file is named', async () => {
    const folder = await newFolder('confounds');
    await writeFile(path.join(folder, 'c.tsv'), 'csf\n1\n');
    await writeFile(path.join(folder, 'c.json'), '{');
    const resolved = confoundsType.input!.resolve({ path: 'c.tsv' }, { baseDir: folder, name: 'c' });
    await expect(resolved).rejects.toThrow(/c\.json: not valid JSON/);
  });
});

describe('a value that is missing', () => {
  test('does not matter in rows that are dropped, but in the one whose lag is used', async () => {
    const table = await tableOf([...six, 'pupil'], 6, {
      pupil: ['n/a', 'n/a', 5, 6, 7, 8],
      trans_x: [0, 'n/a', 1, 2, 3, 4],
    });
    expect((await chosen(table, ['pupil'], 6, 2)).columns).toEqual([[5, 6, 7, 8]]);
    await expect(chosen(table, ['pupil'], 6, 1)).rejects.toThrow(/:3 \(pupil\): n\/a in row 2 of pupil/);
    expect((await chosen(table, 'motion6', 6, 2)).columns[0]).toEqual([1, 2, 3, 4]);
    await expect(chosen(table, 'friston24', 6, 2)).rejects.toThrow(/n\/a in row 2 of trans_x/);
    expect((await chosen(table, 'friston24', 6, 3)).columns[0]).toEqual([2, 3, 4]);
  });
});

describe('scrubbing', () => {
  const fd = ['n/a', 0.1, 0.9, 0.1, 0.1, 0.1, 0.6, 0.1, 0.1, 0.1];

  test('makes a column for every volume above a threshold, and says which', async () => {
    const dvars = ['n/a', 1, 1, 1, 2, 1, 1, 1, 1, 1];
    const table = await tableOf(['framewise_displacement', 'std_dvars'], 10, {
      framewise_displacement: fd,
      std_dvars: dvars,
    });
    const { columns, notes } = await chosen(table, [{ scrub: { fd: 0.5, std_dvars: 1.5 } }], 10, 1);
    expect(columns.map((column) => column.indexOf(1))).toEqual([1, 3, 5]);
    for (const column of columns) expect(column.reduce((sum, value) => sum + value)).toBe(1);
    expect(notes).toEqual(['3 of 9 volumes scrubbed: 3, 5, 7 (counted from 1 before any are dropped)']);
  });

  test('takes neighbours and short stretches along', () => {
    const values = Float64Array.from(fd, Number);
    const marked = (settings: object, first = 0) => scrubbedVolumes([{ values, largest: 0.5 }], settings, first);
    expect(marked({})).toEqual([2, 6]);
    expect(marked({ before: 1, after: 2 })).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    // Volumes 0 and 1 are a stretch of 2, volumes 3 to 5 and 7 to 9 of 3.
    expect(marked({ min_segment: 3 })).toEqual([0, 1, 2, 6]);
    expect(marked({ min_segment: 4 })).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    // Of dropped volumes only the neighbours count, and a stretch begins with the first that is used.
    expect(marked({ after: 1 }, 3)).toEqual([3, 6, 7]);
    expect(marked({ min_segment: 3 }, 4)).toEqual([4, 5, 6]);
    expect(scrubbedVolumes([{ values, largest: 1 }], { min_segment: 99 }, 0)).toEqual([]);
  });

  test('a lower threshold never keeps more', () => {
    const series = fc.array(fc.double({ min: 0, max: 2, noNaN: true }), { minLength: 1, maxLength: 40 });
    const small = fc.integer({ min: 0, max: 4 });
    fc.assert(
      fc.property(series, small, small, small, (values, before, after, shortest) => {
        const settings = { before, after, min_segment: shortest };
        const at = (largest: number) => scrubbedVolumes([{ values: Float64Array.from(values), largest }], settings, 0);
        const strict = new Set(at(0.5));
        expect(at(1).every((volume) => strict.has(volume))).toBe(true);
      }),
    );
  });
});
