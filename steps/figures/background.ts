import type { Artifact } from '../../artifacts/artifact.js';
import { sameGrid } from '../../artifacts/grid.js';
import { readImage } from '../../artifacts/image.js';
import { type Mask, readMask, toVolume } from '../../artifacts/mask.js';
import { fileOf, niftiFile } from '../../artifacts/meta.js';
import { readNpy } from '../../artifacts/npy.js';
import { greyRange, type Volume } from './slices.js';

export interface Background {
  readonly volume: Volume;
  /** Values drawn black and white. */
  readonly range: readonly [number, number];
  /** For the notes of a figure. */
  readonly name: string;
}

/** The image that was wired; else the mean BOLD of the fits that lie on the maps' grid; else the mask in even grey. */
export async function chooseBackground(
  mask: Mask,
  image: Artifact | undefined,
  fits: readonly Artifact[],
): Promise<Background> {
  if (image) return fromImage(image);
  return (await fromFits(mask, fits)) ?? plain(mask);
}

async function fromImage(image: Artifact): Promise<Background> {
  const { header, data } = await readImage(niftiFile(image, 'image'));
  const voxels = data.length / header.volumes;
  const mean = new Float64Array(voxels);
  for (let i = 0; i < data.length; i++) mean[i % voxels]! += data[i]! / header.volumes;
  return { volume: { grid: header.grid, data: mean }, range: greyRange(mean), name: image.origin };
}

async function fromFits(mask: Mask, fits: readonly Artifact[]): Promise<Background | undefined> {
  const sum = toVolume(mask, [], 0).fill(0);
  const count = new Int32Array(sum.length);
  let used = 0;
  for (const fit of fits) {
    const own = await readMask(fileOf(fit, 'mask.nii.gz'));
    if (!sameGrid(own.grid, mask.grid)) continue;
    const { data } = await readNpy(fileOf(fit, 'mean.npy'));
    const middle = Math.abs(median(data)) || 1;
    own.voxels.forEach((offset, v) => {
      sum[offset]! += data[v]! / middle;
      count[offset]! += 1;
    });
    used += 1;
  }
  if (used === 0) return undefined;
  const data = sum.map((value, offset) => (count[offset] ? value / count[offset]! : Number.NaN));
  const name = used === 1 ? 'the mean BOLD image' : `the mean BOLD image of ${used} fits`;
  return { volume: { grid: mask.grid, data }, range: greyRange(data), name };
}

function plain(mask: Mask): Background {
  const ones = new Float64Array(mask.voxels.length).fill(1);
  return { volume: { grid: mask.grid, data: toVolume(mask, ones, Number.NaN) }, range: [0, 2], name: 'the mask' };
}

function median(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).filter(Number.isFinite).sort();
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
