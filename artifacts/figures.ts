import type { Artifact, ArtifactType, PublishedFile, PublishTarget } from './artifact.js';
import { fileOf } from './meta.js';
import { publishAsIs } from './published.js';
import { UserError } from './user-error.js';

export const figuresType: ArtifactType = {
  name: 'figures',
  title: 'figures (PNG and SVG)',
  description:
    '- `<name>.png` and `<name>.svg` for each figure\n- meta: `dpi` (dots per inch of the PNG), `captions` by name',
  async check(produced) {
    if (figuresOf(produced).length === 0) throw new UserError({ message: 'no figure (.png or .svg) was made' });
  },
  async publish(artifact: Artifact, target: PublishTarget) {
    const captions = (artifact.meta.captions ?? {}) as Record<string, unknown>;
    const files: PublishedFile[] = [];
    for (const role of figuresOf(artifact)) {
      const name = role.replace(/\.[^.]+$/, '');
      const caption = captions[name];
      const description = typeof caption === 'string' ? caption : `Figure ${name}.`;
      files.push(await publishAsIs(fileOf(artifact, role), target, role, { description }, artifact.meta));
    }
    return files;
  },
};

function figuresOf({ files }: Pick<Artifact, 'files'>): string[] {
  return Object.keys(files)
    .filter((role) => /\.(png|svg)$/.test(role))
    .sort();
}
