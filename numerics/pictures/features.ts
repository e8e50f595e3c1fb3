import { luminanceOf, meanSaturation } from './colour.js';
import { type GaborBank, type GaborSettings, gaborBank } from './gabor.js';

/** What can be told of a picture. */
export type PictureFeature = 'luminance' | 'contrast' | 'saturation' | 'gabor' | 'motion';

export interface PicturesPayload {
  /** Pictures `[picture, y, x, rgb]`, sRGB. */
  readonly pictures: Uint8Array;
  /** The picture before the first, for `motion`; null where there is none. */
  readonly before: Uint8Array | null;
  readonly width: number;
  readonly height: number;
  readonly features: readonly PictureFeature[];
  readonly frequencies: readonly number[];
  readonly orientations: readonly number[];
}

/**
 * Pool task `pictures.features`: `[picture, column]`, one column per feature, of `gabor` one per frequency and orientation.
 * `motion` is NaN for a picture without one before it. What a picture gives does not depend on the others it is sent with.
 */
export function run(payload: PicturesPayload): { values: Float64Array } {
  const { pictures, width, height, features } = payload;
  const size = width * height * 3;
  const count = pictures.length / size;
  const bank = features.includes('gabor') ? bankFor(payload) : null;
  let last = payload.before && features.includes('motion') ? luminanceOf(payload.before) : null;
  const rows = Array.from({ length: count }, (_, n) => {
    const picture = pictures.subarray(n * size, (n + 1) * size);
    const luminance = luminanceOf(picture);
    const mean = meanOf(luminance);
    const values: Record<PictureFeature, () => Iterable<number>> = {
      luminance: () => [mean],
      contrast: () => [spreadOf(luminance, mean)],
      saturation: () => [meanSaturation(picture)],
      gabor: () => bank!.energies(luminance),
      motion: () => [last ? meanSquaredDifference(luminance, last) : Number.NaN],
    };
    const row = features.flatMap((feature) => [...values[feature]()]);
    last = luminance;
    return row;
  });
  return { values: Float64Array.from(rows.flat()) };
}

/** The bank of the last call: the pictures of a movie all have one size. */
let known: { readonly key: string; readonly bank: GaborBank } | undefined;

function bankFor({ width, height, frequencies, orientations }: GaborSettings): GaborBank {
  const key = JSON.stringify([width, height, frequencies, orientations]);
  if (known?.key !== key) known = { key, bank: gaborBank({ width, height, frequencies, orientations }) };
  return known.bank;
}

function meanOf(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

/** Standard deviation over n. */
function spreadOf(values: Float64Array, mean: number): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i]! - mean) ** 2;
  return Math.sqrt(sum / values.length);
}

function meanSquaredDifference(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return sum / a.length;
}
