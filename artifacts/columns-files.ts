import type { Artifact, Produced, PublishedFile, PublishTarget } from './artifact.js';
import { requireShape } from './check-files.js';
import { readKernels, writeKernels } from './kernels.js';
import { fileOf, numberIn } from './meta.js';
import { readColumns } from './own-columns.js';
import { type About, published, publishedPath } from './published.js';
import { writeTable } from './table.js';

/** What a step produced as series or regressors: as many columns as kernels, and a positive time per row. */
export async function checkColumns(
  produced: Produced,
  stem: 'series' | 'regressors',
  secondsKey: 'interval' | 'tr',
): Promise<void> {
  const kernels = await readKernels(fileOf(produced, 'kernels.tsv'));
  await requireShape(produced, `${stem}.npy`, [null, kernels.length]);
  if (!(numberIn({ meta: produced.meta ?? {} }, secondsKey) > 0)) throw new Error(`${secondsKey} must be above 0`);
}

/** A table with a column per kernel, and the table of kernels. */
export async function publishColumns(
  artifact: Artifact,
  stem: 'series' | 'regressors',
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
