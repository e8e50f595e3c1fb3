import path from 'node:path';
import type { Artifact, Produced } from '../../artifacts/artifact.js';
import { fileOf } from '../../artifacts/meta.js';
import { type RegressorsData, readRegressors } from '../../artifacts/regressors.js';
import { readTable, type Table, writeTable } from '../../artifacts/table.js';
import { UserError } from '../../artifacts/user-error.js';
import { many, type StepContext } from '../../engine/step-type.js';
import type { ControlsParams } from './index.js';

export async function run(context: StepContext<ControlsParams>): Promise<Record<string, Produced>> {
  const { inputs, params, workDir } = context;
  const sources = many(inputs, 'regressors');
  const wired = inputs.confounds as Artifact | undefined;
  const table = wired ? await readTable(fileOf(wired, 'confounds.tsv')) : null;
  const columns: { name: string; rows: (number | null)[] }[] = [];
  for (const source of sources) {
    const regressors = await readRegressors(source);
    const rows = rowsOf(regressors, source.origin, table?.rows.length, params);
    requireLength(
      rows.length,
      source.origin,
      table?.rows.length ?? columns[0]?.rows.length,
      wired?.origin ?? sources[0]!.origin,
    );
    const width = regressors.kernels.length;
    regressors.kernels.forEach(({ name }, column) => {
      if (table?.columns.includes(name) || columns.some((other) => other.name === name)) {
        throw new UserError({
          message: `${source.origin} has a regressor ${name}, and there is a column of that name already`,
          expected: 'other names',
        });
      }
      columns.push({
        name,
        rows: rows.map((volume) => (volume === null ? null : regressors.values[volume * width + column]!)),
      });
    });
  }
  const file = path.join(workDir, 'confounds.tsv');
  await writeTable(file, [...(table?.columns ?? []), ...columns.map(({ name }) => name)], rowsWith(table, columns));
  return { confounds: { files: { 'confounds.tsv': file }, ...(wired && { meta: wired.meta }) } };
}

function* rowsWith(table: Table | null, columns: readonly { readonly rows: readonly (number | null)[] }[]) {
  const length = columns[0]!.rows.length;
  for (let row = 0; row < length; row++) yield [...(table?.rows[row] ?? []), ...columns.map(({ rows }) => rows[row]!)];
}

/** For every volume of the image the row of the regressors, or null before the first. */
function rowsOf(
  { aligned, volumes }: RegressorsData,
  origin: string,
  length: number | undefined,
  { drop, samples }: ControlsParams,
): (number | null)[] {
  if (aligned) return Array.from({ length: volumes }, (_, volume) => volume);
  if (samples !== undefined && samples > volumes) {
    throw new UserError({
      message: `"samples" is ${samples}, but ${origin} has ${volumes} values per regressor`,
      expected: `${volumes} at most`,
      keys: ['samples'],
    });
  }
  const used = samples ?? volumes;
  if (length !== undefined && length !== drop + used) {
    const dropped = drop > 0 ? ` (${length} less ${drop} dropped)` : '';
    throw new UserError({
      message: `the table has ${length - drop} rows of confounds${dropped}, ${origin} has ${used} values per regressor`,
      expected: 'the same number',
      hint: 'Give the same "drop" and "samples" as to glm, or place the series in the scan with the step align.',
      keys: [samples === undefined ? 'drop' : 'samples'],
    });
  }
  return Array.from({ length: drop + used }, (_, volume) => (volume < drop ? null : volume - drop));
}

function requireLength(rows: number, origin: string, due: number | undefined, other: string): void {
  if (due === undefined || rows === due) return;
  throw new UserError({
    message: `${origin} has a value for each of ${rows} volumes, ${other} for ${due}`,
    expected: 'the same volumes',
  });
}
