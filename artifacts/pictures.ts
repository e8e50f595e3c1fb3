import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Artifact, ArtifactType, PublishedFile, PublishTarget } from './artifact.js';
import { requireFiles } from './check-files.js';
import { linkOrCopy } from './link.js';
import { fileOf, metaOf } from './meta.js';
import { publishAsIs, published, publishedPath } from './published.js';
import { readTable, type Table } from './table.js';
import { UserError } from './user-error.js';

/* What people look at in the end: the reverse analysis with its pictures, and the figures of the paper. */

export interface ReversalData {
  readonly regions: Table;
  /** Per volume: the mean series of each region. */
  readonly series: Table;
  readonly peaks: Table;
  /** Role (`pictures/…png`) to path, in the order of their names. */
  readonly pictures: ReadonlyMap<string, string>;
}

const reversalTables = {
  'regions.tsv': 'Regions with their voxels and kernels.',
  'series.tsv': 'Mean BOLD series of each region over subjects, z-scored.',
  'peaks.tsv': 'Peaks of the region series, and the moments of the film they point to (times in s).',
} as const;

export async function readReversal(artifact: Artifact): Promise<ReversalData> {
  const read = (role: keyof typeof reversalTables) => readTable(fileOf(artifact, role));
  return {
    regions: await read('regions.tsv'),
    series: await read('series.tsv'),
    peaks: await read('peaks.tsv'),
    pictures: new Map(picturesOf(artifact).map((role) => [role, artifact.files[role]!])),
  };
}

export const reversalType: ArtifactType = {
  name: 'reversal',
  title: 'reverse analysis: region series, peaks, and what the film showed',
  description: [
    ...Object.entries(reversalTables).map(([role, text]) => `- \`${role}\`: ${text}`),
    '- `pictures/….png`: frames, feature maps and overlays at the peaks, where the film was given',
    '- meta: `delay` (s) and the rule for peaks',
  ].join('\n'),
  check: async (produced) => requireFiles(produced, Object.keys(reversalTables)),
  async publish(artifact: Artifact, target: PublishTarget) {
    const facts = metaOf({ Delay: artifact.meta.delay });
    const files: PublishedFile[] = [];
    for (const [role, description] of Object.entries(reversalTables)) {
      const about = { description, units: role === 'series.tsv' ? '1 (z score)' : 's (times)', facts };
      files.push(await publishAsIs(fileOf(artifact, role), target, role, about, artifact.meta));
    }
    const others = Object.keys(artifact.files).filter((role) => role.endsWith('.tsv') && !(role in reversalTables));
    for (const role of others.sort()) {
      files.push(
        await publishAsIs(
          fileOf(artifact, role),
          target,
          role,
          { description: `Table ${role}.`, facts },
          artifact.meta,
        ),
      );
    }
    for (const role of picturesOf(artifact)) {
      const description = 'Frame, feature map or overlay at a peak of a region series.';
      files.push(await publishPicture(artifact, role, target, description));
    }
    return files;
  },
};

export const figuresType: ArtifactType = {
  name: 'figures',
  title: 'figures (PNG and SVG)',
  description:
    '- `<name>.png` and `<name>.svg` for each figure\n- meta: `dpi`; `captions`, by name, where there are any',
  async check(produced) {
    if (picturesOf(produced).length === 0) throw new UserError({ message: 'no figure (.png or .svg) was made' });
  },
  async publish(artifact: Artifact, target: PublishTarget) {
    const captions = (artifact.meta.captions ?? {}) as Record<string, unknown>;
    const files: PublishedFile[] = [];
    for (const role of picturesOf(artifact)) {
      const name = role.replace(/\.[^.]+$/, '');
      const caption = captions[name];
      files.push(
        await publishPicture(artifact, role, target, typeof caption === 'string' ? caption : `Figure ${name}.`),
      );
    }
    return files;
  },
};

function picturesOf({ files }: Pick<Artifact, 'files'>): string[] {
  return Object.keys(files)
    .filter((role) => /\.(png|svg)$/.test(role))
    .sort();
}

/** `pictures/a.png` becomes `<stem>_pictures/a.png`, `fig2.svg` becomes `<stem>_fig2.svg`. */
async function publishPicture(artifact: Artifact, role: string, target: PublishTarget, description: string) {
  const file = publishedPath(target, role);
  await mkdir(path.dirname(file), { recursive: true });
  await linkOrCopy(fileOf(artifact, role), file);
  return published(file, { description }, artifact.meta);
}
