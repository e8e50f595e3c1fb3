import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Artifact } from '../../artifacts/artifact.js';
import { makeGrid } from '../../artifacts/grid.js';
import { writeMaps } from '../../artifacts/maps.js';
import { newFolder } from './folders.js';
import { madeArtifact } from './run-step.js';

const nameOf = (s: number) => `sub-${String(s + 1).padStart(2, '0')}`;

/** Effects of one kernel [item][voxel] as maps of so many subjects, or, with `of`, of runs of one subject. */
export function effectMaps(
  values: readonly (readonly number[])[],
  { se, of }: { se?: readonly (readonly number[])[]; of?: string } = {},
): Promise<Artifact[]> {
  return Promise.all(
    values.map(async (effects, s) => {
      const label = of === undefined ? nameOf(s) : `${of}_run-${s + 1}`;
      const voxels = effects.length;
      const grid = makeGrid([voxels, 1, 1], [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1], 1);
      const produced = await writeMaps(await newFolder('maps'), {
        kind: 'subject',
        statistics: { effect: { units: 'BOLD' }, ...(se && { se: { units: 'BOLD' } }) },
        rows: [{ name: 'a/k1', layer: 'a', kernel: 1, status: 'fitted' }],
        mask: { grid, voxels: Int32Array.from(effects.keys()) },
        df: 50,
        more: { noise: 'ols' },
        maps: { effect: Float64Array.from(effects), ...(se && { se: Float64Array.from(se[s]!) }) },
      });
      return madeArtifact('maps', produced, `steps.maps[${label}]`, label);
    }),
  );
}

/** `participants.tsv` of as many subjects. */
export async function participantsTable(columns: Record<string, readonly (string | number)[]>): Promise<Artifact> {
  const names = Object.keys(columns);
  const rows = columns[names[0]!]!.map((_, s) => [nameOf(s), ...names.map((name) => columns[name]![s])]);
  const file = path.join(await newFolder('participants'), 'participants.tsv');
  await writeFile(file, [['participant_id', ...names], ...rows].map((row) => row.join('\t')).join('\n'));
  return madeArtifact('table', { files: { 'table.tsv': file } }, 'participants.tsv');
}
