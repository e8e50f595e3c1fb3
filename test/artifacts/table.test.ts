import { writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readKernels, writeKernels } from '../../artifacts/kernels.js';
import { numericColumn, readTable, writeTable } from '../../artifacts/table.js';
import { tempFolder } from '../support/folders.js';
import { numericMatrix } from '../support/matrix.js';

const folder = tempFolder();

async function tableFile(text: string): Promise<string> {
  const file = folder.at('t.tsv');
  await writeFile(file, text);
  return file;
}

describe('tables', () => {
  it('keep every double exactly', async () => {
    const value = fc.double({ noNaN: true, noDefaultInfinity: true });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 20 }), async (rows) => {
        await writeTable(folder.at('d.tsv'), ['a', 'b'], rows);
        const table = await readTable(folder.at('d.tsv'));
        // -0 is written as 0: the same number in a table.
        expect([...numericMatrix(table, 'd.tsv')]).toEqual(rows.flat().map((number) => number + 0));
      }),
      { numRuns: 50 },
    );
  });

  it('write what is missing as n/a and read it as NaN', async () => {
    await writeTable(
      folder.at('n.tsv'),
      ['x', 'y'],
      [
        [1, null],
        [Number.NaN, 'text'],
        [Number.POSITIVE_INFINITY, 'a\tb'],
      ],
    );
    const table = await readTable(folder.at('n.tsv'));
    expect(table.rows).toEqual([
      ['1', 'n/a'],
      ['n/a', 'text'],
      ['n/a', 'a b'],
    ]);
    expect([...numericColumn(table, 'x', 'n.tsv')]).toEqual([1, Number.NaN, Number.NaN]);
  });

  it('may have Windows line ends, a byte order mark, empty lines at the end, and quotes', async () => {
    const table = await readTable(await tableFile('\uFEFFa\t"b"\r\n1\t2\r\n\r\n'));
    expect(table).toEqual({ columns: ['a', 'b'], rows: [['1', '2']] });
  });

  it.each([
    ['a row that is too short', 'a\tb\n1\t2\n3\n', /t\.tsv:3: 1 values in this line.*expected: 2/s],
    ['two columns of one name', 'a\ta\n1\t2\n', /two columns are named "a"/],
    ['a column without a name', 'a\t\n1\t2\n', /column 2 has no name/],
    ['nothing', '\n', /empty/],
  ])('with %s are refused with the line', async (_, text, message) => {
    await expect(readTable(await tableFile(text))).rejects.toThrow(message);
  });

  it('say which row and column hold text instead of a number, and which columns there are', async () => {
    const table = await readTable(await tableFile('a\tb\n1\t2\n3\tfour\n'));
    expect(() => numericColumn(table, 'b', 't.tsv')).toThrow(/t\.tsv:3 \(b\): "four" in row 2 of column "b"/);
    expect(() => numericColumn(table, 'c', 't.tsv')).toThrow(/no column "c".*one of: a, b/s);
  });

  it('that are something else are told as what they are', async () => {
    await expect(readTable(await tableFile('a,b\n1,2\n'))).rejects.toThrow(/separated by commas[\s\S]*tabs/);
    await expect(readTable(await tableFile('a;b\n1;2\n'))).rejects.toThrow(/separated by semicolons/);
    // One column whose values may have commas.
    expect((await readTable(await tableFile('note\na, b\nc\n'))).columns).toEqual(['note']);
    await writeFile(folder.at('t.tsv'), gzipSync('a\tb\n'));
    await expect(readTable(folder.at('t.tsv'))).rejects.toThrow(/gzip data where a table is due/);
    await writeFile(folder.at('t.tsv'), Buffer.from('\ufeffa\tb\n1\t2\n', 'utf16le'));
    await expect(readTable(folder.at('t.tsv'))).rejects.toThrow(/UTF-16/);
    await expect(readTable(await tableFile(''))).rejects.toThrow(/the table is empty[\s\S]*a line of column names/);
  });

  it('that do not exist are named', async () => {
    await expect(readTable(folder.at('none.tsv'))).rejects.toThrow(/none\.tsv: file not found/);
    await expect(readTable(folder.path)).rejects.toThrow(/a folder where a file is due/);
  });
});

describe('kernel tables', () => {
  it('keep names, layers, numbers and status', async () => {
    const kernels = [
      { name: 'conv1_1/k1', layer: 'conv1_1', kernel: 1, status: 'fitted' },
      { name: 'own', layer: 'mine', kernel: 2 },
    ];
    await writeKernels(folder.at('k.tsv'), kernels);
    expect(await readKernels(folder.at('k.tsv'))).toEqual(kernels);
  });

  it('refuse a kernel that is listed twice', async () => {
    const file = await tableFile('name\tlayer\tkernel\na\tA\t1\na\tA\t2\n');
    await expect(readKernels(file)).rejects.toThrow(/kernel "a" is listed twice/);
  });
});
