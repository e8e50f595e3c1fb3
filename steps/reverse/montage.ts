import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { nameForFile } from '../../artifacts/published.js';
import type { ReversalPicture } from '../../artifacts/reversal-data.js';
import type { StepContext } from '../../engine/step-type.js';
import type { Thumbnail } from '../../numerics/png-thumbnail.js';
import { colorbar } from '../figures/colorbar.js';
import { figurePage } from '../figures/page.js';
import { type GridPicture, pictureGrid } from '../figures/picture-grid.js';
import { svgToPng } from '../figures/raster.js';
import { namesWidth } from '../figures/series-panels.js';
import { type Drawing, place } from '../figures/svg.js';
import { valueText } from '../figures/ticks.js';
import type { RegionPeaks } from './pictures.js';

/** Width of a picture on the sheet, pt, and across its thumbnail, pixels. */
const CELL = 100;
const PIXELS = 320;
const DPI = 200;
const GAP = 4;
const SCALE = 56;

interface Montage {
  readonly region: RegionPeaks;
  readonly untrained: boolean;
  readonly overlayShare: number;
  /** Colour bar beside the maps: only where there are any. */
  readonly kernels: readonly string[];
}

/**
 * One sheet per region: a column for each peak, headed by its number and stimulus time; the frame, and below it map and
 * overlay of each kernel with the map's largest value. Returns the roles of the PNG files; the pictures are read from
 * the work folder.
 */
export async function drawMontages(
  regions: readonly RegionPeaks[],
  pictures: readonly ReversalPicture[],
  untrained: boolean,
  context: Pick<StepContext<{ readonly overlay_share: number }>, 'workDir' | 'pool' | 'signal' | 'params'>,
): Promise<string[]> {
  const { workDir, pool, signal, params } = context;
  const thumbnails = new Map<string, Promise<Thumbnail>>();
  const thumbnail = (file: string): Promise<Thumbnail> => {
    const made = thumbnails.get(file) ?? shrink(file);
    thumbnails.set(file, made);
    return made;
  };
  const shrink = async (file: string) => {
    const png = Uint8Array.from(await readFile(path.join(workDir, file)));
    return pool.run<Thumbnail>('png.thumbnail', { png, width: PIXELS }, { signal });
  };
  const roles: string[] = [];
  await mkdir(path.join(workDir, 'montage'), { recursive: true });
  for (const region of regions) {
    const own = pictures.filter((picture) => picture.region === region.name);
    if (own.length === 0) continue;
    signal.throwIfAborted();
    const kernels = [...new Set(own.flatMap(({ kernel }) => (kernel === null ? [] : [kernel])))];
    const montage = { region, kernels, untrained, overlayShare: params.overlay_share };
    const svg = await sheet(montage, own, thumbnail);
    const role = freeRole(nameForFile(region.name), roles);
    await writeFile(path.join(workDir, role), await svgToPng(svg, DPI));
    roles.push(role);
  }
  return roles;
}

/** Two regions may differ only in signs that file names cannot hold. */
function freeRole(region: string, taken: readonly string[]): string {
  let role = `montage/region-${region}.png`;
  for (let n = 2; taken.includes(role); n++) role = `montage/region-${region}-${n}.png`;
  return role;
}

async function sheet(
  { region, kernels, untrained, overlayShare }: Montage,
  own: readonly ReversalPicture[],
  thumbnail: (file: string) => Promise<Thumbnail>,
): Promise<string> {
  const shown = region.peaks
    .map((peak, n) => ({ ...peak, number: n + 1 }))
    .filter(({ number }) => own.some(({ peak }) => peak === number));
  const row = async (name: string, kind: ReversalPicture['kind'], kernel: string | null) => ({
    name,
    pictures: await Promise.all(
      shown.map(async ({ number }): Promise<GridPicture | undefined> => {
        const of = own.find((one) => one.peak === number && one.kind === kind && one.kernel === kernel);
        if (!of) return undefined;
        const text = kind === 'map' && of.maximum !== null ? { text: `max ${valueText(of.maximum)}` } : {};
        return { ...(await thumbnail(of.file)), ...text };
      }),
    ),
  });
  const rows = [await row('picture', 'frame', null)];
  for (const kernel of kernels) rows.push(await row(kernel, 'map', kernel), await row('overlay', 'overlay', kernel));
  const left = namesWidth(rows.map(({ name }) => name));
  const columns = shown.map(({ number, stimulusTime }) => `peak ${number}: ${valueText(stimulusTime)} s`);
  const grid = pictureGrid({ columns, rows, width: left + shown.length * (CELL + GAP) - GAP, left });
  const share = `${valueText(100 * overlayShare)} %`;
  return figurePage({
    title: `${region.name}: what was shown, and what its kernels answered`,
    drawing: kernels.length > 0 ? withScale(grid) : grid,
    notes: [
      'Columns: peaks of the region’s BOLD series, with the time of the movie that each goes back to.',
      ...(kernels.length > 0
        ? [
            `Feature maps from 0 to each map’s own maximum, which stands below it. Overlays: the highest ${share} of each map, where it is above 0, on the picture.`,
          ]
        : []),
    ],
    untrained,
  });
}

function withScale(grid: Drawing): Drawing {
  const bar = colorbar({ colormap: 'viridis', low: 0, high: 1, threshold: 0 }, 90, 'Activation / maximum of the map');
  const x = grid.width + 10;
  return {
    width: x + Math.max(SCALE, bar.width),
    height: Math.max(grid.height, bar.height + 12),
    body: place(0, 0, grid) + place(x, 12, bar),
  };
}
