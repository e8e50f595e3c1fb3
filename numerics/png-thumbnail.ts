import { decode, encode } from 'fast-png';

export interface Thumbnail {
  /** PNG, 8 bit RGB. */
  readonly png: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/**
 * Pool task `png.thumbnail`: a PNG of 8 bit (grey, RGB, palette; transparency is dropped) shrunk to at most `width` pixels
 * across, each pixel the mean of the area it stands for. Smaller pictures keep their size.
 */
export function run({ png, width: most }: { png: Uint8Array; width: number }): Thumbnail {
  const source = decode(png);
  if (source.depth !== 8) throw new Error(`a picture of ${source.depth} bits per value`);
  const width = Math.min(most, source.width);
  const height = Math.max(1, Math.round((width * source.height) / source.width));
  const sum = new Float64Array(width * height * 3);
  const count = new Float64Array(width * height);
  const step = source.channels > 2 ? 1 : 0;
  const { palette } = source;
  for (let y = 0; y < source.height; y++) {
    const row = Math.floor((y * height) / source.height);
    for (let x = 0; x < source.width; x++) {
      const from = (y * source.width + x) * source.channels;
      const to = row * width + Math.floor((x * width) / source.width);
      const color = palette?.[source.data[from]!];
      for (let c = 0; c < 3; c++) sum[3 * to + c]! += color ? color[c]! : source.data[from + c * step]!;
      count[to]! += 1;
    }
  }
  const data = Uint8Array.from(sum, (value, i) => Math.round(value / count[Math.floor(i / 3)]!));
  return { png: encode({ width, height, data, channels: 3, depth: 8 }), width, height };
}
