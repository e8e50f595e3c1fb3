import { encode } from 'fast-png';

/** Pool task `png.rgb`: 8-bit RGB pixels `[y, x, rgb]` as the bytes of a PNG. */
export function run(picture: { pixels: Uint8Array; width: number; height: number; text: Record<string, string> }): {
  png: Uint8Array;
} {
  const { pixels, width, height, text } = picture;
  return { png: encode({ width, height, data: pixels, depth: 8, channels: 3, text }) };
}
