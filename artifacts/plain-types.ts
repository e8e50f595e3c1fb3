import path from 'node:path';
import type { Artifact, ArtifactType } from './artifact.js';
import { requireFiles } from './check-files.js';
import { componentsBeside } from './confound-components.js';
import { fileInput } from './input-file.js';
import { fileOf } from './meta.js';
import { publishAsIs } from './published.js';
import { readTable } from './table.js';
import { UserError } from './user-error.js';

/* Types that voxreel passes on without looking inside: a movie, a table, any file. */

export const videoType: ArtifactType = {
  name: 'video',
  title: 'movie (mp4, webm, mkv, mov, gif, whatever ffmpeg reads)',
  description: '- `video`: the file as it is. It is read for the first time when frames are decoded.',
  input: fileInput('video', 'The movie.', 'a movie', () => ({ role: 'video' })),
  check: async (produced) => requireFiles(produced, ['video']),
};

export const fileType: ArtifactType = {
  name: 'file',
  title: 'any file',
  description: '- `file`: the file as it is\n- meta: `extension` (`.txt`), so that it keeps its kind among the results',
  input: fileInput('file', 'The file.', 'a file', (file) => ({
    role: 'file',
    meta: { extension: path.extname(file) },
  })),
  check: async (produced) => requireFiles(produced, ['file']),
  async publish(artifact: Artifact, target) {
    const extension = typeof artifact.meta.extension === 'string' ? artifact.meta.extension : '';
    const about = { description: `The file of ${artifact.origin}, unchanged.` };
    return [await publishAsIs(fileOf(artifact, 'file'), target, `file${extension}`, about, artifact.meta)];
  },
};

export const tableType: ArtifactType = {
  name: 'table',
  title: 'table (TSV)',
  description: '- `table.tsv`: tab-separated, a first line of column names, `n/a` where there is no value',
  input: fileInput('table', 'The table (.tsv).', 'a table (.tsv)', () => ({ role: 'table.tsv' })),
  async check(produced) {
    requireFiles(produced, ['table.tsv']);
    await readTable(fileOf(produced, 'table.tsv'));
  },
  async publish(artifact: Artifact, target) {
    const about = { description: `The table of ${artifact.origin}.` };
    return [await publishAsIs(fileOf(artifact, 'table.tsv'), target, 'table.tsv', about, artifact.meta)];
  },
};

export const confoundsType: ArtifactType = {
  name: 'confounds',
  title: 'confounds, one row per volume (fMRIPrep’s TSV)',
  description: [
    '- `confounds.tsv`: one row per volume; columns as fMRIPrep names them (`trans_x` in mm, `rot_x` in rad, `framewise_displacement` in mm, …)',
    '- meta: `components`, where the JSON file beside the table tells which columns are components of which mask (aCompCor)',
    '',
    '`n/a` stands in the first rows of derivatives and of framewise displacement; how a model handles it is said by the `glm` step.',
  ].join('\n'),
  input: fileInput('confounds', 'The table of confounds (.tsv).', 'a table of confounds (.tsv)', async (file) => ({
    role: 'confounds.tsv',
    meta: await componentsBeside(file),
  })),
  async check(produced) {
    requireFiles(produced, ['confounds.tsv']);
    const file = fileOf(produced, 'confounds.tsv');
    if ((await readTable(file)).rows.length === 0) throw new UserError({ message: 'no rows', place: { file } });
  },
  async publish(artifact: Artifact, target) {
    const about = { description: 'Confounds, one row per volume.', units: 'mm (translations), rad (rotations)' };
    return [await publishAsIs(fileOf(artifact, 'confounds.tsv'), target, 'desc-confounds_timeseries.tsv', about)];
  },
};
