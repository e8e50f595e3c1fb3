import path from 'node:path';
import type { Artifact, Produced, PublishedFile, PublishTarget } from './artifact.js';
import { requireShape } from './check-files.js';
import { type Kernel, readKernels, writeKernels } from './kernels.js';
import { fileOf, numberIn } from './meta.js';
import { type NpyArray, readNpy, writeNpy } from './npy.js';
import { type About, published, publishedPath } from './published.js';
import { numericColumn, readTable, writeTable } from './table.js';
import { UserError } from './user-error.js';

/*
 * Series and regressors as files: an array [row, kernel] with the table of kernels where a step made them, the user's own
 * table or array (own-columns.ts) where they are an input or were written by a program.
 */

type Stem = 'series' | 'regressors';

export interface Columns {
  /** `[row, kernel]`, row-major. */
  readonly values: Float64Array;
  readonly rows: number;
  readonly kernels: readonly Kernel[];
}

/** Reads either form. Throws UserError for values of the user's own that are not numbers. */
export async function readColumns(
  { files, meta = {} }: Pick<Artifact, 'files'> & Produced,
  stem: Stem,
): Promise<Columns> {
  if (!meta.columns) {
    const kernels = await readKernels(fileOf({ files }, 'kernels.tsv'));
    const array = await readNpy(fileOf({ files }, `${stem}.npy`));
    return { values: asFloat64(array), rows: array.shape[0]!, kernels };
  }
  const kernels = meta.columns as unknown as Kernel[];
  const array = files[`${stem}.npy`];
  const file = array ?? files[`${stem}.tsv`] ?? fileOf({ files }, `${stem}.csv`);
  const values = array ? await arrayColumns(file, meta.axes !== undefined) : await tableColumns(file, kernels);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const { name } = kernels[bad % kernels.length]!;
    const row = Math.floor(bad / kernels.length) + 1;
    throw new UserError({
      message: `the value of row ${row} in column "${name}" is ${Number.isNaN(values[bad]) ? 'missing' : 'infinite'}`,
      place: { file, ...(array ? {} : { line: row + 1 }), what: name },
      expected: 'a number in every row: a regressor has no gaps',
    });
  }
  return { values, rows: values.length / kernels.length, kernels };
}

async function arrayColumns(file: string, transposed: boolean): Promise<Float64Array> {
  const array = await readNpy(file);
  const values = asFloat64(array);
  if (!transposed) return values;
  const [columns, rows] = array.shape as [number, number];
  const out = new Float64Array(values.length);
  for (let c = 0; c < columns; c++) for (let r = 0; r < rows; r++) out[r * columns + c] = values[c * rows + r]!;
  return out;
}

async function tableColumns(file: string, kernels: readonly Kernel[]): Promise<Float64Array> {
  const table = await readTable(file, file.endsWith('.csv') ? ',' : '\t');
  const out = new Float64Array(table.rows.length * kernels.length);
  kernels.forEach(({ name }, column) => {
    numericColumn(table, name, file).forEach((value, row) => {
      out[row * kernels.length + column] = value;
    });
  });
  return out;
}

function asFloat64(array: NpyArray): Float64Array {
  return array.data instanceof Float64Array ? array.data : Float64Array.from(array.data);
}

/** Writes the form of a step into `dir`; returns the files by role. */
export async function writeColumns(
  dir: string,
  stem: Stem,
  { values, rows, kernels }: Columns,
): Promise<Produced['files']> {
  const files = { [`${stem}.npy`]: path.join(dir, `${stem}.npy`), 'kernels.tsv': path.join(dir, 'kernels.tsv') };
  await writeNpy(files[`${stem}.npy`]!, [rows, kernels.length], values);
  await writeKernels(files['kernels.tsv']!, kernels);
  return files;
}

/** As many columns as kernels, and a positive time per row. */
export async function checkColumns(produced: Produced, stem: Stem, secondsKey: 'interval' | 'tr'): Promise<void> {
  if (!(numberIn(produced, secondsKey) > 0)) throw new Error(`${secondsKey} must be above 0`);
  if (produced.meta?.columns) {
    await readColumns(produced, stem);
    return;
  }
  const kernels = await readKernels(fileOf(produced, 'kernels.tsv'));
  await requireShape(produced, `${stem}.npy`, [null, kernels.length]);
}

/** A table with a column per kernel, and the table of kernels. */
export async function publishColumns(
  artifact: Artifact,
  stem: Stem,
  target: PublishTarget,
  about: About,
): Promise<readonly PublishedFile[]> {
  const { values, rows, kernels } = await readColumns(artifact, stem);
  const table = publishedPath(target, `${stem}.tsv`);
  const width = kernels.length;
  await writeTable(
    table,
    kernels.map(({ name }) => name),
    Array.from({ length: rows }, (_, row) => [...values.subarray(row * width, (row + 1) * width)]),
  );
  const list = publishedPath(target, 'kernels.tsv');
  await writeKernels(list, kernels);
  const { meta } = artifact;
  return [
    published(table, about, meta),
    published(list, { description: `Layer and number of each column of the ${stem}.` }, meta),
  ];
}
