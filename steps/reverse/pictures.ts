import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Artifact } from '../../artifacts/artifact.js';
import { type FramesData, readFrames } from '../../artifacts/frames.js';
import { nameForFile } from '../../artifacts/published.js';
import type { SelectedKernel } from '../../artifacts/selection.js';
import type { StepContext } from '../../engine/step-type.js';
import { lut } from '../figures/colormaps.js';
import type { ReverseParams } from './index.js';
import type { RegionPeak } from './peak-times.js';

/** One line of pictures.tsv. */
export interface Picture {
  readonly region: string;
  /** Number of the peak in its region, from 1. */
  readonly peak: number;
  readonly frame: number;
  /** null for the frame itself. */
  readonly kernel: string | null;
  readonly kind: 'frame' | 'map' | 'overlay';
  /** Role of the file, `pictures/frame-0013.png`. */
  readonly file: string;
  /** Largest activation of the map; null for frames. */
  readonly maximum: number | null;
}

export interface RegionPeaks {
  readonly name: string;
  readonly kernels: readonly SelectedKernel[];
  readonly peaks: readonly RegionPeak[];
}

/** Kernels of the network: only of these there are feature maps. */
export const isNetworkKernel = ({ name }: { readonly name: string }) => /^conv\d_\d\/k\d+$/.test(name);

/** Weight of the feature map's colours in the overlay. */
const opacity = 0.6;

/**
 * Draws the frames at the peaks and, where there are weights, the feature maps of the kernels there. The network runs
 * once for each frame, and the maps of one frame are in memory at a time. Files are numbered from 1, as the published
 * frames are.
 */
export async function drawPictures(
  regions: readonly RegionPeaks[],
  framesArtifact: Artifact,
  weights: Artifact | undefined,
  context: StepContext<ReverseParams>,
): Promise<Picture[]> {
  const frames = await readFrames(framesArtifact);
  await mkdir(path.join(context.workDir, 'pictures'), { recursive: true });
  const wanted = picturesWanted(regions, weights !== undefined);
  const pictures: Picture[] = [];
  const numbers = [...wanted.keys()].sort((a, b) => a - b);
  for (const [n, number] of numbers.entries()) {
    context.signal.throwIfAborted();
    const places = wanted.get(number)!;
    const kernels = [...new Set(places.flatMap(({ kernels }) => kernels))];
    const drawn = await drawFrame(number, kernels, frames, framesArtifact, weights, context);
    for (const { region, peak, kernels } of places) {
      pictures.push({ region, peak, frame: number, kernel: null, kind: 'frame', file: drawn.frame, maximum: null });
      for (const kernel of kernels) {
        const { map, overlay, maximum } = drawn.kernels.get(kernel)!;
        pictures.push({ region, peak, frame: number, kernel, kind: 'map', file: map, maximum });
        pictures.push({ region, peak, frame: number, kernel, kind: 'overlay', file: overlay, maximum });
      }
    }
    context.progress(n + 1, numbers.length, 'frames');
  }
  const order = new Map(regions.map(({ name }, n) => [name, n]));
  // Stable: inside a peak the frame stays first, then the kernels in their order.
  return pictures.sort((a, b) => order.get(a.region)! - order.get(b.region)! || a.peak - b.peak);
}

interface Place {
  readonly region: string;
  readonly peak: number;
  readonly kernels: readonly string[];
}

/** By frame: the peaks that lead to it and the kernels to show there. */
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
  return wanted;
}

interface DrawnFrame {
  readonly frame: string;
  readonly kernels: ReadonlyMap<string, { map: string; overlay: string; maximum: number }>;
}

async function drawFrame(
  number: number,
  kernels: readonly string[],
  frames: FramesData,
  framesArtifact: Artifact,
  weights: Artifact | undefined,
  { params, pool, signal, threads, workDir }: StepContext<ReverseParams>,
): Promise<DrawnFrame> {
  const { width, height } = frames;
  const pixels = await frames.readFrame(number);
  const stem = `frame-${String(number + 1).padStart(4, '0')}`;
  const save = async (name: string, png: Uint8Array) => {
    await writeFile(path.join(workDir, 'pictures', name), png);
    return `pictures/${name}`;
  };
  const about = `frame ${number} (from 0), ${frames.rows[number]!.onset} s`;
  const text = { Description: `Average picture, ${about}` };
  const { png } = await pool.run<{ png: Uint8Array }>('png.rgb', { pixels, width, height, text }, { signal });
  const frame = await save(`${stem}.png`, png);
  if (!weights || kernels.length === 0) return { frame, kernels: new Map() };

  const { featureMaps } = await import('../extract/feature-maps.js');
  const maps = await featureMaps({
    weights,
    frames: framesArtifact,
    requests: kernels.map((kernel) => ({ frame: number, kernel })),
    activation: params.activation,
    preprocessing: params.preprocessing,
    signal,
    threads,
  });
  const untrained = weights.meta.untrained === true ? ' UNTRAINED (synthetic weights).' : '';
  const drawn = await Promise.all(
    maps.map(async ({ kernel, width: mapWidth, height: mapHeight, data }) => {
      const task = {
        map: data,
        mapWidth,
        mapHeight,
        frame: pixels,
        width,
        height,
        colors: lut('viridis'),
        threshold: params.overlay_threshold,
        opacity,
        text: { Description: `Feature map of ${kernel}, ${about}.${untrained}` },
      };
      type Drawn = { map: Uint8Array; overlay: Uint8Array; maximum: number };
      const { map, overlay, maximum } = await pool.run<Drawn>('feature.picture', task, { signal });
      const name = `${nameForFile(kernel)}_${stem}`;
      const files = { map: await save(`${name}_map.png`, map), overlay: await save(`${name}_overlay.png`, overlay) };
      return [kernel, { ...files, maximum }] as const;
    }),
  );
  return { frame, kernels: new Map(drawn) };
}
