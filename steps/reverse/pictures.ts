import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Artifact } from '../../artifacts/artifact.js';
import { type FramesData, frameName, readFrames } from '../../artifacts/frames.js';
import { nameForFile } from '../../artifacts/published.js';
import type { ReversalPicture } from '../../artifacts/reversal-data.js';
import type { SelectedKernel } from '../../artifacts/selection.js';
import type { SeriesData } from '../../artifacts/series.js';
import type { StepContext } from '../../engine/step-type.js';
import type { DrawnFeature, FeaturePicture } from '../../numerics/feature-picture.js';
import type { FeatureMap } from '../extract/feature-maps.js';
import { lut } from '../figures/colormaps.js';
import type { ReverseParams } from './index.js';
import type { RegionPeak } from './peak-times.js';
import { unlikeSeries } from './unlike-series.js';

export interface RegionPeaks {
  readonly name: string;
  readonly kernels: readonly SelectedKernel[];
  readonly peaks: readonly RegionPeak[];
}

/** Kernels of the network: only of these there are feature maps. */
export const isNetworkKernel = ({ name }: { readonly name: string }) => /^conv\d_\d\/k\d+$/.test(name);

/** Weight of the feature map's colours in the overlay. */
const opacity = 0.6;

/** Values of feature maps that are in memory at a time: 256 MB. */
const mapValues = 64 << 20;

/**
 * Draws the frames at the peaks and, where there are weights, the feature maps of the kernels there. The network runs
 * once for each frame, for as many frames in one go as their maps fit into memory. Files have the numbers of the
 * frames. Where there are `series`, a note says of maps that they were not made of.
 */
export async function drawPictures(
  regions: readonly RegionPeaks[],
  framesArtifact: Artifact,
  weights: Artifact | undefined,
  series: SeriesData | null,
  context: StepContext<ReverseParams>,
): Promise<ReversalPicture[]> {
  let unlike: string | null = null;
  const frames = await readFrames(framesArtifact);
  await mkdir(path.join(context.workDir, 'pictures'), { recursive: true });
  const wanted = picturesWanted(regions, weights !== undefined);
  const drawn = new Map<number, DrawnFrame>();
  for (const numbers of batches(wanted, frames)) {
    const requests = numbers.flatMap((frame) => kernelsOf(wanted.get(frame)!).map((kernel) => ({ frame, kernel })));
    const maps = weights ? await mapsFor(requests, framesArtifact, weights, context) : [];
    if (series) unlike ??= unlikeSeries(maps, series, frames.rows.length);
    for (const number of numbers) {
      context.signal.throwIfAborted();
      const own = maps.filter(({ frame }) => frame === number);
      drawn.set(number, await drawFrame(number, own, frames, weights?.meta.untrained === true, context));
      context.progress(drawn.size, wanted.size, 'frames');
    }
  }
  if (unlike) context.note(unlike);
  return regions.flatMap(({ name }) =>
    [...wanted].flatMap(([frame, places]) =>
      places.filter(({ region }) => region === name).flatMap((place) => rowsOf(place, frame, drawn.get(frame)!)),
    ),
  );
}

/** The lines of pictures.tsv for one peak: the frame, then map and overlay of each kernel. */
function rowsOf({ region, peak, kernels }: Place, frame: number, drawn: DrawnFrame): ReversalPicture[] {
  const first: ReversalPicture = { region, peak, frame, kernel: null, kind: 'frame', file: drawn.frame, maximum: null };
  const others = kernels.flatMap((kernel): ReversalPicture[] => {
    const { map, overlay, maximum } = drawn.kernels.get(kernel)!;
    return [
      { region, peak, frame, kernel, kind: 'map', file: map, maximum },
      { region, peak, frame, kernel, kind: 'overlay', file: overlay, maximum },
    ];
  });
  return [first, ...others];
}

/** Frames whose feature maps are in memory together. Maps of block n of VGG-16 have 1/4^(n-1) of the frame's pixels. */
function batches(wanted: ReadonlyMap<number, readonly Place[]>, { width, height }: FramesData): number[][] {
  const out: number[][] = [];
  let left = 0;
  for (const [frame, places] of wanted) {
    const values = kernelsOf(places).reduce((sum, kernel) => sum + (width * height) / 4 ** (Number(kernel[4]) - 1), 0);
    if (values > left) {
      out.push([]);
      left = mapValues;
    }
    if (out.length === 0) out.push([]);
    out.at(-1)!.push(frame);
    left -= values;
  }
  return out;
}

function kernelsOf(places: readonly Place[]): string[] {
  return [...new Set(places.flatMap(({ kernels }) => kernels))];
}

async function mapsFor(
  requests: { frame: number; kernel: string }[],
  frames: Artifact,
  weights: Artifact,
  { params, pool, signal, threads }: StepContext<ReverseParams>,
): Promise<FeatureMap[]> {
  const { activation, preprocessing } = params;
  const { featureMaps } = await import('../extract/feature-maps.js');
  return featureMaps({ weights, frames, requests, activation, preprocessing, pool, signal, threads });
}

interface Place {
  readonly region: string;
  readonly peak: number;
  readonly kernels: readonly string[];
}

/** By frame, in order: the peaks that lead to it and the kernels to show there. */
function picturesWanted(regions: readonly RegionPeaks[], withMaps: boolean): Map<number, Place[]> {
  const wanted = new Map<number, Place[]>();
  for (const { name, kernels, peaks } of regions) {
    const shown = withMaps ? kernels.filter(isNetworkKernel).map((kernel) => kernel.name) : [];
    for (const [n, { frame }] of peaks.entries()) {
      if (frame === null) continue;
      const places = wanted.get(frame) ?? [];
      wanted.set(frame, [...places, { region: name, peak: n + 1, kernels: shown }]);
    }
  }
  return new Map([...wanted].sort(([a], [b]) => a - b));
}

interface DrawnFrame {
  readonly frame: string;
  readonly kernels: ReadonlyMap<string, { map: string; overlay: string; maximum: number }>;
}

async function drawFrame(
  number: number,
  maps: readonly FeatureMap[],
  frames: FramesData,
  untrained: boolean,
  { params, pool, signal, workDir }: StepContext<ReverseParams>,
): Promise<DrawnFrame> {
  const { width, height } = frames;
  const pixels = await frames.readFrame(number);
  const stem = frameName(number);
  const save = async (name: string, png: Uint8Array) => {
    await writeFile(path.join(workDir, 'pictures', name), png);
    return `pictures/${name}`;
  };
  const about = `frame ${number} (counted from 0), ${frames.rows[number]!.onset} s`;
  const picture = { pixels, width, height, text: { Description: `Average picture, ${about}` } };
  const { png } = await pool.run<{ png: Uint8Array }>('png.rgb', picture, { signal });
  const frame = await save(`${stem}.png`, png);
  const warning = untrained ? ' UNTRAINED: synthetic weights.' : '';
  const kernels = maps.map(async ({ kernel, width: mapWidth, height: mapHeight, data }) => {
    const task: FeaturePicture = {
      map: data,
      mapWidth,
      mapHeight,
      frame: pixels,
      width,
      height,
      colors: lut('viridis'),
      overlayShare: params.overlay_share,
      opacity,
      text: { Description: `Feature map of ${kernel}, ${about}.${warning}` },
    };
    const drawn = await pool.run<DrawnFeature>('feature.picture', task, { signal });
    const name = `${nameForFile(kernel)}_${stem}`;
    const map = await save(`${name}_map.png`, drawn.map);
    const overlay = await save(`${name}_overlay.png`, drawn.overlay);
    return [kernel, { map, overlay, maximum: drawn.maximum }] as const;
  });
  return { frame, kernels: new Map(await Promise.all(kernels)) };
}
