import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Artifact, ArtifactType, PublishedFile, PublishTarget } from './artifact.js';
import { requireFiles } from './check-files.js';
import { linkOrCopy } from './link.js';
import { fileOf, metaOf } from './meta.js';
import { type About, publishAsIs, published, publishedPath } from './published.js';
import { type ReversalPicture, type ReversalRegion, readReversal } from './reversal-data.js';
import { readTable, writeTable } from './table.js';
import { UserError } from './user-error.js';

const tables: Readonly<Record<string, About>> = {
  'regions.tsv': { description: 'Regions with the number of their voxels, subjects, peaks, and their kernels.' },
  'series.tsv': {
    description:
      'Per volume: mean BOLD series of each region over subjects (region:…), its standard deviation over subjects (spread:…), series of the kernels (kernel:…).',
    units: 's (time), 1 (standardised series), arbitrary (kernels)',
  },
  'peaks.tsv': {
    description: 'Peaks of the region series, and the moment and frame of the movie that each points to.',
    units: 's (times), 1 (height, prominence)',
  },
  'subjects.tsv': { description: 'Mean BOLD in each region, per subject and volume.', units: 'arbitrary (scanner)' },
};

const required = ['regions.tsv', 'series.tsv', 'peaks.tsv'];

async function publish(artifact: Artifact, target: PublishTarget): Promise<readonly PublishedFile[]> {
  const { delay, subjects, signal } = artifact.meta;
  const facts = metaOf({ Delay: delay, Subjects: subjects, Signal: signal });
  const files: PublishedFile[] = [];
  for (const [role, about] of Object.entries(tables)) {
    if (!artifact.files[role]) continue;
    files.push(await publishAsIs(fileOf(artifact, role), target, role, { ...about, facts }, artifact.meta));
  }
  if (artifact.files['regions.nii.gz']) {
    const about = { description: 'Regions: index at each voxel, 0 for none.', units: '1', facts };
    files.push(
      await publishAsIs(fileOf(artifact, 'regions.nii.gz'), target, 'regions_dseg.nii.gz', about, artifact.meta),
    );
  }
  return [...files, ...(await publishPictures(artifact, target))];
}

/** The pictures keep their names below `<stem>_pictures/`; the table of pictures names them as they are called there. */
async function publishPictures(artifact: Artifact, target: PublishTarget): Promise<PublishedFile[]> {
  const files: PublishedFile[] = [];
  if (artifact.files['pictures.tsv']) {
    const table = await readTable(artifact.files['pictures.tsv']);
    const column = table.columns.indexOf('file');
    const file = publishedPath(target, 'pictures.tsv');
    const rows = table.rows.map((row) =>
      row.map((value, at) => (at === column && artifact.files[value] ? `${target.stem}_${value}` : value)),
    );
    await writeTable(file, table.columns, rows);
    files.push(
      published(file, { description: 'What each picture shows: region, peak, frame, kernel.' }, artifact.meta),
    );
  }
  const { pictures, regions } = await readReversal(artifact);
  for (const role of picturesOf(artifact)) {
    const file = publishedPath(target, role);
    await mkdir(path.dirname(file), { recursive: true });
    await linkOrCopy(fileOf(artifact, role), file);
    files.push(published(file, pictureAbout(role, pictures, regions), artifact.meta));
  }
  return files;
}

/** A picture that several peaks lead to is described by the first. */
function pictureAbout(role: string, pictures: readonly ReversalPicture[], regions: readonly ReversalRegion[]): About {
  const shown = pictures.find(({ file }) => file === role);
  if (!shown)
    return { description: 'All pictures at the peaks of a region: frames, feature maps and overlays of its kernels.' };
  const { kind, kernel, region, peak, frame, maximum } = shown;
  const what = kernel === null ? kind : `${kind} of kernel ${kernel}`;
  const peaks = regions.find(({ name }) => name === region)?.peaks;
  const time = peaks?.find(({ number }) => number === peak)?.stimulusTime;
  return {
    description: `${what.charAt(0).toUpperCase()}${what.slice(1)} at peak ${peak} of region ${region}.`,
    facts: metaOf({ Frame: frame, StimulusTime: time, Maximum: maximum ?? undefined }),
  };
}

function picturesOf({ files }: Pick<Artifact, 'files'>): string[] {
  return Object.keys(files)
    .filter((role) => role.endsWith('.png'))
    .sort();
}

export const reversalType: ArtifactType = {
  name: 'reversal',
  title: 'reverse analysis: region series, peaks, and what the movie showed',
  description: [
    ...Object.entries(tables).map(([role, { description }]) => `- \`${role}\`: ${description}`),
    '- `regions.nii.gz`: index of the region at each voxel',
    '- `montage/region-….png`: all pictures of a region on one sheet',
    '- `pictures/….png` and `pictures.tsv` (region, peak, frame, kernel, kind, file, maximum), where the movie was given',
    '- meta: `delay` (s), `tr` (s), `subjects`, the rule for peaks',
  ].join('\n'),
  async check(produced) {
    requireFiles(produced, required);
    if (!produced.files['pictures.tsv']) return;
    const { columns, rows } = await readTable(produced.files['pictures.tsv']);
    const lost = rows.map((row) => row[columns.indexOf('file')]!).find((file) => !produced.files[file]);
    if (lost !== undefined) throw new UserError({ message: `pictures.tsv names ${lost}, which was not made` });
  },
  publish,
};
