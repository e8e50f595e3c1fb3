import { readFile } from 'node:fs/promises';
import type { Artifact } from '../../artifacts/artifact.js';
import { readTable, textColumn } from '../../artifacts/table.js';
import type { Thumbnail } from '../../numerics/png-thumbnail.js';
import type { Pool } from '../../numerics/pool.js';
import type { Sheet } from './figure.js';
import { type GridPicture, pictureGrid } from './picture-grid.js';
import type { Region } from './regions.js';
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
  region: Region,
  kernels: readonly string[],
  { most, sheet, left, pool, signal }: PictureChoices,
): Promise<Drawing | undefined> {
  if (!reversal.files['pictures.tsv'] || most === 0) return undefined;
  const table = await readTable(reversal.files['pictures.tsv']);
  const column = (name: string) => textColumn(table, name, 'pictures.tsv');
  const [owner, peak, kernel, kind, file, maximum] = ['region', 'peak', 'kernel', 'kind', 'file', 'maximum'].map(
    column,
  ) as string[][];
  const rowOf = (number: number, wanted: string, of: string) =>
    owner!.findIndex(
      (name, r) => name === region.name && Number(peak![r]) === number && kind![r] === wanted && kernel![r] === of,
    );
  const there = region.peaks.filter((p) => rowOf(p.number, 'frame', 'n/a') >= 0);
  const highest = [...there].sort((a, b) => b.height - a.height).slice(0, most);
  const shown = there.filter((p) => highest.includes(p));
  if (shown.length === 0) return undefined;
  const picture = async (row: number): Promise<GridPicture | undefined> => {
    const source = row < 0 ? undefined : reversal.files[file![row]!];
    if (!source) return undefined;
    const text = maximum![row] === 'n/a' ? {} : { text: `max ${valueText(Number(maximum![row]))}` };
    const png = Uint8Array.from(await readFile(source));
    return { ...(await pool.run<Thumbnail>('png.thumbnail', { png, width: PIXELS }, { signal })), ...text };
  };
  const withMaps = kernels.filter((name) => shown.some((p) => rowOf(p.number, 'overlay', name) >= 0));
  const rows = [
    { name: 'picture', pictures: await Promise.all(shown.map((p) => picture(rowOf(p.number, 'frame', 'n/a')))) },
    ...(await Promise.all(
      withMaps.map(async (name) => ({
        name,
        pictures: await Promise.all(shown.map((p) => picture(rowOf(p.number, 'overlay', name)))),
      })),
    )),
  ];
  const columns = shown.map((p) => `${p.number}: ${valueText(p.stimulusTime)} s`);
  return pictureGrid({ columns, rows, width: sheet.width, left });
}
