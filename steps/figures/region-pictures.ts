import { readFile } from 'node:fs/promises';
import type { Artifact } from '../../artifacts/artifact.js';
import { fileOf } from '../../artifacts/meta.js';
import type { ReversalPicture, ReversalRegion } from '../../artifacts/reversal-data.js';
import type { Thumbnail } from '../../numerics/png-thumbnail.js';
import type { Pool } from '../../numerics/pool.js';
import type { Sheet } from './figure.js';
import { type GridPicture, pictureGrid } from './picture-grid.js';
import type { Drawing } from './svg.js';
import { valueText } from './ticks.js';

/** Pixels across a picture: about what a column of six shows at 300 dpi. */
const PIXELS = 256;

export const pictureNote =
  'Pictures: what was on the screen at the peaks minus the delay; below them the feature maps of the kernels laid over it, coloured (viridis) up to each map’s own maximum, which is given.';

export interface PictureChoices {
  /** Most peaks shown: the highest. */
  readonly most: number;
  readonly sheet: Sheet;
  /** Space for names, pt. */
  readonly left: number;
  readonly pool: Pool;
  readonly signal: AbortSignal;
}

/** The frames at the peaks of a region, and the overlays of its kernels below them; nothing where there are no pictures. */
export async function regionPictures(
  reversal: Artifact,
  pictures: readonly ReversalPicture[],
  region: ReversalRegion,
  kernels: readonly string[],
  { most, sheet, left, pool, signal }: PictureChoices,
): Promise<Drawing | undefined> {
  const own = pictures.filter((picture) => picture.region === region.name);
  const find = (peak: number, kind: ReversalPicture['kind'], kernel: string | null) =>
    own.find((picture) => picture.peak === peak && picture.kind === kind && picture.kernel === kernel);
  const there = region.peaks.filter(({ number }) => find(number, 'frame', null));
  const highest = [...there].sort((a, b) => b.height - a.height).slice(0, most);
  const shown = there.filter((peak) => highest.includes(peak));
  if (shown.length === 0) return undefined;
  const draw = async (picture: ReversalPicture | undefined): Promise<GridPicture | undefined> => {
    if (!picture) return undefined;
    const text = picture.maximum === null ? {} : { text: `max ${valueText(picture.maximum)}` };
    const png = Uint8Array.from(await readFile(fileOf(reversal, picture.file)));
    return { ...(await pool.run<Thumbnail>('png.thumbnail', { png, width: PIXELS }, { signal })), ...text };
  };
  const row = async (name: string, kind: ReversalPicture['kind'], kernel: string | null) => ({
    name,
    pictures: await Promise.all(shown.map(({ number }) => draw(find(number, kind, kernel)))),
  });
  const withMaps = kernels.filter((kernel) => shown.some(({ number }) => find(number, 'overlay', kernel)));
  const rows = await Promise.all([
    row('picture', 'frame', null),
    ...withMaps.map((kernel) => row(kernel, 'overlay', kernel)),
  ]);
  const columns = shown.map((peak) => `${peak.number}: ${valueText(peak.stimulusTime)} s`);
  return pictureGrid({ columns, rows, width: sheet.width, left });
}
