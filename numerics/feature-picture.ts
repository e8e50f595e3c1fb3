import { encode } from 'fast-png';
import { resizeBilinear } from './bilinear.js';

export interface FeaturePicture {
  /** Feature map `[y, x]` of a kernel. */
  readonly map: Float32Array;
  readonly mapWidth: number;
  readonly mapHeight: number;
  /** The frame, `[y, x, rgb]`. */
  readonly frame: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Colour table `[256, rgb]`; row 0 is 0, row 255 the largest value of the map. */
  readonly colors: Uint8Array;
  /** Share of the map's positions that the overlay shows: the highest, as far as they are above 0. */
  readonly overlayShare: number;
  /** Weight of the map's colours in the overlay, 0 to 1. */
  readonly opacity: number;
  /** Text chunks of the PNG, by keyword (Latin-1). */
  readonly text: Record<string, string>;
}

export interface DrawnFeature {
  /** PNG with a palette: the colour of every pixel is a row of the colour table. */
  readonly map: Uint8Array;
  /** PNG, RGB. */
  readonly overlay: Uint8Array;
  /** Largest value of the map; 0 when none is positive. */
  readonly maximum: number;
}

/**
 * Pool task `feature.picture`: a feature map at the size of the frame, as PNG with a palette, and its overlay on the
 * frame, as RGB. Negative values (a map before rectification) have the lowest colour. A map without a positive value
 * is drawn in the lowest colour throughout, and its overlay is the frame.
 */
export function run(picture: FeaturePicture): DrawnFeature {
  const { width, height, colors, overlayShare, opacity, text } = picture;
  const from = { width: picture.mapWidth, height: picture.mapHeight };
  const values = resizeBilinear(picture.map, from, { width, height });
  const maximum = picture.map.reduce((most, value) => Math.max(most, value), 0);
  const lowest = quantile(picture.map, 1 - overlayShare);
  const palette = Array.from({ length: 256 }, (_, row) => [...colors.subarray(3 * row, 3 * row + 3)]);

  const indices = new Uint8Array(width * height);
  const overlay = picture.frame.slice();
  for (let at = 0; at < indices.length; at++) {
    const share = maximum > 0 ? Math.max(0, values[at]! / maximum) : 0;
    const row = Math.round(255 * share);
    indices[at] = row;
    if (share === 0 || values[at]! < lowest) continue;
    for (let c = 0; c < 3; c++) {
      const mixed = (1 - opacity) * overlay[3 * at + c]! + opacity * colors[3 * row + c]!;
      overlay[3 * at + c] = Math.round(mixed);
    }
  }
  return {
    map: encode({ width, height, data: indices, depth: 8, channels: 1, palette, text }),
    overlay: encode({ width, height, data: overlay, depth: 8, channels: 3, text }),
    maximum,
  };
}

/** The smallest value that is not below the given share of all values; above every value for share 1. */
function quantile(values: Float32Array, share: number): number {
  const rank = Math.ceil(share * values.length - 1e-9);
  return values.toSorted()[rank] ?? Number.POSITIVE_INFINITY;
}
